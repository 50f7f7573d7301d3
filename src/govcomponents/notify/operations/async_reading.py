"""The part of the asyncio service object of notifications that reads: messages, templates and texts that came in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.core.inputs import checked_input, optional_member
from govcomponents.notify.capabilities import NotifyCapability as Can
from govcomponents.notify.inputs import (
    FollowUpInput,
    SearchInput,
    as_tuple,
    checked_id,
    checked_seconds,
    checked_statuses,
    checked_values,
    checked_version,
    one_or_several,
)
from govcomponents.notify.models import Channel
from govcomponents.notify.operations.base import NotifyOperations

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from govcomponents.notify.events import InboundSms
    from govcomponents.notify.models import Notification, Status
    from govcomponents.notify.policy import TemplateLike
    from govcomponents.notify.templates.personalisation import Personalisation
    from govcomponents.notify.templates.template import Rendered, Template


class AsyncReading(NotifyOperations):
    """Messages, templates and texts that came in: a part of `gov.notify`, for asyncio callers."""

    async def get(self, notification_id: str) -> Notification:
        """Return one message as it stands now.

        Args:
            notification_id: The provider's id of the message.

        Returns:
            The message.

        Raises:
            NotFound: There is none with that id, it is another service's, or it is no longer kept.
        """
        self._port.require(Can.GET, operation="notify.get")
        wanted = checked_id(notification_id, "notify.get")
        return await self._perform("notify.get", self._port.get(wanted), id=wanted)

    def search(
        self,
        *,
        channel: Channel | str | None = None,
        status: Status | str | Sequence[Status | str] = (),
        raw_status: str | Sequence[str] = (),
        reference: str | None = None,
        older_than: str | None = None,
        include_jobs: bool = False,
    ) -> AsyncGenerator[Notification, None]:
        """Find messages, newest first. Pages are fetched as they are consumed.

        GOV.UK Notify lists what was sent with the same kind of key, for as long as messages are kept.

        Args:
            channel: Emails, text messages or letters only.
            status: One or several of `Status`.
            raw_status: One or several of the provider's own words.
            reference: Your own id; it has to be the very same.
            older_than: The id of a message: only earlier ones come.
            include_jobs: Those that people sent from a spreadsheet too.

        Yields:
            Each message that fits.

        Raises:
            InvalidInput: A filter is wrong; raised at once, with nothing sent.
        """
        operation = "notify.search"
        self._port.require(Can.SEARCH, operation=operation)
        with checked_input(operation, SearchInput):
            query = SearchInput(
                channel=optional_member(Channel, channel, field="channel", operation=operation),
                status=checked_statuses(status, operation),
                raw_status=one_or_several(raw_status),
                reference=reference,
                older_than=older_than,
                include_jobs=include_jobs,
            )
        return self._each(self._sender.search(query))

    async def get_letter_pdf(self, notification_id: str, *, wait: float = 0.0) -> bytes:
        """Return the PDF of a letter, as it is or was printed. It takes seconds to be made.

        Args:
            notification_id: The provider's id of the letter.
            wait: The most seconds to wait until it is made.

        Returns:
            The bytes of the PDF.

        Raises:
            Unavailable: It is not there by then.
            Conflict: The message is no letter, or its letter failed.
            NotFound: There is no such message.
        """
        operation = "notify.get_letter_pdf"
        self._port.require(Can.LETTER_PDF, operation=operation)
        wanted, seconds = checked_id(notification_id, operation), checked_seconds(wait, "wait", operation)
        return await self._perform("notify.get_letter_pdf", self._port.get_letter_pdf(wanted, seconds))

    async def list_templates(self, channel: Channel | str | None = None) -> tuple[Template, ...]:
        """Return all templates that are not archived, in their present version.

        Args:
            channel: Those of emails, text messages or letters only.

        Returns:
            The templates.

        Raises:
            NotSupported: This provider lists none.
        """
        operation = "notify.list_templates"
        self._port.require(Can.TEMPLATES, operation=operation)
        wanted = optional_member(Channel, channel, field="channel", operation=operation)
        return await self._perform("notify.list_templates", self._port.list_templates(wanted))

    async def get_template(self, template: TemplateLike, version: int | None = None) -> Template:
        """Return one template, an archived one too.

        Args:
            template: The template's id, or its name where the service has a registry of templates.
            version: Another version than the present one.

        Returns:
            The template, which `render` fills offline.

        Raises:
            NotFound: The account has no such template, or no such version.
        """
        operation = "notify.get_template"
        self._port.require(Can.TEMPLATES, operation=operation)
        wanted = self._policy.template_id(template, operation)
        number = checked_version(version, operation)
        return await self._perform(operation, self._port.get_template(wanted, number), id=wanted)

    async def preview(self, template: TemplateLike, personalisation: Personalisation | None = None) -> Rendered:
        """Let the provider fill a template, and send nothing; `Template.render` does so offline.

        Args:
            template: The template's id, or its name where the service has a registry of templates.
            personalisation: The values of its placeholders.

        Returns:
            The texts as the provider filled them.

        Raises:
            NotFound: The account has no such template.
            RequestRefused: A placeholder has no value.
        """
        operation = "notify.preview"
        self._port.require(Can.PREVIEW, operation=operation)
        wanted = self._policy.template_id(template, operation)
        values = checked_values(personalisation, operation)
        return await self._perform(operation, self._port.preview(wanted, values), template_id=wanted)

    def search_inbound_sms(self, *, older_than: str | None = None) -> AsyncGenerator[InboundSms, None]:
        """Find the texts that people sent to the service, newest first.

        Args:
            older_than: The id of a text: only earlier ones come.

        Yields:
            Each text.

        Raises:
            InvalidInput: What was passed is no id.
        """
        operation = "notify.search_inbound_sms"
        self._port.require(Can.INBOUND_SMS, operation=operation)
        earlier = None if older_than is None else checked_id(older_than, operation, "older_than")
        return self._each(self._port.search_inbound_sms(earlier))

    def follow_up(
        self, notification_ids: Sequence[str], *, waits: Sequence[float] = ()
    ) -> AsyncGenerator[Notification, None]:
        """Give each of the messages once its status is final, then those that are not final yet, as they stand.

        Use it for what no callback reports, such as letters and texts abroad that stay SENT. Those no longer kept are
        left out.

        Args:
            notification_ids: The provider's ids of the messages.
            waits: After how many seconds they are looked at again, each time; without any they are looked at once.

        Yields:
            Each message.

        Raises:
            InvalidInput: An argument is wrong; raised at once.
        """
        self._port.require(Can.GET, operation="notify.follow_up")
        with checked_input("notify.follow_up", FollowUpInput):
            wanted = FollowUpInput(notification_ids=as_tuple(notification_ids), waits=as_tuple(waits))
        return self._each(self._sender.follow_up(wanted))
