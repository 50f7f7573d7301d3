"""Faults of a mail server: how it turns recipients, logins and emails away, and how its answer is lost.

Sources: RFC 5321, section 4.2.3 (replies); RFC 3463 (enhanced codes); RFC 4954, section 6 (logins);
RFC 6647 (greylists).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from govcomponents.core.http.messages import Response
from govcomponents.sandbox.faults import catalogue as known

if TYPE_CHECKING:
    from collections.abc import Callable

LOGIN: Final = "smtp.login"
RECIPIENT: Final = "smtp.recipient"
CONTENT: Final = "smtp.content"
STEPS: Final = (LOGIN, RECIPIENT, CONTENT)
"""The steps of a conversation that a fault can be injected into, by name."""
METHODS: Final = {"notify.check": (LOGIN,), "notify.send_email": (CONTENT,), "notify.send_many": (CONTENT,)}
"""The methods of a service, each with the step by which it is done."""


def _reply(code: int, text: str) -> Callable[[], Response]:
    return lambda: Response(code, {}, text.encode())


def _kind(name: str, step: str, real: str, raises: str) -> known.FaultKind:
    return known.FaultKind(name, known.Effect.INSTEAD, real, raises, (step,))


FAULTS = (
    known.UNAVAILABLE.at(
        _reply(421, "4.3.2 The service is not available"), "A mail server: 421 to a command, and Unavailable."
    ),
    replace(known.SERVER_ERROR, operations=(RECIPIENT, CONTENT)).at(
        _reply(451, "4.3.0 Local error in processing"),
        "A mail server: 451 to a recipient or the content, and Unavailable.",
    ),
    _kind(
        "recipient_refused",
        RECIPIENT,
        "550 after RCPT TO: there is no such mailbox.",
        "RequestRefused, with the field to",
    ).at(_reply(550, "5.1.1 There is no such mailbox")),
    _kind(
        "greylisted",
        RECIPIENT,
        "451 after RCPT TO: many servers turn a new sender away once, and take the email a few minutes later.",
        "Unavailable; nothing was sent",
    ).at(_reply(451, "4.7.1 Greylisted, please try again later")),
    _kind(
        "mailbox_full",
        RECIPIENT,
        "552 after RCPT TO: the mailbox is full.",
        "RequestRefused, with the field to",
    ).at(_reply(552, "5.2.2 The mailbox is full")),
    _kind(
        "login_refused",
        LOGIN,
        "535 after AUTH: the name or the password is wrong, or the account was closed.",
        "CredentialsRefused",
    ).at(_reply(535, "5.7.8 The login is not right")),
    _kind(
        "content_refused",
        CONTENT,
        "554 after the final dot: a filter does not like what the email holds.",
        "RequestRefused",
    ).at(_reply(554, "5.7.1 The message was taken for spam")),
    replace(known.DROPPED_AFTER, operations=(CONTENT,)).at(
        None, "A mail server: after the final dot; OutcomeUnknown, and the email is on the outbox."
    ),
    replace(known.DROPPED_BEFORE, operations=(CONTENT,)).at(
        None, "A mail server: after the final dot, and it keeps nothing; OutcomeUnknown."
    ),
)
