"""The blocking service object of notifications: `gov.notify` of a `GovComponents`.

Generated from async_service.py by `make format`: edit that file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.core.callbacks import Headers, checked_callback
from govcomponents.core.driver import drive
from govcomponents.core.inputs import checked_input, member, optional_path, personal
from govcomponents.notify.capabilities import NotifyCapability as Can
from govcomponents.notify.inputs import (
    EmailInput,
    JobInput,
    LetterInput,
    PrecompiledInput,
    SmsInput,
    address_lines,
    as_tuple,
)
from govcomponents.notify.models import Channel
from govcomponents.notify.operations.reading import Reading
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from typing import IO

    from govcomponents.notify.bulk.results import BulkProgress, BulkResult, RowResult
    from govcomponents.notify.events import NotifyEvent
    from govcomponents.notify.inputs import Recipient
    from govcomponents.notify.limiters import Limiter
    from govcomponents.notify.models import Job, Sent
    from govcomponents.notify.policy import TemplateLike
    from govcomponents.notify.templates.personalisation import Personalisation


class NotifyService(Reading):
    """Emails, text messages and letters, for blocking callers. Safe to share between threads."""

    def send_email(
        self,
        to: Recipient,
        template: TemplateLike,
        personalisation: Personalisation | None = None,
        reference: str | None = None,
        *,
        reply_to: str | None = None,
        one_click_unsubscribe_url: str | None = None,
        sanitise: Sequence[str] = (),
        once: bool = False,
        extra: Mapping[str, object] | None = None,
    ) -> Sent:
        """Send one email from a template.

        Args:
            to: The address.
            template: The template's id, or its name where the service has a registry of templates.
            personalisation: The values of its placeholders; files come from `attach`.
            reference: Your own id of the message, at most 1,000 characters, without personal data. By itself it does
                not keep a message from being sent twice.
            reply_to: The id of a reply-to address of the service.
            one_click_unsubscribe_url: An https URL that unsubscribes on an empty POST.
            sanitise: The placeholders whose values people typed in: no link or formatting comes from them.
            once: Look the reference up first, and after a lost answer: nothing is sent if the provider holds the
                message. Two callers at the very same moment can still both send.
            extra: The provider's own fields, put on the wire untouched; not portable.

        Returns:
            What the provider accepted, with its id.

        Raises:
            InvalidInput: An argument is wrong; nothing was sent.
            ReferenceReused: With `once`, what the provider holds has another recipient, template or text.
            RequestRefused: The provider finds the request wrong; nothing was sent.
            NotFound: The account has no such template.
            Conflict: The template is archived.
            PermissionRefused: The account may not send this, or not to them.
            DailyLimitReached: The day's messages are used up.
            OutcomeUnknown: The message may have been accepted. Look it up as `lookup` says before it is sent again.
        """
        operation = "notify.send_email"
        self._port.require(Can.EMAIL, operation=operation)
        template_id, values = self._policy.filled(template, personalisation, Channel.EMAIL, operation)
        with checked_input(operation, EmailInput):
            email = EmailInput(
                to=personal(to),
                template=template_id,
                personalisation=values,
                reference=reference,
                reply_to=reply_to,
                one_click_unsubscribe_url=personal(one_click_unsubscribe_url),
                sanitise=as_tuple(sanitise),
                extra=extra,
            )
        self._port.require(*email.needed, operation=operation)
        return drive(self._perform("notify.send_email", self._sender.send(email, once=once)))

    def send_sms(
        self,
        to: Recipient,
        template: TemplateLike,
        personalisation: Personalisation | None = None,
        reference: str | None = None,
        *,
        sender: str | None = None,
        once: bool = False,
        extra: Mapping[str, object] | None = None,
    ) -> Sent:
        """Send one text message from a template.

        Args:
            to: The phone number.
            template: The template's id, or its name where the service has a registry of templates.
            personalisation: The values of its placeholders.
            reference: Your own id of the message, at most 1,000 characters, without personal data. By itself it does
                not keep a message from being sent twice.
            sender: The id of one of the service's text message senders.
            once: Look the reference up first, and after a lost answer: nothing is sent if the provider holds the
                message. Two callers at the very same moment can still both send.
            extra: The provider's own fields, put on the wire untouched; not portable.

        Returns:
            What the provider accepted, with its id.

        Raises:
            InvalidInput: An argument is wrong; nothing was sent.
            ReferenceReused: With `once`, what the provider holds has another recipient, template or text.
            RequestRefused: The provider finds the request wrong; nothing was sent.
            NotFound: The account has no such template.
            Conflict: The template is archived.
            PermissionRefused: The account may not send this, or not to them.
            DailyLimitReached: The day's messages are used up.
            OutcomeUnknown: The message may have been accepted. Look it up as `lookup` says before it is sent again.
        """
        operation = "notify.send_sms"
        self._port.require(Can.SMS, operation=operation)
        template_id, values = self._policy.filled(template, personalisation, Channel.SMS, operation)
        with checked_input(operation, SmsInput):
            message = SmsInput(
                to=personal(to),
                template=template_id,
                personalisation=values,
                reference=reference,
                sender=sender,
                extra=extra,
            )
        self._port.require(*message.needed, operation=operation)
        return drive(self._perform("notify.send_sms", self._sender.send(message, once=once)))

    def send_letter(
        self,
        address: Sequence[str] | str,
        template: TemplateLike,
        personalisation: Personalisation | None = None,
        reference: str | None = None,
        *,
        once: bool = False,
        extra: Mapping[str, object] | None = None,
    ) -> Sent:
        """Send one letter from a template. One that is too long for printing is accepted, and rejected later.

        Args:
            address: 3 to 7 lines, as a list or a text with line breaks: the name first, a UK postcode or a country
                last.
            template: The template's id, or its name where the service has a registry of templates.
            personalisation: The values of its placeholders.
            reference: Your own id of the message, at most 1,000 characters, without personal data. By itself it does
                not keep a message from being sent twice.
            once: Look the reference up first, and after a lost answer: nothing is sent if the provider holds the
                message. Two callers at the very same moment can still both send.
            extra: The provider's own fields, put on the wire untouched; not portable.

        Returns:
            What the provider accepted, with its id.

        Raises:
            InvalidInput: An argument is wrong; nothing was sent.
            ReferenceReused: With `once`, what the provider holds has another recipient, template or text.
            RequestRefused: The provider finds the request wrong; nothing was sent.
            NotFound: The account has no such template.
            Conflict: The template is archived.
            PermissionRefused: The account may not send this, or not to them.
            DailyLimitReached: The day's messages are used up.
            OutcomeUnknown: The message may have been accepted. Look it up as `lookup` says before it is sent again.
        """
        operation = "notify.send_letter"
        self._port.require(Can.LETTER, operation=operation)
        template_id, values = self._policy.filled(template, personalisation, Channel.LETTER, operation)
        with checked_input(operation, LetterInput):
            letter = LetterInput(
                address=address_lines(address, operation),
                template=template_id,
                personalisation=values,
                reference=reference,
                extra=extra,
            )
        return drive(self._perform("notify.send_letter", self._sender.send(letter, once=once)))

    def send_precompiled_letter(
        self,
        pdf: bytes | str | os.PathLike[str] | IO[bytes],
        reference: str,
        *,
        postage: str | None = None,
        once: bool = False,
        extra: Mapping[str, object] | None = None,
    ) -> Sent:
        """Send a letter that is a PDF already.

        What is wrong with the PDF is found out after it is accepted: follow its status.

        Args:
            pdf: Its bytes, its path, or a file opened in binary mode.
            reference: Your own id of the letter, without personal data.
            postage: "first", "second" or "economy" (None: second); abroad it follows from the address in the PDF.
            once: Look the reference up first, and after a lost answer: nothing is sent if the provider holds a
                ready-made letter with it, whatever its PDF is: two of these cannot be told apart. Two callers at the
                very same moment can still both send.
            extra: The provider's own fields, put on the wire untouched; not portable.

        Returns:
            What the provider accepted, with its id.

        Raises:
            InvalidInput: An argument is wrong; nothing was sent.
            ReferenceReused: With `once`, what the provider holds has a template, or another postage.
            RequestRefused: The provider finds the request wrong; nothing was sent.
            PermissionRefused: The account may not send this, or not to them.
            DailyLimitReached: The day's messages are used up.
            OutcomeUnknown: The message may have been accepted. Look it up as `lookup` says before it is sent again.
        """
        from govcomponents.notify.templates.attachments import MAX_LETTER_BYTES, read_pdf

        operation = "notify.send_precompiled_letter"
        self._port.require(Can.PRECOMPILED, operation=operation)
        with checked_input(operation, PrecompiledInput):
            letter = PrecompiledInput(
                pdf=Personal(read_pdf(pdf, MAX_LETTER_BYTES)), reference=reference, postage=postage, extra=extra
            )
        return drive(self._perform("notify.send_precompiled_letter", self._sender.send(letter, once=once)))

    def send_many(
        self,
        rows: Iterable[Mapping[str, object]] | str | os.PathLike[str],
        template: TemplateLike,
        *,
        channel: Channel | str,
        batch: str,
        checkpoint: str | os.PathLike[str] | None = None,
        per_minute: float | None = None,
        limiter: Limiter | None = None,
        resend_unknown: bool = False,
        encoding: str | None = None,
        concurrency: int = 96,
        on_progress: Callable[[BulkProgress], None] | None = None,
        on_result: Callable[[RowResult], None] | None = None,
    ) -> BulkResult:
        """Send one template to many people, streamed, at the permitted pace and many at a time.

        Rows that repeat an earlier one are left out. After refusals all go more slowly.

        Args:
            rows: An iterable of mappings, or the path of a CSV file: a column "email address" or "phone number", and
                one for each placeholder.
            template: The template's id, or its name where the service has a registry of templates.
            channel: "email" or "sms".
            batch: The name of this send; each row's reference is the batch and its number.
            checkpoint: A file that lets the send go on after any stop: no row is missed, none that was certainly
                accepted is sent again, and one of unknown outcome is looked up first.
            per_minute: The permitted pace in messages a minute, of which a little is left free; if it is left out, that
                of the provider.
            limiter: Shares the pace with other processes of the same key; without one the settings' own, if there is
                one.
            resend_unknown: Send a row of unknown outcome again where the provider cannot be asked.
            encoding: That of the CSV file, if it is not UTF-8 or UTF-16.
            concurrency: How many go at a time.
            on_progress: Told of each row's end, with counts.
            on_result: Told what became of each row, and of rows done earlier.

        Returns:
            The counts, and the rows that were not sent.

        Raises:
            InvalidInput: An argument or a row's column is wrong; nothing was sent.
            ConfigurationError: The checkpoint cannot be used; nothing was sent.
        """
        from govcomponents.notify.bulk.plan import CAPABILITIES, BulkInput, BulkPlan
        from govcomponents.notify.bulk.runners import BulkRunner

        operation = "notify.send_many"
        with checked_input(operation, BulkInput):
            bulk = BulkInput(
                rows=rows,
                channel=member(Channel, channel, field="channel", operation=operation),
                batch=batch,
                checkpoint=optional_path(checkpoint, field="checkpoint", operation=operation),
                per_minute=self._port.messages_per_minute if per_minute is None else per_minute,
                limiter=limiter,
                resend_unknown=resend_unknown,
                encoding=encoding,
                concurrency=concurrency,
                on_progress=on_progress,
                on_result=on_result,
            )
        self._port.require(CAPABILITIES[bulk.channel], operation=operation)
        choice = self._policy.choice(template, bulk.channel, operation)
        template_id = self._policy.template_id(template, operation)
        return drive(self._perform(operation, BulkRunner(BulkPlan(self._sender, bulk, template_id, choice)).run()))

    def send_job(
        self,
        rows: Iterable[Mapping[str, object]] | str | os.PathLike[str],
        template: TemplateLike,
        *,
        channel: Channel | str,
        name: str,
        reference: str | None = None,
        sender: str | None = None,
        send_at: datetime | None = None,
    ) -> Job:
        """Send one template to many people in one request, which the provider accepts whole or refuses whole.

        What becomes of each message is found by `search(include_jobs=True)`. `send_many` tells it, and works with every
        provider.

        Args:
            rows: As for `send_many`; every row has the columns of the first.
            template: The template's id, or its name where the service has a registry of templates.
            channel: "email" or "sms".
            name: How people will know the job again.
            reference: Your own id of the job.
            sender: The id of the reply-to address of emails, or of the sender of text messages.
            send_at: When the messages go out (GC Notify: within 96 hours).

        Returns:
            The job as it was accepted.

        Raises:
            InvalidInput: An argument or a row is wrong, and the row is named; nothing was sent.
            RequestRefused: The provider finds the request wrong; nothing was sent.
            DailyLimitReached: The day's messages would not be enough.
            OutcomeUnknown: The job may have been accepted. Look it up as `lookup` says before it is sent again.
        """
        from govcomponents.notify.bulk.job_rows import with_rows

        operation = "notify.send_job"
        self._port.require(Can.JOBS, operation=operation)
        with checked_input(operation, JobInput):
            job = JobInput(
                channel=member(Channel, channel, field="channel", operation=operation),
                template=self._policy.template_id(template, operation),
                name=name,
                reference=reference,
                sender=sender,
                send_at=send_at,
            )
        job = with_rows(job, rows, self._policy.choice(template, job.channel, operation))
        return drive(self._perform("notify.send_job", self._sender.send_job(job)))

    def parse_callback(self, body: bytes, headers: Headers) -> NotifyEvent:
        """Verify a callback, then read it: a delivery receipt, an inbound text, a returned letter or a complaint.

        The callbacks of every account are taken, and the event names the account whose token proved it. Answer the
        provider with 2xx once the event is stored; it tries again after 5xx and 429 only. Use the event's `key` to know
        a repeated one.

        Args:
            body: The raw bytes of the request.
            headers: Its headers, whatever their case.

        Returns:
            The event; one that this version does not know is of the kind unknown.

        Raises:
            CallbackRefused: The token is none of those configured, or the body cannot be read.
            InvalidInput: What was passed is not what a request has.
        """
        content, found = checked_callback(body, headers, operation="notify.parse_callback")
        return drive(self._first_to_accept(lambda port: port.parse_callback(content, found)))

    def check(self) -> None:
        """Ask the provider whether it answers and takes the key, at no cost.

        Raises:
            CredentialsRefused: The key is refused.
        """
        drive(self._perform("notify.check", self._port.check()))
