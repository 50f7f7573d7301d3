"""The messages of GOV.UK Notify on the outbox: found without rendering all, taken off it, bounced or returned."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from govcomponents.sandbox.plugins.records import Action
from govcomponents.sandbox.providers.govuk_notify.content import to_outbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.plugins.outbox import OutboxMessage
    from govcomponents.sandbox.providers.govuk_notify.callbacks import CallbackSender
    from govcomponents.sandbox.providers.govuk_notify.messages import Message, Messages

_BOUNCES: Final = (
    Action("permanent-failure", "Let it bounce: no such recipient"),
    Action("temporary-failure", "Let it bounce: full or switched off"),
    Action("technical-failure", "Let the provider fail"),
)
_COMPLAINS: Final = Action("complaint", "Let the reader report it as spam")
_RETURNS: Final = Action("returned", "Let the post bring it back")


def marks_of(message: Message) -> Sequence[Action]:
    """Return what can happen to a message yet."""
    if message.channel == "letter":
        return () if message.steps[-1][1] == "returned-letter" else (_RETURNS,)
    left = tuple(one for one in _BOUNCES if one.name != message.steps[-1][1])
    return (*left, _COMPLAINS) if message.channel == "email" else left


class Outbox:
    """The outbox of one stub."""

    def __init__(self, messages: Messages, callbacks: CallbackSender, context: SandboxContext) -> None:
        self._messages = messages
        self._callbacks = callbacks
        self._context = context

    def newest(self, words: Sequence[str], limit: int) -> tuple[list[OutboxMessage], int]:
        """The newest messages that hold all words (in lower case), and how many there are of all."""
        now = self._context.clock.time()
        found = (message for message in self._messages.newest() if not words or _holds(message, words, now))
        return [to_outbox(message, now, is_whole=False) for message in islice(found, limit)], len(self._messages)

    def one(self, message_id: str) -> OutboxMessage | None:
        """One message, if it is on the outbox."""
        message = self._messages.get(message_id)
        if message is None or message_id in self._messages.hidden:
            return None
        return to_outbox(message, self._context.clock.time(), marks_of(message))

    def delete(self, message_id: str) -> None:
        """Take one off the outbox. Raises LookupError."""
        if self._messages.get(message_id) is None:
            raise LookupError("there is no such message")
        self._messages.hidden.add(message_id)

    def mark(self, message_id: str, mark: str) -> None:
        """Let one of its marks happen. Raises LookupError."""
        message = self._messages.get(message_id)
        if message is None or mark not in {one.name for one in marks_of(message)}:
            raise LookupError("that cannot happen to it now")
        if mark == "complaint":
            self._callbacks.complaint(message)
            told = "The person reported the email as spam"
        else:
            status = "returned-letter" if mark == "returned" else mark
            message.steps = (*message.steps, (self._context.clock.time() - message.created_at, status))
            if mark == "returned":
                self._callbacks.returned(message)
                told = "The post brought the letter back"
            else:
                self._callbacks.accepted(message, after=0.0)
                told = f"The message ended as {mark.replace('-', ' ')}"
        self._context.timeline.record("notify", told, message.reference)


def _holds(message: Message, words: Sequence[str], now: float) -> bool:
    template = message.template.name if message.template else ""
    told = f"{message.to} {message.subject} {message.body} {message.reference} {template} {message.channel}".lower()
    return all(word in told or word == message.shown_status(now) for word in words)
