"""Harbour Pay keeps the contract of govcomponents, against a double that behaves as its documentation says."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

from govcomponents import Money
from govcomponents.adapters import PaySettings, Request, Response
from govcomponents.pay import PaymentStatus
from govcomponents.testing import InProcessTransport, PayDouble, PaySubject, PaySuite
from harbour_pay.adapter import HarbourPay

SECRET = "canary-client-secret"
BASIC = "Basic " + base64.b64encode(f"licences:{SECRET}".encode()).decode()


class InMemoryHarbourPay:
    """Harbour Pay, as its documentation describes it."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0
        self.tokens: dict[str, float] = {}
        self.payments: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.answered: dict[str, tuple[tuple[str, bytes | None], Response]] = {}

    def handle(self, request: Request) -> Response:
        path = "/" + request.url.partition("://")[2].partition("/")[2]
        if path == "/oauth/token":
            return self.give_token(request)
        if self.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "), 0) <= self.now:
            return self.refuse(401, "BAD_TOKEN")
        key, asked = request.headers.get("Idempotency-Key"), (path, request.body)
        if key in self.answered:
            before, answer = self.answered[key]
            return answer if before == asked else self.refuse(409, "KEY_REUSED")
        answer = self.act(path.split("/")[3:], json.loads(request.body or b"{}"))
        if key and answer.status < 300:
            self.answered[key] = asked, answer
        return answer

    def give_token(self, request: Request) -> Response:
        if request.headers["Authorization"] != BASIC or request.body != b"grant_type=client_credentials":
            return self.refuse(401, "BAD_CLIENT")
        token = f"canary-token-{len(self.tokens)}"
        self.tokens[token] = self.now + 300
        return self.answer({"access_token": token, "token_type": "Bearer", "expires_in": 300})

    def act(self, names: list[str], body: dict[str, Any]) -> Response:
        if not names:
            name = f"hp{len(self.payments)}"
            url = f"https://harbour-pay.example/canary-approve/{name}"
            new = {"id": name, "state": "AWAITING_APPROVAL", "created": self.time(), "approve_url": url, "refunded": 0}
            self.payments[name] = {**new, "ends": self.now + 1800, **body}
            return self.answer(self.payments[name])
        if names[0] not in self.payments:
            return self.refuse(404, "NO_SUCH_PAYMENT")
        payment = self.payments[names[0]]
        action = names[1] if len(names) > 1 else ""
        if action == "capture" and payment["state"] == "APPROVED":
            payment["state"] = "CAPTURED"
        elif action == "void" and payment["state"] in {"AWAITING_APPROVAL", "APPROVED"}:
            payment["state"] = "VOIDED"
        elif names[2:]:
            return (
                self.answer(self.refunds[names[2]]) if names[2] in self.refunds else self.refuse(404, "NO_SUCH_REFUND")
            )
        elif action == "refunds" and payment["state"] == "CAPTURED":
            return self.give_back(payment, body["minor"])
        elif action:
            return self.refuse(409, "NOT_OPEN")
        return self.answer(payment)

    def give_back(self, payment: dict[str, Any], minor: int) -> Response:
        if payment["refunded"] + minor > payment["minor"]:
            return self.refuse(409, "TOO_MUCH")
        payment["refunded"] += minor
        name = f"hr{len(self.refunds)}"
        self.refunds[name] = {
            "id": name, "payment": payment["id"], "state": "DONE", "minor": minor, "currency": payment["currency"],
            "created": self.time(),
        }  # fmt: skip
        return self.answer(self.refunds[name])

    def time(self) -> str:
        return datetime.fromtimestamp(self.now, UTC).isoformat()

    def refuse(self, status: int, code: str) -> Response:
        return Response(status, {"content-type": "application/json"}, json.dumps({"code": code}).encode())

    def answer(self, body: object) -> Response:
        return Response(200, {"content-type": "application/json"}, json.dumps(body).encode())

    def approve(self, url: str) -> None:
        self.payments[url.rpartition("/")[2]]["state"] = "APPROVED"

    def decline(self, url: str) -> None:
        self.payments[url.rpartition("/")[2]]["state"] = "REFUSED"

    def later(self, seconds: float) -> None:
        self.now += seconds
        for payment in self.payments.values():
            if payment["state"] == "AWAITING_APPROVAL" and payment["ends"] <= self.now:
                payment["state"] = "EXPIRED"

    def captured(self) -> int:
        return sum(payment["state"] == "CAPTURED" for payment in self.payments.values())


def connect() -> PayDouble:
    provider = InMemoryHarbourPay()
    return PayDouble(
        transport=InProcessTransport(provider.handle, provider.later),
        clock=lambda: provider.now,
        pay=provider.approve,
        decline=provider.decline,
        later=provider.later,
        payments=lambda: len(provider.payments),
        refunds=lambda: len(provider.refunds),
        captured=provider.captured,
    )


class TestHarbourPay(PaySuite):
    subject = PaySubject(
        build=lambda runtime: HarbourPay.from_settings(
            PaySettings.model_validate({"client_id": "licences", "client_secret": SECRET}), runtime
        ),
        connect=connect,
        create={
            "amount": Money.gbp("145.00"),
            "reference": "RENEW-7",
            "description": "Renew a licence",
            "return_url": "https://service.example.gov.uk/canary-return",
            "idempotency_key": "renew-7",
        },
        bad_input=({"metadata": {"a": "b"}}, {"reference": "R" * 65}),
        declined=PaymentStatus.FAILED,
        expires_after=1801,
        canaries=(SECRET, BASIC, "canary-token", "canary-approve", "canary-return"),
    )
