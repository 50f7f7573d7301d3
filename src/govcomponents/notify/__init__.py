"""Notifications: emails, text messages and letters through one port (`gov.notify`).

`attach` reads a file to send by email; `formats` writes dates and lists as GOV.UK does; `recipients` checks addresses
and numbers before sending; `TemplateRegistry` names a service's templates. Names are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from govcomponents.notify.models import Channel, Notification, Sent, Status
    from govcomponents.notify.templates.attachments import Attachment, attach
    from govcomponents.notify.templates.registry import TemplateChoice, TemplateIds, TemplateRegistry
    from govcomponents.notify.templates.template import Rendered, Template

_HOMES = {
    "Attachment": "templates.attachments",
    "attach": "templates.attachments",
    "Channel": "models",
    "Notification": "models",
    "Sent": "models",
    "Status": "models",
    "TemplateChoice": "templates.registry",
    "TemplateIds": "templates.registry",
    "TemplateRegistry": "templates.registry",
    "Rendered": "templates.template",
    "Template": "templates.template",
}

__all__ = [
    "Attachment",
    "Channel",
    "Notification",
    "Rendered",
    "Sent",
    "Status",
    "Template",
    "TemplateChoice",
    "TemplateIds",
    "TemplateRegistry",
    "attach",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
