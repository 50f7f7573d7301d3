"""Email templates kept as files, for adapters of providers that keep none: `{name}.md` with a subject and a body.

    subject: Your licence ((reference)) is renewed
    language: en

    Dear ((name)),

Subject and body are written as GOV.UK Notify's templates are; `language` is en if it is left out, and tells screen
readers how to read. Nobody else cleans what is sent from a file, so links and formatting are taken out of every value;
`markdown: details, link` names the placeholders whose values may hold them. A file is read once, when it is first used.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypedDict

from govcomponents.errors import ConfigurationError, InvalidInput, NotFound, RequestRefused
from govcomponents.notify.models import Channel, TemplateId
from govcomponents.notify.templates import placeholders
from govcomponents.notify.templates.personalisation import placeholder_key, shown_values
from govcomponents.notify.templates.sanitising import sanitise as make_safe
from govcomponents.notify.templates.sanitising import without_links
from govcomponents.notify.templates.template import Rendered, Template, fill_subject
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

ONLY_VERSION: Final = 1
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
_HEADING: Final = re.compile(r"(?P<name>[a-z]+):[ \t]*(?P<value>\S.*)", re.IGNORECASE)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_PAGE: Final = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body style="font-family: Helvetica, Arial, sans-serif; margin: 0 auto; padding: 20px; max-width: 580px;">
{content}
</body>
</html>
"""


@dataclass(frozen=True, slots=True, repr=False)
class EmailContent:
    """A template filled for one person: its subject, plain text and HTML page. It never prints.

    `sanitised` names the placeholders whose values were changed to make them safe.
    """

    subject: str
    text: str
    html: str
    sanitised: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """One template: the source of its subject and of its body, and the language that they are written in.

    `provider` is the name of the adapter that uses it, for errors.
    """

    name: str
    subject: str
    body: str
    language: str
    provider: str = ""
    markdown: frozenset[str] = frozenset()

    def template(self) -> Template:
        """Return the template as callers see it. A file has one version only."""
        return Template(
            id=TemplateId(self.name),
            name=self.name,
            channel=Channel.EMAIL,
            version=ONLY_VERSION,
            subject=self.subject,
            body=self.body,
            placeholders=placeholders.names(self.subject, self.body),
        )

    def preview(self, values: Mapping[str, object], operation: str) -> Rendered:
        """Fill the template. Raises RequestRefused, as a provider would, if a placeholder has no value."""
        return self._filled(values, (), operation)[0]

    def _filled(
        self, values: Mapping[str, object], sanitise: Sequence[str], operation: str
    ) -> tuple[Rendered, tuple[str, ...]]:
        """Fill the template with its values made safe, and name those that were changed for it."""
        template = self.template()
        if missing := template.missing(values):
            raise RequestRefused(
                f"the template needs values that were not given: {', '.join(missing)}",
                field="personalisation",
                fix="give a value for each placeholder of the template",
                operation=operation,
                provider=self.provider,
            )
        try:
            shown = shown_values(values)
        except ValueError:
            return template.render(values), ()  # which raises the error in the words that it always has
        named = {placeholder_key(name) for name in sanitise}
        kept = self.markdown - named
        changed: list[str] = []
        safe: dict[str, object] = {}
        plain: dict[str, object] = {}
        for name, value in shown.items():
            key = placeholder_key(name)
            may_be_anything = key in kept
            safe[name] = value if may_be_anything else _each_text(value, make_safe)
            # A subject is no Markdown: what escapes it there would be seen.
            plain[name] = value if may_be_anything else _each_text(value, without_links)
            # What was only escaped is still seen as it was typed.
            if plain[name] != value or (key in named and safe[name] != value):
                changed.append(name)
        subject = fill_subject(self.subject, placeholders.Values(plain), Channel.EMAIL)
        return replace(template.render(safe), subject=Personal(subject)), tuple(changed)

    def fill(self, values: Mapping[str, object], sanitise: Sequence[str], operation: str) -> EmailContent:
        """Fill the template for sending, as a whole page. Raises RequestRefused if a placeholder has no value."""
        filled, changed = self._filled(values, sanitise, operation)
        subject, text, content = (
            "" if part is None else part.reveal() for part in (filled.subject, filled.text, filled.html)
        )
        page = _PAGE.format(language=self.language, title=html.escape(subject), content=content)
        return EmailContent(subject, text, page, changed)


def _each_text(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    return [change(item) if isinstance(item, str) else item for item in value] if isinstance(value, list) else value


class _Facts(TypedDict):
    operation: str
    provider: str


class TemplateFolder:
    """The template files of one folder. Safe to share between threads.

    `provider` is the name of the adapter, and `setting` the one that names the folder, both for errors.
    """

    def __init__(self, folder: Path, *, provider: str, setting: str) -> None:
        self._folder = folder
        self._provider = provider
        self._setting = setting
        self._read: dict[str, TemplateFile] = {}

    def get(self, name: str, operation: str) -> TemplateFile:
        """Return a template.

        Raises InvalidInput for a name that no file can have, NotFound where there is no such file, and
        ConfigurationError where the file is not a template.
        """
        template = self._read.get(name)
        if template is None:
            template = self._read[name] = self._load(name, operation)
        return template

    def version(self, name: str, version: int | None, operation: str) -> TemplateFile:
        """Return a template in one of its versions. Raises NotFound for one that is not 1, the only one there is."""
        template = self.get(name, operation)
        if version not in (None, ONLY_VERSION):
            fix = "leave the version out"
            raise NotFound("a template file has one version only", fix=fix, **self._facts(operation))
        return template

    def all(self, operation: str) -> tuple[TemplateFile, ...]:
        """Return all templates, by name. Raises ConfigurationError if there is no such folder."""
        try:
            names = sorted(path.stem for path in self._folder.iterdir() if path.suffix == ".md" and path.is_file())
        except OSError as error:
            happened = f"the folder of the template files cannot be read ({type(error).__name__})"
            raise ConfigurationError(happened, fix=f"check {self._setting}", **self._facts(operation)) from None
        return tuple(self.get(name, operation) for name in names)

    def _load(self, name: str, operation: str) -> TemplateFile:
        if not _NAME.fullmatch(name) or ".." in name:
            raise InvalidInput(
                field="template",
                problem="it is not the name of a template file",
                fix="give the file's name without .md: letters, digits, dots, hyphens and underscores",
                **self._facts(operation),
            )
        try:
            text = (self._folder / f"{name}.md").read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            fix = f"check the template's name and {self._setting}"
            raise NotFound("there is no template file of that name", fix=fix, **self._facts(operation)) from None
        except (OSError, UnicodeDecodeError) as error:
            raise self._unusable(f"cannot be read ({type(error).__name__})", operation) from None
        head, _, body = text.partition("\n\n")
        headings = [_HEADING.fullmatch(line.strip()) for line in head.splitlines()]
        found = {heading["name"].lower(): heading["value"] for heading in headings if heading}
        language = found.pop("language", "en")
        markdown = frozenset(map(placeholder_key, filter(str.strip, found.pop("markdown", "").split(","))))
        if None in headings or set(found) != {"subject"} or not _LANGUAGE.fullmatch(language) or not body.strip():
            raise self._unusable("is not an email template", operation)
        return TemplateFile(name, found["subject"], body, language, self._provider, markdown)

    def _facts(self, operation: str) -> _Facts:
        return {"operation": operation, "provider": self._provider}

    def _unusable(self, problem: str, operation: str) -> ConfigurationError:
        return ConfigurationError(
            f"the template's file {problem}; nothing was sent",
            fix='write it in UTF-8: a line "subject: ...", perhaps "language: cy" and "markdown: link", a blank line, '
            "then the body",
            **self._facts(operation),
        )
