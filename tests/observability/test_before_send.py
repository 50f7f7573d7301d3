"""The documented `before_send` leaves nobody in what Sentry's SDK sends of a service's own frames and requests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sentry_sdk
from flask import Flask
from sentry_sdk.integrations.flask import FlaskIntegration
from sentry_sdk.transport import Transport

from govcomponents import GovComponents, Money

PAGE = Path(__file__).parents[2] / "docs" / "privacy.md"
EMAIL, CODE = "canary.person@example.com", "canary-code-7d1f"


class InMemory(Transport):
    """Keeps what Sentry's SDK would send."""

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(options)
        self.sent: list[Any] = []

    def capture_envelope(self, envelope: Any) -> None:
        self.sent += [item.payload.json for item in envelope.items if item.payload.json]


def documented() -> Callable[..., Any]:
    (example,) = [
        code for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL) if "def before_send" in code
    ]
    names: dict[str, Any] = {}
    exec(compile(example, str(PAGE), "exec"), names)
    return names["before_send"]


def pay(gov: GovComponents, email: str) -> None:
    gov.pay.create(Money.gbp("1.00"), "R", "D", "https://service.example.gov.uk/back", email=email)


def sent_with(before_send: Callable[..., Any] | None) -> str:
    """What is sent when a payment fails in a view, of a request with a code in its query, and of a message."""
    sentry_sdk.init(
        dsn="https://key@sentry.invalid/1",
        transport=InMemory,
        before_send=before_send,
        attach_stacktrace=True,
        integrations=[FlaskIntegration()],
    )
    transport = sentry_sdk.get_client().transport
    assert isinstance(transport, InMemory)
    app = Flask("service")

    @app.route("/callback")
    def view() -> str:
        email = EMAIL
        with GovComponents.sandbox() as gov:
            gov.simulator.control.arm("pay", "connection_dropped_before_acceptance")
            sentry_sdk.capture_message("paying")
            pay(gov, email)
        return ""

    try:
        given = app.test_client().get(f"/callback?code={CODE}")
        assert given.status_code == 500
    finally:
        sentry_sdk.init()
    assert len(transport.sent) >= 2
    return json.dumps(transport.sent, default=str)


def test_nobody_and_no_code_is_sent() -> None:
    sent = sent_with(documented())
    assert EMAIL not in sent
    assert CODE not in sent
    assert "NotSent" in sent or "Unavailable" in sent


def test_without_it_both_are_sent() -> None:
    """So that it is seen when Sentry's SDK changes what it sends, and the test above tests nothing any more."""
    sent = sent_with(None)
    assert EMAIL in sent
    assert CODE in sent


def test_what_it_is_given_may_lack_every_part() -> None:
    before_send = documented()
    for event in ({}, {"exception": None}, {"exception": {"values": None}}, {"exception": {"values": [{}]}}):
        assert before_send(event, {}) is event
