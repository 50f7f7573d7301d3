"""Fills a template file for one person: its subject, its plain text part and its HTML part."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govcomponents.errors import RequestRefused
from govcomponents.notify.adapters.smtp.message import Content
from govcomponents.notify.models import Channel, TemplateId
from govcomponents.notify.templates import placeholders
from govcomponents.notify.templates.template import Rendered, Template

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from govcomponents.notify.adapters.smtp.files import TemplateFile

ONLY_VERSION: Final = 1
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


@dataclass(frozen=True, slots=True)
class Filled:
    """What will be sent, and the placeholders whose values were changed to make them safe."""

    content: Content
    sanitised: tuple[str, ...]


def template_of(source: TemplateFile) -> Template:
    """Make the model that callers see. A file has one version only."""
    return Template(
        id=TemplateId(source.name),
        name=source.name,
        channel=Channel.EMAIL,
        version=ONLY_VERSION,
        subject=source.subject,
        body=source.body,
        placeholders=placeholders.names(source.subject, source.body),
    )


def preview(source: TemplateFile, values: Mapping[str, object], operation: str, provider: str) -> Rendered:
    """Fill a template. Raises RequestRefused, as a provider would, if a placeholder has no value."""
    template = template_of(source)
    if missing := template.missing(values):
        raise RequestRefused(
            f"the template needs values that were not given: {', '.join(missing)}",
            field="personalisation",
            fix="give a value for each placeholder of the template",
            operation=operation,
            provider=provider,
        )
    return template.render(values)


def fill(
    source: TemplateFile, values: Mapping[str, object], sanitise: Sequence[str], operation: str, provider: str
) -> Filled:
    """Fill a template for sending, as a whole page. Raises RequestRefused if a placeholder has no value."""
    changed = placeholders.sanitised(values, sanitise)
    safe = {**values, **{name: after for name, (_, after) in changed.items()}}
    filled = preview(source, safe, operation, provider)
    subject = filled.subject.reveal() if filled.subject else ""
    page = _PAGE.format(
        language=source.language, title=html.escape(subject), content=filled.html.reveal() if filled.html else ""
    )
    return Filled(Content(subject, filled.text.reveal() if filled.text else "", page), tuple(changed))
