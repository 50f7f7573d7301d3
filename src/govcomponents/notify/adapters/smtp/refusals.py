"""A mail server's refusals as typed errors, each with how to fix it.

The server's text may hold the recipient's address, so it never shows; its codes do. A 4xx asks to come back later, a
5xx is final (RFC 5321, section 4.2.1); the middle number of an enhanced code says what it is about (RFC 3463).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from govcomponents.errors import CredentialsRefused, PermissionRefused, RequestRefused, Unavailable, UnexpectedReply
from govcomponents.notify.adapters.smtp.transport import ENHANCED, STAGE

if TYPE_CHECKING:
    from govcomponents.core.messages import Request, Response
    from govcomponents.errors import GovComponentsError

_LOGIN_NEEDED: Final = 530
_TOO_BIG: Final = 552


def refusal(response: Response, request: Request, provider: str) -> GovComponentsError:
    """The typed error for an answer that is not an acceptance. Nothing was sent, unless it is an UnexpectedReply."""
    status = response.status
    enhanced = response.header(ENHANCED)
    facts: dict[str, Any] = {
        "operation": request.operation,
        "provider": provider,
        "status": status,
        "code": enhanced,
    }
    stage = response.header(STAGE)
    if not 400 <= status < 600:
        return UnexpectedReply("the mail server's answer is none of SMTP", lookup=request.lookup, **facts)
    if status < 500:
        return _later(stage, facts)
    about = (enhanced or "").split(".")[1:2]
    if stage == "login" or status == _LOGIN_NEEDED:
        return CredentialsRefused(
            "the mail server wants a login, or refused it", fix="check USERNAME and PASSWORD", **facts
        )
    if status == _TOO_BIG or stage == "size":
        return RequestRefused("the email is too big for the mail server", fix="make it smaller", **facts)
    if stage == "sender":
        return PermissionRefused(
            "the mail server takes no email from this sender", fix="set SENDER to an address of this account", **facts
        )
    if stage == "recipient" and about == ["7"]:
        return PermissionRefused(
            "the mail server's rules do not allow this recipient",
            fix="log in with USERNAME and PASSWORD, or ask whoever runs the server to let this service send there",
            **facts,
        )
    if stage == "recipient":
        return RequestRefused("the mail server refused the recipient", field="to", fix="check the address", **facts)
    return RequestRefused(
        "the mail server refused the email for what it holds",
        fix="ask whoever runs the server for its rules; its log names this email",
        **facts,
    )


def _later(stage: str | None, facts: dict[str, Any]) -> Unavailable:
    if stage == "recipient":
        return Unavailable(
            "the mail server does not take email for the recipient now",
            fix="send it again in a few minutes: many servers turn a new sender away once",
            **facts,
        )
    return Unavailable("the mail server does not take the email now", fix="send it again in a few minutes", **facts)
