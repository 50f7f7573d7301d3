"""PalPay's adapter passes the contract over an in-memory PalPay, for both callers."""

from __future__ import annotations

import base64
import json

from govcomponents import Money
from govcomponents.adapters import PaySettings, Response
from govcomponents.testing import InProcessTransport, PayDouble, PaySubject, PaySuite

from .palpay import PalPay

CLIENT, SECRET = "client-1", "canary-client-secret"
SETTINGS = PaySettings(adapter="palpay", client_id=CLIENT, api_key=SECRET)


class InMemoryPalPay:
    """PalPay as its documentation describes it, for one account."""

    def __init__(self):
        self.orders, self.refunds, self.answers = {}, {}, {}
        self.now = 1_790_000_000.0
        self.tokens = {}

    def wait(self, seconds):
        self.now += seconds

    def handle(self, request):
        path = request.url.removeprefix("https://api.palpay.example")
        sent = dict(request.headers)
        if path == "/v1/oauth2/token":
            return self.token(sent["Authorization"])
        if self.tokens.get(sent.get("Authorization", ""), 0) <= self.now:
            return answer(401, {"error": "invalid_token"})
        key = sent.get("PalPay-Request-Id")
        if (key, path) not in self.answers or key is None:
            self.answers[key, path] = self.act(request.method, path.split("/")[2:], json.loads(request.body or b"{}"))
        return self.answers[key, path]

    def token(self, authorization):
        if authorization != "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode():
            return answer(401, {"error": "invalid_client"})
        token = f"canary-token-{len(self.tokens)}"
        self.tokens[f"Bearer {token}"] = self.now + 900
        return answer(200, {"access_token": token, "expires_in": 900})

    def act(self, method, path, body):
        match method, path:
            case "POST", ["checkout", "orders"]:
                name = f"ORDER{len(self.orders)}"
                link = {"rel": "approve", "href": f"https://palpay.example/canary-approve/{name}"}
                self.orders[name] = {"id": name, "status": "CREATED", "links": [link], **body}
                return answer(201, self.orders[name])
            case "GET", ["checkout", "orders", name] if name in self.orders:
                return answer(200, self.orders[name])
            case "POST", ["checkout", "orders", name, "capture"] if name in self.orders:
                order, (unit,) = self.orders[name], self.orders[name]["purchase_units"]
                if order["status"] != "APPROVED":
                    return refusal(422, "ORDER_ALREADY_CAPTURED")
                capture = {"id": f"{name}CAPTURE", "status": "COMPLETED", "amount": unit["amount"]}
                order["status"], unit["payments"] = "COMPLETED", {"captures": [capture], "refunds": []}
                return answer(201, order)
            case "POST", ["payments", "captures", capture, "refund"]:
                (unit,) = self.orders[capture.removesuffix("CAPTURE")]["purchase_units"]
                given = sum(float(refund["amount"]["value"]) for refund in unit["payments"]["refunds"])
                if given + float(body["amount"]["value"]) > float(unit["amount"]["value"]):
                    return refusal(422, "REFUND_AMOUNT_EXCEEDED")
                name = f"REFUND{len(self.refunds)}"
                self.refunds[name] = {"id": name, "status": "COMPLETED", **body}
                unit["payments"]["refunds"].append(self.refunds[name])
                return answer(201, self.refunds[name])
            case "GET", ["payments", "refunds", name] if name in self.refunds:
                return answer(200, self.refunds[name])
        return refusal(404, "INVALID_RESOURCE_ID")

    def approve(self, url):
        self.orders[url.rpartition("/")[2]]["status"] = "APPROVED"

    def captured(self):
        return sum(order["status"] == "COMPLETED" for order in self.orders.values())


def answer(status, body):
    return Response(status, {"content-type": "application/json"}, json.dumps(body).encode())


def refusal(status, issue):
    return answer(status, {"name": "ERROR", "details": [{"issue": issue}]})


def connect():
    palpay = InMemoryPalPay()
    return PayDouble(
        transport=InProcessTransport(palpay.handle, palpay.wait),
        clock=lambda: palpay.now,
        pay=palpay.approve,
        payments=lambda: len(palpay.orders),
        refunds=lambda: len(palpay.refunds),
        captured=palpay.captured,
        later=palpay.wait,
    )


class TestPalPay(PaySuite):
    subject = PaySubject(
        build=lambda runtime: PalPay.from_settings(SETTINGS, runtime),
        connect=connect,
        create={
            "amount": Money.gbp("145.00"),
            "reference": "RENEW-7",
            "description": "Renew a licence",
            "return_url": "https://service.example.gov.uk/return/canary-return",
        },
        bad_input=[{"metadata": {"cost_centre": "a"}}, {"extra": {"note": "a"}}],
        canaries=(SECRET, "canary-token", "canary-approve", "canary-return"),
    )
