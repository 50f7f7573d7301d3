"""What an asyncio caller holds: `gov.notify` is an `AsyncNotifyService`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.notify.arguments import Arguments
from govcomponents.notify.inputs import checked_id
from govcomponents.notify.models import Channel
from govcomponents.notify.port import NotifyCapability as Can
from govcomponents.notify.sending import follow_up, send

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from typing import IO

    from govcomponents.notify.arguments import TemplateLike
    from govcomponents.notify.bulk.jobs import Job
    from govcomponents.notify.bulk.results import BulkProgress, BulkResult, RowResult
    from govcomponents.notify.events import InboundSms
    from govcomponents.notify.inputs import Recipient
    from govcomponents.notify.models import Notification, Sent, Status
    from govcomponents.notify.templates.personalisation import Personalisation
    from govcomponents.notify.templates.template import Rendered, Template


class AsyncNotifyService(Arguments):
    """Emails, text messages and letters, for asyncio callers: the same operations, awaited."""

    async def send_email(
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

        `to` is the address, `template` the template's id (or its name, where the service has a registry of templates),
        `personalisation` the values of its placeholders; files come from `attach`. `reference` is your own id of the
        message, at most 1,000 characters, without personal data; by itself it does not keep a message from being sent
        twice. `reply_to` is the id of a reply-to address; `one_click_unsubscribe_url` an https URL that unsubscribes on
        an empty POST; `sanitise` names placeholders whose values people typed in, so that no link or formatting comes
        from them. With `once` the reference is looked up first, and after a lost answer: nothing is sent if the
        provider holds it already (two callers at the very same moment can still both send). `extra` goes on the wire as
        it is, and is not portable.

        Raises InvalidInput or NotSupported before anything is sent; RequestRefused, NotFound, Conflict,
        PermissionRefused, CredentialsRefused, RateLimited or DailyLimitReached when the provider says no; NotSent, or
        OutcomeUnknown when the message may have been accepted.
        """
        email = self._email(
            to, template, personalisation, reference, reply_to, one_click_unsubscribe_url, sanitise, extra
        )
        return await send(self._port, email, once=once)

    async def send_sms(
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

        `to` is the phone number; the rest is as for `send_email`. `sender` is the id of one of the service's text
        message senders. Raises what `send_email` raises.
        """
        message = self._sms(to, template, personalisation, reference, sender, extra)
        return await send(self._port, message, once=once)

    async def send_letter(
        self,
        address: Sequence[str] | str,
        template: TemplateLike,
        personalisation: Personalisation | None = None,
        reference: str | None = None,
        *,
        once: bool = False,
        extra: Mapping[str, object] | None = None,
    ) -> Sent:
        """Send one letter from a template.

        `address` is 3 to 7 lines, as a list or a text with line breaks: the name first, a UK postcode or a country
        last. The rest is as for `send_email`. A letter that is too long for printing is accepted and rejected later.
        Raises what `send_email` raises.
        """
        letter = self._letter(address, template, personalisation, reference, extra)
        return await send(self._port, letter, once=once)

    async def send_precompiled_letter(
        self,
        pdf: bytes | str | os.PathLike[str] | IO[bytes],
        reference: str,
        *,
        postage: str | None = None,
        once: bool = False,
        extra: Mapping[str, object] | None = None,
    ) -> Sent:
        """Send a letter that is a PDF already: its bytes, its path, or a file opened in binary mode.

        `postage` is "first", "second" or "economy" (None: second); abroad it follows from the address in the PDF. What
        is wrong with the PDF is found out after it is accepted: follow its status. Raises what `send_email` raises.
        """
        letter = self._precompiled(pdf, reference, postage, extra)
        return await send(self._port, letter, once=once)

    async def get(self, notification_id: str) -> Notification:
        """Return one message as it stands now.

        Raises NotFound if there is none with that id, it is another service's, or it is no longer kept (GOV.UK
        Notify keeps messages for 7 days unless the service sets another time).
        """
        return await self._port.get(checked_id(notification_id, "notify.get"))

    def search(
        self,
        *,
        channel: Channel | str | None = None,
        status: Status | str | Sequence[Status | str] = (),
        reference: str | None = None,
        older_than: str | None = None,
        include_jobs: bool = False,
    ) -> AsyncGenerator[Notification, None]:
        """Give the messages that fit, newest first, page after page as they are looked at.

        `status` is one or several of `Status`, or the provider's own words. `reference` fits exactly. `older_than` is
        the id of a message: only earlier ones come. `include_jobs` adds those that people sent from a spreadsheet.
        GOV.UK Notify lists what was sent with the same kind of key, for as long as messages are kept. Raises
        InvalidInput at once; while it is looked at, what `get` raises, but never NotFound.
        """
        query = self._search(channel, status, reference, older_than, include_jobs)
        return self._port.search(query)

    async def get_letter_pdf(self, notification_id: str, *, wait: float = 0.0) -> bytes:
        """Return the PDF of a letter, as it is or was printed.

        It takes seconds to be made: wait for it for at most `wait` seconds. Raises Unavailable if it is not there by
        then, Conflict if the message is not a letter or its letter failed, NotFound.
        """
        return await self._port.get_letter_pdf(checked_id(notification_id, "notify.get_letter_pdf"), wait)

    async def list_templates(self, channel: Channel | str | None = None) -> tuple[Template, ...]:
        """Return all templates that are not archived, in their present version."""
        wanted = None if channel is None else Channel(channel)
        return await self._port.list_templates(wanted)

    async def get_template(self, template: TemplateLike, version: int | None = None) -> Template:
        """Return one template: its present version, or another. An archived one too. Raises NotFound."""
        return await self._port.get_template(self._template_id(template), version)

    async def preview(self, template: TemplateLike, personalisation: Personalisation | None = None) -> Rendered:
        """Let the provider fill a template, and send nothing. `render` does the same without a network call.

        Raises NotFound, or RequestRefused if a placeholder has no value.
        """
        values = self._shown(personalisation)
        return await self._port.preview(self._template_id(template), values)

    def search_inbound_sms(self, *, older_than: str | None = None) -> AsyncGenerator[InboundSms, None]:
        """Give the text messages that people sent to the service, newest first, page after page as they are looked at.

        `older_than` is the id of a text: only earlier ones come.
        """
        self._port.require(Can.INBOUND_SMS, operation="notify.search_inbound_sms")
        return self._port.search_inbound_sms(older_than)

    def follow_up(
        self, notification_ids: Sequence[str], *, waits: Sequence[float] = ()
    ) -> AsyncGenerator[Notification, None]:
        """Give each of the messages once its status is final, then those that are not final yet, as they stand.

        They are looked at once, and again after each of `waits` seconds. Use it for what no callback tells: letters,
        messages that the provider itself gave up, texts abroad that stay SENT. Those no longer kept are left out.
        """
        ids = tuple(checked_id(one, "notify.follow_up") for one in notification_ids)
        return follow_up(self._port, ids, tuple(waits))

    async def send_many(
        self,
        rows: Iterable[Mapping[str, object]] | str | os.PathLike[str],
        template: TemplateLike,
        *,
        channel: Channel | str,
        batch: str,
        checkpoint: str | os.PathLike[str] | None = None,
        per_minute: float = 3000,
        concurrency: int = 96,
        on_progress: Callable[[BulkProgress], None] | None = None,
        on_result: Callable[[RowResult], None] | None = None,
    ) -> BulkResult:
        """Send one template to many people, streamed, at the permitted pace and many at a time.

        `rows` is an iterable of mappings or the path of a CSV file: a column "email address" or "phone number", and one
        for each placeholder. `channel` is "email" or "sms". `batch` names this send; each row's reference is the batch
        and its number. `checkpoint` is a file that lets the send be started again after any stop: no row is missed,
        none that was certainly accepted is sent again, and one of unknown outcome is looked up first. Rows that repeat
        an earlier one in everything are left out. `per_minute` is the permitted pace, `concurrency` how many go at a
        time. `on_progress` is told of each row's end with counts, `on_result` with what became of it.

        Returns a `BulkResult`. Raises InvalidInput or ConfigurationError before anything is sent.
        """
        from govcomponents.notify.bulk.tasks import run

        plan = self._bulk(rows, template, channel, batch, checkpoint, per_minute, concurrency, on_progress, on_result)
        return await run(plan)

    async def send_job(
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

        `rows` is as for `send_many`, and every row has the columns of the first. `name` is how people will know the
        job again, `reference` your own id of it. `sender` is the id of the reply-to address of emails, or of the sender
        of text messages. `send_at` is when the messages go out (GC Notify: within 96 hours). What becomes of each
        message is found by `search(include_jobs=True)`; `send_many` tells it, and works with every provider.

        Raises what `send_email` raises; a row that is wrong is named in it.
        """
        return await self._port.send_job(self._job(rows, template, channel, name, reference, sender, send_at))
