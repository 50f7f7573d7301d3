"""Notifications: emails, text messages and letters through one port (`gov.notify`).

`attach` reads a file to send by email; `formats` writes dates and lists as GOV.UK does; `recipients` checks addresses
and numbers before sending; `TemplateRegistry` names a service's templates. Names are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from govcomponents.notify.attachments import Attachment, attach
    from govcomponents.notify.models import Channel, Notification, Sent, Status
    from govcomponents.notify.registry import TemplateChoice, TemplateIds, TemplateRegistry
    from govcomponents.notify.templates import Rendered, Template

_HOMES = {
    "Attachment": "attachments",
    "attach": "attachments",
    "Channel": "models",
    "Notification": "models",
    "Sent": "models",
    "Status": "models",
    "TemplateChoice": "registry",
    "TemplateIds": "registry",
    "TemplateRegistry": "registry",
    "Rendered": "templates",
    "Template": "templates",
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
