"""Notifications: emails, text messages and letters through one port (`gov.notify`).

`attach` reads a file to send by email; `formats` writes dates and lists as GOV.UK does; `recipients` checks addresses
and numbers before sending; `TemplateRegistry` names a service's templates. Names are imported when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.lazy import lazy_exports

if TYPE_CHECKING:
    from govcomponents.notify.async_service import AsyncNotifyService as AsyncNotifyService
    from govcomponents.notify.bulk.results import (
        BulkProgress as BulkProgress,
        BulkResult as BulkResult,
        RowResult as RowResult,
        RowState as RowState,
    )
    from govcomponents.notify.capabilities import NotifyCapability as NotifyCapability
    from govcomponents.notify.events import (
        Complaint as Complaint,
        DeliveryReceipt as DeliveryReceipt,
        HealthCheck as HealthCheck,
        InboundSms as InboundSms,
        LetterReturned as LetterReturned,
        NotifyEvent as NotifyEvent,
        NotifyEventKind as NotifyEventKind,
        UnknownEvent as UnknownEvent,
    )
    from govcomponents.notify.inputs import Recipient as Recipient
    from govcomponents.notify.limiters import Limiter as Limiter, LimitsLimiter as LimitsLimiter
    from govcomponents.notify.models import (
        Channel as Channel,
        Job as Job,
        JobStatus as JobStatus,
        Notification as Notification,
        NotificationId as NotificationId,
        Sent as Sent,
        Status as Status,
        TemplateId as TemplateId,
    )
    from govcomponents.notify.policy import TemplateLike as TemplateLike
    from govcomponents.notify.recipients import (
        BadRecipient as BadRecipient,
        PhoneNumber as PhoneNumber,
        PostalAddress as PostalAddress,
        RecipientFault as RecipientFault,
        email_address as email_address,
        phone_number as phone_number,
        postal_address as postal_address,
    )
    from govcomponents.notify.rendering.sms import TextLength as TextLength
    from govcomponents.notify.service import NotifyService as NotifyService
    from govcomponents.notify.templates.attachments import Attachment as Attachment, attach as attach
    from govcomponents.notify.templates.formats import (
        Language as Language,
        clock as clock,
        day as day,
        listed as listed,
        moment as moment,
        yes_no as yes_no,
    )
    from govcomponents.notify.templates.personalisation import Personalisation as Personalisation
    from govcomponents.notify.templates.registry import (
        TemplateChoice as TemplateChoice,
        TemplateIds as TemplateIds,
        TemplateRegistry as TemplateRegistry,
    )
    from govcomponents.notify.templates.template import Rendered as Rendered, Template as Template

_HOMES = {
    "notify.async_service": "AsyncNotifyService",
    "notify.bulk.results": "BulkProgress BulkResult RowResult RowState",
    "notify.capabilities": "NotifyCapability",
    "notify.events": (
        "Complaint DeliveryReceipt HealthCheck InboundSms LetterReturned NotifyEvent NotifyEventKind UnknownEvent"
    ),
    "notify.inputs": "Recipient",
    "notify.limiters": "Limiter LimitsLimiter",
    "notify.models": "Channel Job JobStatus Notification NotificationId Sent Status TemplateId",
    "notify.policy": "TemplateLike",
    "notify.recipients": (
        "BadRecipient PhoneNumber PostalAddress RecipientFault email_address phone_number postal_address"
    ),
    "notify.rendering.sms": "TextLength",
    "notify.service": "NotifyService",
    "notify.templates.attachments": "Attachment attach",
    "notify.templates.formats": "Language clock day listed moment yes_no",
    "notify.templates.personalisation": "Personalisation",
    "notify.templates.registry": "TemplateChoice TemplateIds TemplateRegistry",
    "notify.templates.template": "Rendered Template",
}

if not TYPE_CHECKING:
    __all__, __getattr__, __dir__ = lazy_exports(__name__, _HOMES)
