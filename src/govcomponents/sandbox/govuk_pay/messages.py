"""Webhooks of the imitated GOV.UK Pay: made and signed as events happen, sent with the documented retries.

They are sent when `deliver` is called, so that tests and demonstrations say when: those that the sandbox's clock has
made due go out, and a failed one is due again 1 minute, 5 minutes, 1 hour, 1 day and 2 days later (GOV.UK Pay docs:
webhooks; pay-webhooks, SendAttempter).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from govcomponents.pay.adapters.govuk_pay.callbacks import sign
from govcomponents.sandbox.govuk_pay import answers

if TYPE_CHECKING:
    from govcomponents.sandbox.govuk_pay.store import Account, Charge
    from govcomponents.sandbox.govuk_pay.world import Webhook
    from govcomponents.sandbox.ground import Ground

RETRY_AFTER: Final = (60.0, 300.0, 3600.0, 86_400.0, 172_800.0)
Sender = Callable[[str, dict[str, str], bytes], int]
"""Posts a body with headers to a URL and returns the answer's status; it may raise OSError."""

_STATUS_NAMES: Final = {"P0010": "declined", "P0020": "timedout", "P0030": "cancelled"}


@dataclass(slots=True)
class Message:
    """One message to one receiver: what is sent, when it is due, and what the attempts got (0 for no answer)."""

    id: str
    event_type: str
    payment_id: str
    webhook: Webhook
    body: bytes
    due_at: float
    attempts: list[int] = field(default_factory=list)
    finished: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """What goes along: the signature with the receiver's present secret."""
        return {"Content-Type": "application/json", "Pay-Signature": sign(self.body, self.webhook.secret)}


class Messages:
    """Every message, sent or not."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self.all: list[Message] = []

    def add(self, account: Account, charge: Charge, event_type: str, at: float) -> None:
        """Make a message of an event for each receiver that wants it."""
        for webhook in account.service.webhooks:
            if event_type not in webhook.events:
                continue
            identifier = self._ground.ids.base32()
            body = json.dumps(
                {
                    "webhook_message_id": identifier,
                    "created_date": answers.moment(at),
                    "resource_id": charge.id,
                    "api_version": 1,
                    "resource_type": "PAYMENT",
                    "event_type": event_type,
                    "resource": _resource(charge, account.service.payment_provider),
                },
                ensure_ascii=False,
                separators=(",", ":"),
            ).encode()
            self.all.append(Message(identifier, event_type, charge.id, webhook, body, at))

    def due(self) -> list[Message]:
        """Those that should have been sent by now, in the order of their times."""
        now = self._ground.clock.time()
        return sorted(
            (message for message in self.all if not message.finished and message.due_at <= now),
            key=lambda message: message.due_at,
        )

    def attempt(self, message: Message, send: Sender) -> None:
        """Send one message once, and say when it is due again if that failed."""
        if not message.webhook.active:
            message.finished = True
            return
        try:
            status = send(message.webhook.url, message.headers, message.body)
        except OSError:
            status = 0
        message.attempts.append(status)
        failures = len(message.attempts)
        if 200 <= status < 300 or failures > len(RETRY_AFTER):
            message.finished = True
        else:
            message.due_at = self._ground.clock.time() + RETRY_AFTER[failures - 1]


def arranged(messages: Iterable[Message], *, twice: bool, backwards: bool) -> list[Message]:
    """Put messages into the order in which they are to arrive: each twice, or the newest first."""
    ordered = list(messages)
    if backwards:
        ordered.reverse()
    return [message for message in ordered for _ in range(2 if twice else 1)]


def _resource(charge: Charge, provider: str) -> dict[str, Any]:
    """A payment as webhooks show it: other names of the statuses, no links, no mode."""
    shown = answers.payment_core(charge, provider)
    state = shown["state"]
    if charge.status in ("failed", "cancelled"):
        # The first match wins there, so a service's own cancel is labelled as the person's.
        code = "P0030" if charge.code == "P0040" else charge.code
        named = _STATUS_NAMES.get(code or "", charge.status)
        shown["state"] = {"status": named, "finished": True, "code": code, "message": state["message"]}
    if charge.card is not None:
        shown["card_details"] = answers.card_details(charge.card, wallet=False)
    shown["authorisation_summary"] = {"three_d_secure": {"required": charge.three_d_secure}}
    return shown


def post_over_http(url: str, headers: dict[str, str], body: bytes) -> int:
    """Post with requests, following no redirect; 3 seconds to connect and 3 to answer."""
    import requests

    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(url, data=body, headers=headers, timeout=(3, 3), allow_redirects=False)
        return answer.status_code
