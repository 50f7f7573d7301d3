"""Email templates kept as files: `{name}.md`, with a few headings, a blank line and the body.

    subject: Your licence ((reference)) is renewed
    language: en

    Dear ((name)),

Subject and body are written as GOV.UK Notify's templates are; `language` is en if it is left out, and tells screen
readers how to read. A file is read once, when it is first used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govcomponents.errors import ConfigurationError, InvalidInput, NotFound

if TYPE_CHECKING:
    from pathlib import Path

_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
_HEADING: Final = re.compile(r"(?P<name>[a-z]+):[ \t]*(?P<value>\S.*)", re.IGNORECASE)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """One template: the source of its subject and of its body, and the language that they are written in."""

    name: str
    subject: str
    body: str
    language: str


class TemplateFolder:
    """The templates of one folder. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, TemplateFile] = {}

    def get(self, name: str, operation: str, provider: str) -> TemplateFile:
        """Return a template.

        Raises InvalidInput for a name that no file can have, NotFound where there is no such file, and
        ConfigurationError where the file is not a template.
        """
        template = self._read.get(name)
        if template is None:
            template = self._read[name] = self._load(name, operation, provider)
        return template

    def names(self, operation: str, provider: str) -> list[str]:
        """Return the names of all template files. Raises ConfigurationError if there is no such folder."""
        try:
            return sorted(path.stem for path in self._folder.iterdir() if path.suffix == ".md" and path.is_file())
        except OSError as error:
            raise ConfigurationError(
                f"the folder of the template files cannot be read ({type(error).__name__})",
                fix="check GOVCOMPONENTS_NOTIFY__TEMPLATES_FOLDER",
                operation=operation,
                provider=provider,
            ) from None

    def _load(self, name: str, operation: str, provider: str) -> TemplateFile:
        if not _NAME.fullmatch(name) or ".." in name:
            raise InvalidInput(
                field="template",
                problem="it is not the name of a template file",
                fix="give the file's name without .md: letters, digits, dots, hyphens and underscores",
                operation=operation,
                provider=provider,
            )
        try:
            text = (self._folder / f"{name}.md").read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise NotFound(
                "there is no template file of that name",
                fix="check the template's name and GOVCOMPONENTS_NOTIFY__TEMPLATES_FOLDER",
                operation=operation,
                provider=provider,
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise _unusable(f"cannot be read ({type(error).__name__})", operation, provider) from None
        head, _, body = text.partition("\n\n")
        headings = [_HEADING.fullmatch(line.strip()) for line in head.splitlines()]
        found = {heading["name"].lower(): heading["value"] for heading in headings if heading}
        language = found.pop("language", "en")
        if None in headings or set(found) != {"subject"} or not _LANGUAGE.fullmatch(language) or not body.strip():
            raise _unusable("is not an email template", operation, provider)
        return TemplateFile(name, found["subject"], body, language)


def _unusable(problem: str, operation: str, provider: str) -> ConfigurationError:
    return ConfigurationError(
        f"the template's file {problem}; nothing was sent",
        fix='write it in UTF-8: a line "subject: ...", perhaps "language: cy", a blank line, then the body',
        operation=operation,
        provider=provider,
    )
