"""Messages that were sent to people in a test, with assertions that say what there was instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcomponents.sandbox.plugins.outbox import OutboxMessage
    from govcomponents.testing import Sandbox


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

        `to` is the recipient, `template` the template's name at the provider or its id, `kind` is "email", "sms" or
        "letter", `contains` a part of the subject or of the text.
        """
        wanted = _given(to=to, template=template, kind=kind, reference=reference)
        found = [one for one in self.messages if not _differs(one, wanted, contains)]
        self._named.update(one.id for one in found)
        if len(found) != times or not found:
            told = dict(wanted) | ({"contains": contains} if contains else {})
            pytest.fail(self._not_so(told, len(found), times, wanted, contains), pytrace=False)
        return found[-1]

    def assert_not_sent(self, *, to: str | None = None, template: str | None = None, kind: str | None = None) -> None:
        """Fail if a message fits."""
        wanted = _given(to=to, template=template, kind=kind)
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


def _given(**wanted: str | None) -> dict[str, str]:
    return {name: value for name, value in wanted.items() if value is not None}


def _differs(message: OutboxMessage, wanted: dict[str, str], contains: str | None) -> list[str]:
    found = [
        f"- {name}: {value!r}\n      + {name}: {getattr(message, name)!r}"
        for name, value in wanted.items()
        if value not in (getattr(message, name), message.template_id if name == "template" else None)
    ]
    if contains is not None and contains not in f"{message.subject}\n{message.text}":
        found.append(f"- contains: {contains!r}")
    return found


def _line(message: OutboxMessage) -> str:
    return f"  {message.kind} to {message.to}: {message.template} ({message.reference or 'no reference'})"
