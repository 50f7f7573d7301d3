"""Sending for every adapter: past the guard of recipients, at the permitted pace, and once where that is asked for."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, TypeGuard

from govcomponents.core.http.single_attempt import steady_time
from govcomponents.core.observe import Happening, tell
from govcomponents.core.ports.answers import belonging, check_belongs
from govcomponents.errors import (
    Conflict,
    GovComponentsError,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    ReferenceReused,
    RequestRefused,
    WrongAnswer,
)
from govcomponents.notify.capabilities import NotifyCapability as Can
from govcomponents.notify.guards import recipient_key
from govcomponents.notify.inputs import EmailInput, LetterInput, PrecompiledInput, SearchInput, SmsInput
from govcomponents.notify.models import Channel, NotificationId, Sent
from govcomponents.notify.templates.personalisation import has_file

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Sequence

    from govcomponents.core.http.runtime import Runtime
    from govcomponents.notify.guards import RecipientGuard
    from govcomponents.notify.inputs import FollowUpInput, JobInput, Message
    from govcomponents.notify.limiters import Limiter, Pacer
    from govcomponents.notify.models import Job, Notification
    from govcomponents.notify.port import NotifyPort

_LOOK_AGAIN_AFTER = (0.0, 5.0, 30.0)
"""Seconds before each look at the provider after a lost answer; together longer than its own limit of 30 seconds."""

_UK_POSTAGE = frozenset({"first", "second", "economy"})
"""What a caller can choose; abroad it follows from the address."""

_LONGEST_TURN = 30.0
"""Seconds for which a single message waits for a turn that others take by a shared limiter."""

_TOLD_FROM = 0.01
"""Seconds. A shorter wait is that for the limiter's answer."""


class Sender:
    """The one way by which a service's messages reach its adapter."""

    def __init__(
        self,
        port: NotifyPort,
        runtime: Runtime,
        guard: RecipientGuard | None,
        pacer: Pacer | None,
        limiter: Limiter | None = None,
    ) -> None:
        self.port = port
        self.runtime = runtime
        self._guard = guard
        self._pacer = pacer
        self.limiter = limiter
        self._is_paced = pacer is not None or limiter is not None

    async def send(self, message: Message, *, once: bool) -> Sent:
        """Send one message; with `once` only if the provider does not hold its reference yet.

        Raises what the adapter raises. After a lost answer with `once`, the reference is looked up for 35 seconds; if
        it is found the message was accepted, and if not, OutcomeUnknown says so.
        """
        if once is False:
            if self._is_paced:
                await self._wait_for_turn(message)
            return await self.deliver(message)
        operation, _ = _described(message)
        reference = self._checked_once(message.reference, once, operation)
        message = self.guarded(message)
        found, another = await self._look_for(message, reference, by_content=True)
        if found is not None:
            return _as_sent(found)
        if another:
            raise ReferenceReused(
                problem=f"the provider holds another message with it: its {another} is another",
                fix="give each message a reference of its own; leave `once` out if both are to be sent",
                operation=operation,
                provider=self.port.provider,
            )
        try:
            if self._is_paced:
                await self._wait_for_turn(message)
            return await self.deliver(message)
        except OutcomeUnknown as error:
            return await self._found_after(message, reference, error)

    async def _found_after(self, message: Message, reference: str, lost: OutcomeUnknown) -> Sent:
        """Return the message that a lost answer was about. Raises OutcomeUnknown if it is not found.

        A look that fails says nothing of the message: it ends no doubt, whatever it failed with.
        """
        failed: GovComponentsError | None = None
        for pause in _LOOK_AGAIN_AFTER:
            await self.rest(pause)
            try:
                found, _ = await self._look_for(message, reference)
            except WrongAnswer:
                raise
            except GovComponentsError as error:
                failed = error
                continue
            if found is not None:
                return _as_sent(found)
            failed = None
        if failed is None:
            happened = (
                "the answer was lost, and 35 seconds later the provider holds no message with this reference: most "
                "likely it was not accepted"
            )
        else:
            happened = f"the answer was lost, and the last look for the message failed ({type(failed).__name__})"
        known = lost if failed is None else failed
        raise OutcomeUnknown(
            happened,
            lookup="call again with `once`; whether the first request still arrives cannot be known",
            operation=_described(message)[0],
            provider=self.port.provider,
            status=known.status,
            code=known.code,
            request_id=known.request_id,
        ) from None

    async def _look_for(
        self, message: Message, reference: str, *, by_content: bool = False
    ) -> tuple[Notification | None, str]:
        """Return the newest message with a reference that is this one; else None, and what is another about the newest.

        What is compared is the template and the recipient, and the texts too if they are asked for `by_content`.
        """
        another = ""
        operation, channel = _described(message)
        asked = {"channel": channel, "reference": reference}
        found = self.port.search(SearchInput(channel=channel, reference=reference))
        try:
            async for notification in found:
                check_belongs(notification, asked, operation=operation, provider=self.port.provider)
                difference = _difference(message, notification)
                if not difference and by_content and await self._reads_otherwise(message, notification):
                    difference = "content"
                if not difference:
                    return notification, ""
                another = another or difference
        finally:
            await found.aclose()
        return None, another

    async def _reads_otherwise(self, message: Message, held: Notification) -> bool:
        """Whether a message that the provider holds has other texts; False where that cannot be told.

        The provider is asked what it would write now. That tells nothing if the template was changed meanwhile, and of
        files, whose links are new each time, of values that it takes links out of, and of ready-made letters.
        """
        if held.body is None or Can.PREVIEW not in self.port.capabilities or not _can_be_previewed(message):
            return False
        work = self.port.preview(message.template, message.personalisation)
        asked = {"template_id": message.template}
        try:
            now = await belonging(
                work, asked, operation="notify.preview", provider=self.port.provider, runtime=self.runtime
            )
        except (RequestRefused, NotFound, Conflict):  # such as of a template that was deleted meanwhile
            return False
        if now.template_version != held.template_version:
            return False
        pairs = ((now.body, held.body), (now.subject, held.subject))
        return any(
            one is not None and other is not None and one.reveal().split() != other.reveal().split()
            for one, other in pairs
        )

    def _checked_once(self, reference: str | None, once: object, operation: str) -> str:
        if once is not True:
            fix = "give True or False"
            raise InvalidInput(field="once", problem="it is neither True nor False", fix=fix, operation=operation)
        self.port.require(Can.SEARCH, operation=operation)
        if not reference:
            raise InvalidInput(
                field="reference",
                problem="`once` needs a reference, and there is none",
                fix="give each message a reference of its own, and keep it before sending",
                operation=operation,
            )
        return reference

    def guarded(self, message: Message) -> Message:
        """Return a message with the recipient that it may go to. Raises InvalidInput for one who is not allowed."""
        return message if self._guard is None else self._guard.message(message, _described(message)[0])

    async def _wait_for_turn(self, message: Message) -> None:
        tokens = 2 if isinstance(message, LetterInput) else 1
        paced = waited = 0.0
        try:
            if self._pacer is not None:
                paced = self._pacer.reserve(self.runtime.clock(), tokens)
                await self.rest(paced)
            if self.limiter is None:
                return
            while True:
                begun = steady_time()
                wait = await self.runtime.transport.run_blocking(partial(self.limiter.acquire, tokens))
                waited += steady_time() - begun  # it may have waited itself
                if wait <= 0:
                    return
                if waited >= _LONGEST_TURN:
                    raise RateLimited(
                        "the processes that share the limiter left no turn to this message; nothing was sent",
                        retry_after=wait,
                        fix="send it again; give bulk sends a smaller `per_minute`, so that they leave turns to others",
                        operation=_described(message)[0],
                        provider=self.port.provider,
                    )
                await self.rest(wait)
                waited += wait
        finally:
            self.tell_of_wait(paced + waited)

    def tell_of_wait(self, seconds: float) -> None:
        """Tell the observers for how long messages waited for the pace that is allowed."""
        if seconds >= _TOLD_FROM and self.runtime.observers:
            provider, account = self.port.provider, self.runtime.account
            tell(self.runtime.observers, Happening("budget.waited", provider, account, {"scope": "notify"}, seconds))

    def deliver(self, message: Message) -> Awaitable[Sent]:
        """Hand one message to the adapter, without regard to the pace. Raises InvalidInput if the guard refuses it."""
        if self._guard is not None:
            message = self.guarded(message)
        asked = {"reference": message.reference}
        if isinstance(message, PrecompiledInput):
            operation, sent = "notify.send_precompiled_letter", self.port.send_precompiled_letter(message)
        else:
            asked["template_id"] = message.template
            if isinstance(message, EmailInput):
                operation, sent = "notify.send_email", self.port.send_email(message)
            elif isinstance(message, SmsInput):
                operation, sent = "notify.send_sms", self.port.send_sms(message)
            else:
                operation, sent = "notify.send_letter", self.port.send_letter(message)
        return belonging(sent, asked, operation=operation, provider=self.port.provider, runtime=self.runtime)

    async def send_job(self, job: JobInput) -> Job:
        """Hand a job to the adapter. Raises InvalidInput if the guard refuses one of its recipients."""
        return await self.port.send_job(job if self._guard is None else self._guard.job(job))

    async def rest(self, seconds: float) -> None:
        """Wait in the transport's way."""
        if seconds > 0:
            await self.runtime.transport.sleep(seconds)

    async def search(self, query: SearchInput) -> AsyncGenerator[Notification, None]:
        """Give the messages that a search finds. Raises WrongAnswer at one that was not searched for."""
        asked = {"channel": query.channel, "reference": query.reference}
        async with aclosing(self.port.search(query)) as found:
            async for notification in found:
                check_belongs(notification, asked, operation="notify.search", provider=self.port.provider)
                yield notification

    async def find(self, message: Message) -> Notification | None:
        """Return the newest message of the provider's that is this one, by its reference; None if it holds none."""
        found, _ = await self._look_for(message, message.reference or "")
        return found

    async def follow_up(self, wanted: FollowUpInput) -> AsyncGenerator[Notification, None]:
        """Give each message once its status is final, and at the end those that are not final yet."""
        left = list(dict.fromkeys(wanted.notification_ids))
        last: dict[str, Notification] = {}
        for pause in (0.0, *wanted.waits):
            await self.rest(pause)
            still = []
            for notification_id in left:
                work, asked = self.port.get(NotificationId(notification_id)), {"id": notification_id}
                try:
                    found = await belonging(
                        work, asked, operation="notify.get", provider=self.port.provider, runtime=self.runtime
                    )
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


def _described(message: Message) -> tuple[str, Channel]:
    if isinstance(message, EmailInput):
        return "notify.send_email", Channel.EMAIL
    if isinstance(message, SmsInput):
        return "notify.send_sms", Channel.SMS
    name = "notify.send_letter" if isinstance(message, LetterInput) else "notify.send_precompiled_letter"
    return name, Channel.LETTER


def _difference(message: Message, held: Notification) -> str:
    """Return what is another about a message that the provider holds, such as its "recipient"; or nothing."""
    if isinstance(message, PrecompiledInput):  # its address is in the PDF, which the provider writes anew
        if held.body is not None and held.body.reveal().strip():
            return "template"  # it has one, so it was no PDF
        is_another = message.postage is not None and held.postage in _UK_POSTAGE and held.postage != message.postage
        return "postage" if is_another else ""
    if held.template_id is not None and held.template_id.lower() != message.template.lower():
        return "template"
    if isinstance(message, LetterInput):
        if held.address is None or _written(message.address.reveal()) == _written(held.address.reveal()):
            return ""
        return "recipient"
    if held.recipient is None or recipient_key(message.to.reveal()) == recipient_key(held.recipient.reveal()):
        return ""
    return "recipient"


def _can_be_previewed(message: Message) -> TypeGuard[EmailInput | SmsInput | LetterInput]:
    """Whether the provider would write the same texts for a preview of a message as for the message itself."""
    if isinstance(message, PrecompiledInput) or message.extra:
        return False
    return not (has_file(message.personalisation) or (isinstance(message, EmailInput) and message.sanitise))


def _written(lines: Sequence[str]) -> str:
    """Return an address in the form in which addresses are compared: without regard to case, spaces and commas."""
    return "".join("".join(lines).casefold().replace(",", " ").split())


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
