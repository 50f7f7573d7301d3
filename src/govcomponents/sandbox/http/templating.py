"""Renders the sandbox's pages: server-made HTML, no script, no outside asset."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Environment


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("govcomponents.sandbox", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = _moment
    return environment


def _moment(at: datetime) -> str:
    """Write a time for people; a day below 10 has no leading nought, which not every strftime can leave out."""
    return f"{at.day} {at:%b %Y, %H:%M:%S}"


def render(name: str, *, lang: str = "en", **values: object) -> str:
    """Render a template of the folder `templates`, in English ("en") or Welsh ("cy"). Every value is escaped."""
    return _environment().get_template(name).render(lang=lang, **values)
