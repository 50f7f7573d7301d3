"""Sending as every adapter does it: at the permitted pace, and once for each reference where that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from govcomponents.errors import InvalidInput, NotFound, OutcomeUnknown
from govcomponents.notify.inputs import EmailInput, LetterInput, SearchInput, SmsInput
from govcomponents.notify.models import Channel, NotificationId, Sent
from govcomponents.notify.port import NotifyCapability

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from govcomponents.notify.inputs import PrecompiledInput
    from govcomponents.notify.models import Notification
    from govcomponents.notify.port import NotifyPort

Message: TypeAlias = "EmailInput | SmsInput | LetterInput | PrecompiledInput"

_LOOK_AGAIN_AFTER = (0.0, 5.0, 30.0)
"""Seconds before each look at the provider after a lost answer; together longer than its own limit of 30 seconds."""


async def send(port: NotifyPort, message: Message, *, once: bool) -> Sent:
    """Send one message; with `once` only if the provider does not hold its reference yet.

    Raises what the adapter raises. After a lost answer with `once`, the reference is looked up for 35 seconds; if it is
    found the message was accepted, and if not, OutcomeUnknown says so.
    """
    if not once:
        return await _deliver(port, message)
    operation, channel = _described(message)
    port.require(NotifyCapability.SEARCH, operation=operation)
    reference = message.reference
    if not reference:
        raise InvalidInput(
            field="reference",
            problem="`once` needs a reference, and there is none",
            fix="give each message a reference of its own, and keep it before sending",
            operation=operation,
        )
    if found := await _find(port, reference, channel):
        return _as_sent(found)
    try:
        return await _deliver(port, message)
    except OutcomeUnknown as error:
        for pause in _LOOK_AGAIN_AFTER:
            await _rest(port, pause)
            if found := await _find(port, reference, channel):
                return _as_sent(found)
        raise OutcomeUnknown(
            "the answer was lost, and 35 seconds later the provider holds no message with this reference: most "
            "likely it was not accepted",
            lookup="call again with `once`; whether the first request still arrives cannot be known",
            operation=operation,
            provider=port.provider,
            status=error.status,
            code=error.code,
            request_id=error.request_id,
        ) from None


async def _deliver(port: NotifyPort, message: Message) -> Sent:
    pacer, runtime = port.policy.pacer, port.policy.runtime
    if pacer is not None and runtime is not None:
        tokens = 2 if isinstance(message, LetterInput) else 1
        if (wait := pacer.reserve(runtime.clock(), tokens)) > 0:
            await runtime.transport.sleep(wait)
    if isinstance(message, EmailInput):
        return await port.send_email(message)
    if isinstance(message, SmsInput):
        return await port.send_sms(message)
    if isinstance(message, LetterInput):
        return await port.send_letter(message)
    return await port.send_precompiled_letter(message)


def _described(message: Message) -> tuple[str, Channel]:
    if isinstance(message, EmailInput):
        return "notify.send_email", Channel.EMAIL
    if isinstance(message, SmsInput):
        return "notify.send_sms", Channel.SMS
    name = "notify.send_letter" if isinstance(message, LetterInput) else "notify.send_precompiled_letter"
    return name, Channel.LETTER


async def _rest(port: NotifyPort, seconds: float) -> None:
    if seconds and port.policy.runtime is not None:
        await port.policy.runtime.transport.sleep(seconds)


async def _find(port: NotifyPort, reference: str, channel: Channel) -> Notification | None:
    found = port.search(SearchInput(channels=(channel,), reference=reference))
    try:
        async for notification in found:
            return notification
    finally:
        await found.aclose()
    return None


def _as_sent(found: Notification) -> Sent:
    return Sent(
        id=found.id,
        channel=found.channel,
        reference=found.reference,
        template_id=found.template_id,
        template_version=found.template_version,
        subject=found.subject,
        body=found.body,
        sender=None,
        postage=found.postage,
        is_repeat=True,
        raw=found.raw,
    )


async def follow_up(
    port: NotifyPort, notification_ids: tuple[str, ...], waits: tuple[float, ...]
) -> AsyncGenerator[Notification, None]:
    """Give each message once its status is final, and at the end those that are not final yet.

    They are looked at once, and again after each of `waits` seconds.
    """
    left = list(dict.fromkeys(notification_ids))
    last: dict[str, Notification] = {}
    for pause in (0.0, *waits):
        await _rest(port, pause)
        still = []
        for notification_id in left:
            try:
                found = await port.get(NotificationId(notification_id))
            except NotFound:
                continue
            if found.is_finished:
                yield found
            else:
                last[notification_id] = found
                still.append(notification_id)
        left = still
        if not left:
            return
    for notification_id in left:
        yield last[notification_id]
