"""Messages that were sent to people in a test, with assertions that say what there was instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from govcomponents.notify.recipients.emails import email_address
from govcomponents.notify.recipients.faults import BadRecipient
from govcomponents.notify.recipients.phones import parse
from govcomponents.pytest_plugin.arguments import telling_its_arguments
from govcomponents.sandbox.plugins.outbox import KnowsTemplates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcomponents.sandbox.plugins.outbox import OutboxMessage
    from govcomponents.testing import Sandbox

_KINDS: Final = ("email", "sms", "letter")


class Outbox:
    """The messages that the sandbox took in, oldest first, as their readers see them."""

    def __init__(self, simulator: Sandbox) -> None:
        self._simulator = simulator
        self._named: set[str] = set()

    @property
    def messages(self) -> list[OutboxMessage]:
        """All of them."""
        return self._simulator.messages()

    def __len__(self) -> int:
        return len(self.messages)

    def __iter__(self) -> Iterator[OutboxMessage]:
        return iter(self.messages)

    @telling_its_arguments("gov_outbox.assert_sent")
    def assert_sent(
        self,
        *,
        to: str | None = None,
        template: str | None = None,
        kind: str | None = None,
        reference: str | None = None,
        contains: str | None = None,
        times: int = 1,
    ) -> OutboxMessage:
        """Fail unless so many messages fit, and return the last of them.

        `to` is the recipient, however the address or the number is written, `template` the template's name at the
        provider or its id, `kind` is "email", "sms" or "letter", `contains` a part of the subject or of the text.
        """
        if type(times) is not int or times < 1:
            pytest.fail("times is a whole number from 1 on; gov_outbox.assert_not_sent is for none", pytrace=False)
        wanted = self._given(to=to, template=template, kind=kind, reference=reference, contains=contains)
        contains = wanted.pop("contains", None)
        found = [one for one in self.messages if not _differs(one, wanted, contains)]
        self._named.update(one.id for one in found)
        if len(found) != times:
            told = dict(wanted) | ({"contains": contains} if contains is not None else {})
            pytest.fail(self._not_so(told, len(found), times, wanted, contains), pytrace=False)
        return found[-1]

    @telling_its_arguments("gov_outbox.assert_not_sent")
    def assert_not_sent(self, *, to: str | None = None, template: str | None = None, kind: str | None = None) -> None:
        """Fail if a message fits."""
        wanted = self._given(to=to, template=template, kind=kind)
        found = [one for one in self.messages if not _differs(one, wanted, None)]
        if found:
            pytest.fail("\n".join(["sent, and it should not have been:", *map(_line, found)]), pytrace=False)

    def assert_nothing_else(self) -> None:
        """Fail if a message was sent that no `assert_sent` of this test has named."""
        left = [one for one in self.messages if one.id not in self._named]
        if left:
            lines = ["sent, and no assertion of this test named it:", *map(_line, left)]
            lines.append("Assert it with gov_outbox.assert_sent(...), or mark the test gov_sandbox(strict=False).")
            pytest.fail("\n".join(lines), pytrace=False)

    def _given(self, **wanted: Any) -> dict[str, str]:
        """What an assertion asks for. Fails the test for what no message can have."""
        for name, value in wanted.items():
            if value is not None and not (isinstance(value, str) and value):
                pytest.fail(
                    f"gov_outbox: {name} is a text that is not empty, and this is {value!r}; leave it out to ask for "
                    "any",
                    pytrace=False,
                )
        kind, template = wanted.get("kind"), wanted.get("template")
        if kind is not None and kind not in _KINDS:
            pytest.fail(f"there is no kind {kind!r} of messages: give one of {', '.join(_KINDS)}", pytrace=False)
        to = wanted.get("to")
        if to is not None and (kind == "email" or (kind is None and "@" in to)) and not _is_address(to):
            pytest.fail(f"gov_outbox: no email goes to {to!r}: it is no address", pytrace=False)
        if template is not None:
            self._must_be_there(template)
        return {name: value for name, value in wanted.items() if value is not None}

    def _must_be_there(self, template: str) -> None:
        """Fail the test for a template that no provider has. One that does not tell its templates may have it."""
        senders = [one for one in self._simulator.providers if one.spec.component == "notify"]
        known = [one.stub.templates() for one in senders if isinstance(one.stub, KnowsTemplates)]
        if len(known) == len(senders) and not any(template in (*one, *one.values()) for one in known):
            names = ", ".join(sorted({repr(name) for one in known for name in one.values()}))
            has = f"it has {names}" if names else "its messages do not say from which they were made"
            pytest.fail(
                f"gov_outbox: {' and '.join(one.spec.name for one in senders) or 'nobody in this world'} has no "
                f"template {template!r}; {has}",
                pytrace=False,
            )

    def _not_so(
        self, told: dict[str, str], found: int, times: int, wanted: dict[str, str], contains: str | None
    ) -> str:
        lines = [f"{found} messages fit, and {times} should: {told}"]
        sent = self.messages
        if not sent:
            return "\n".join([*lines, "Nothing was sent."])
        lines.append("Sent were:")
        for one in sorted(sent, key=lambda one: len(_differs(one, wanted, contains))):
            lines.append(_line(one))
            lines += [f"      {difference}" for difference in _differs(one, wanted, contains)]
        return "\n".join(lines)


def _reached(to: str) -> str:
    """Who a recipient is, as providers read addresses and numbers; what they do not read is left as it is."""
    try:
        return email_address(to) if "@" in to else parse(to).digits
    except BadRecipient:
        return to


def _is_address(to: str) -> bool:
    try:
        email_address(to)
    except BadRecipient:
        return False
    return True


def _fits(message: OutboxMessage, name: str, value: str) -> bool:
    if name == "to":
        return value == message.to or _reached(value) == _reached(message.to)
    return value in (getattr(message, name), message.template_id if name == "template" else None)


def _differs(message: OutboxMessage, wanted: dict[str, str], contains: str | None) -> list[str]:
    found = [
        f"- {name}: {value!r}\n      + {name}: {getattr(message, name)!r}"
        for name, value in wanted.items()
        if not _fits(message, name, value)
    ]
    if contains is not None and contains not in f"{message.subject}\n{message.text}":
        found.append(f"- contains: {contains!r}")
    return found


def _line(message: OutboxMessage) -> str:
    return f"  {message.kind} to {message.to}: {message.template} ({message.reference or 'no reference'})"
