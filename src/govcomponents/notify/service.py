"""What a caller holds: `gov.notify` is a `Notify` (blocking) or an `AsyncNotify` (asyncio), alike in all else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.core.driver import drive
from govcomponents.notify import inputs
from govcomponents.notify.port import NotifyCapability as Can

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from govcomponents.notify.inputs import EmailInput, Personalisation, Recipient, SmsInput
    from govcomponents.notify.models import Notification, Sent
    from govcomponents.notify.port import NotifyPort


class _Arguments:
    """What both callers share: the port, and the arguments checked against what it can do."""

    def __init__(self, port: NotifyPort) -> None:
        self._port = port

    def _email(
        self,
        to: Recipient,
        template: str,
        personalisation: Personalisation | None,
        reference: str | None,
        reply_to: str | None,
        one_click_unsubscribe_url: str | None,
        sanitise: Sequence[str],
        extra: Mapping[str, object] | None,
    ) -> EmailInput:
        needed = [Can.EMAIL]
        if reply_to is not None:
            needed.append(Can.REPLY_TO)
        if one_click_unsubscribe_url is not None:
            needed.append(Can.UNSUBSCRIBE)
        if sanitise:
            needed.append(Can.SANITISE)
        self._port.require(*needed, operation="notify.send_email")
        return inputs.email_input(
            to, template, personalisation, reference, reply_to, one_click_unsubscribe_url, sanitise, extra
        )

    def _sms(
        self,
        to: Recipient,
        template: str,
        personalisation: Personalisation | None,
        reference: str | None,
        sender: str | None,
        extra: Mapping[str, object] | None,
    ) -> SmsInput:
        needed = [Can.SMS] if sender is None else [Can.SMS, Can.SENDER]
        self._port.require(*needed, operation="notify.send_sms")
        return inputs.sms_input(to, template, personalisation, reference, sender, extra)


class Notify(_Arguments):
    """Emails, text messages and letters, for blocking callers. Safe to share between threads."""

    def send_email(
        self,
        to: Recipient,
        template: str,
        personalisation: Personalisation | None = None,
        reference: str | None = None,
        *,
        reply_to: str | None = None,
        one_click_unsubscribe_url: str | None = None,
        sanitise: Sequence[str] = (),
        extra: Mapping[str, object] | None = None,
    ) -> Sent:
        """Send one email from a template.

        `to` is the address, `template` the template's id, `personalisation` the values of its placeholders.
        `reference` is your own id of the message, at most 1,000 characters, without personal data; the provider
        does not use it to keep a message from being sent twice. `reply_to` is the id of a reply-to address;
        `one_click_unsubscribe_url` an https URL that unsubscribes on an empty POST; `sanitise` names placeholders
        whose values people typed in, so that no link or formatting comes from them. `extra` goes on the wire as it
        is, and is not portable.

        Raises InvalidInput or NotSupported before anything is sent; RequestRefused, NotFound, PermissionRefused,
        CredentialsRefused, RateLimited or DailyLimitReached when the provider says no; NotSent, or OutcomeUnknown
        when the message may have been accepted.
        """
        return drive(
            self._port.send_email(
                self._email(
                    to, template, personalisation, reference, reply_to, one_click_unsubscribe_url, sanitise, extra
                )
            )
        )

    def send_sms(
        self,
        to: Recipient,
        template: str,
        personalisation: Personalisation | None = None,
        reference: str | None = None,
        *,
        sender: str | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> Sent:
        """Send one text message from a template.

        `to` is the phone number; the rest is as for `send_email`. `sender` is the id of one of the service's text
        message senders. Raises what `send_email` raises.
        """
        return drive(self._port.send_sms(self._sms(to, template, personalisation, reference, sender, extra)))

    def get(self, notification_id: str) -> Notification:
        """Return one message as it stands now.

        Raises NotFound if there is none with that id, it is another service's, or it is no longer kept (GOV.UK
        Notify keeps messages for 7 days unless the service sets another time).
        """
        return drive(self._port.get(inputs.checked_id(notification_id, "notify.get")))


class AsyncNotify(_Arguments):
    """Emails, text messages and letters, for asyncio callers: the same operations, awaited."""

    async def send_email(
        self,
        to: Recipient,
        template: str,
        personalisation: Personalisation | None = None,
        reference: str | None = None,
        *,
        reply_to: str | None = None,
        one_click_unsubscribe_url: str | None = None,
        sanitise: Sequence[str] = (),
        extra: Mapping[str, object] | None = None,
    ) -> Sent:
        """Send one email from a template.

        `to` is the address, `template` the template's id, `personalisation` the values of its placeholders.
        `reference` is your own id of the message, at most 1,000 characters, without personal data; the provider
        does not use it to keep a message from being sent twice. `reply_to` is the id of a reply-to address;
        `one_click_unsubscribe_url` an https URL that unsubscribes on an empty POST; `sanitise` names placeholders
        whose values people typed in, so that no link or formatting comes from them. `extra` goes on the wire as it
        is, and is not portable.

        Raises InvalidInput or NotSupported before anything is sent; RequestRefused, NotFound, PermissionRefused,
        CredentialsRefused, RateLimited or DailyLimitReached when the provider says no; NotSent, or OutcomeUnknown
        when the message may have been accepted.
        """
        return await self._port.send_email(
            self._email(to, template, personalisation, reference, reply_to, one_click_unsubscribe_url, sanitise, extra)
        )

    async def send_sms(
        self,
        to: Recipient,
        template: str,
        personalisation: Personalisation | None = None,
        reference: str | None = None,
        *,
        sender: str | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> Sent:
        """Send one text message from a template.

        `to` is the phone number; the rest is as for `send_email`. `sender` is the id of one of the service's text
        message senders. Raises what `send_email` raises.
        """
        return await self._port.send_sms(self._sms(to, template, personalisation, reference, sender, extra))

    async def get(self, notification_id: str) -> Notification:
        """Return one message as it stands now.

        Raises NotFound if there is none with that id, it is another service's, or it is no longer kept (GOV.UK
        Notify keeps messages for 7 days unless the service sets another time).
        """
        return await self._port.get(inputs.checked_id(notification_id, "notify.get"))
