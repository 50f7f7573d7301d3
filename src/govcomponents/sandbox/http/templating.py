"""Renders HTML pages on the server: no script, no outside asset."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Environment
    from markupsafe import Markup

_BASE = "govcomponents.sandbox.http"
_UUID_LENGTH = 36
_TONES = {
    "good": {"success", "succeeded", "complete", "won", "active", "delivered", "sent", "received"},
    "bad": {"error", "lost", "revoked", "expired", "declined"},
    "wait": {
        *("created", "started", "submitted", "capturable", "open", "pending", "processing", "queued", "sending"),
        *("requires payment method", "requires capture", "needs response", "under review"),
    },
}
"""The colour of a status of any provider; what is over and neither good nor bad, such as "cancelled", has none."""


class Templates:
    """The page templates of a package, in its folder `templates`.

    `packages` are looked through in order; base.html, which every page extends, is there for all.
    """

    def __init__(self, *packages: str) -> None:
        self._packages = (*packages, _BASE)

    @cached_property
    def _environment(self) -> Environment:
        from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

        environment = Environment(
            loader=ChoiceLoader([PackageLoader(package) for package in self._packages]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters["moment"] = moment
        environment.filters["tone"] = _tone
        environment.filters["breakable"] = _breakable
        environment.filters["shortened"] = _shortened
        return environment

    def render(self, name: str, *, lang: str = "en", **values: object) -> str:
        """Render a template in English ("en") or Welsh ("cy"). Every value is escaped."""
        return self._environment.get_template(name).render(lang=lang, **values)


def _shortened(path: str) -> str:
    """Write a path for a table: of a part that is longer than a UUID only the beginning."""
    return "/".join(part if len(part) <= _UUID_LENGTH else f"{part[:12]}…" for part in path.split("/"))


def _breakable(path: str) -> Markup:
    """Let a path go on in the next line after each of its slashes, so that no word of it is broken."""
    from markupsafe import Markup, escape

    return escape(path).replace("/", Markup("/<wbr>"))


def _tone(status: str) -> str:
    """Return the name of the colour in which a status is shown, or nothing."""
    if "fail" in status:
        return "bad"
    return next((tone for tone, statuses in _TONES.items() if status in statuses), "")


def moment(at: datetime) -> str:
    """Write a time for people; a day below 10 has no leading nought, which not every strftime can leave out."""
    return f"{at.day} {at:%b %Y, %H:%M:%S}"
