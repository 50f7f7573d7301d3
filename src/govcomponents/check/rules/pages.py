"""The page of a rule: made for the docs, printed by `govcomponents check --explain`, and where reports point to."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from govcomponents.check.rules import Rule

_LANGUAGES: Final = {".py": "py", ".toml": "toml", ".json": "json", ".yml": "yaml"}


def page_of(rule: Rule) -> str:
    """Return the page of a rule, in Markdown."""
    lines = [f"# {rule.id}: {rule.name}", "", f"**{rule.title}.** {rule.why}", "", f"To mend it: {rule.fix}"]
    for title, files in (("This is found", rule.wrong), ("This is not", rule.right)):
        if files:
            lines += ["", f"## {title}"]
        for name, text in files.items():
            language = _LANGUAGES.get(PurePath(name).suffix, "text")
            lines += ["", f"`{name}`", "", f"```{language}", text.strip("\n"), "```"]
    return "\n".join(lines) + "\n"


def explained_by(rule_id: str) -> str:
    """Return the command that prints the page of a rule, wherever the package is installed."""
    return f"govcomponents check --explain {rule_id}"


def url_of(rule: Rule) -> str | None:
    """Return the page's address, if whoever built the package said in its metadata where the documentation is."""
    home = _documentation()
    return f"{home}/{rule.page.removesuffix('.md')}/" if home else None


@cache
def _documentation() -> str:
    """The address in `Project-URL: Documentation`. Without it none is made up: a wrong link is worse than none."""
    try:
        named = metadata("govcomponents").get_all("Project-URL") or ()
    except PackageNotFoundError:
        return ""
    found = (url.strip() for label, _, url in (one.partition(",") for one in named) if label.lower() == "documentation")
    return next(found, "").rstrip("/")
