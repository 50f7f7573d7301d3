"""Results go out of FastAPI as they are: through `response_model`, with what is known of people masked."""

from __future__ import annotations

import asyncio
import json

import pytest
from fastapi import FastAPI

from govcomponents import GovComponents, Money
from govcomponents.notify.models import Sent
from govcomponents.pay.models import Payment

EMAIL = "canary-7d1f@example.com"


def _get(app: FastAPI, path: str) -> tuple[int, bytes]:
    """Ask an ASGI application as a server does."""
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
        "server": ("test", 80),
        "client": ("test", 1),
    }
    asyncio.run(app(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    return sent[0]["status"], body


@pytest.fixture(scope="module")
def app() -> FastAPI:
    app = FastAPI()
    with GovComponents.sandbox() as gov:
        url = "https://service.example.gov.uk/back"
        payment = gov.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", url, email=EMAIL)
        template = next(one for one in gov.notify.list_templates("email"))
        values = dict.fromkeys(template.placeholders, "x")
        sent = gov.notify.send_email(EMAIL, template.id, values, "RENEW-7-receipt")

    @app.get("/payment", response_model=Payment)
    def show_payment() -> Payment:
        return payment

    @app.get("/sent", response_model=Sent)
    def show_sent() -> Sent:
        return sent

    return app


@pytest.mark.parametrize("path", ["/payment", "/sent"])
def test_a_result_goes_through_response_model_masked(app: FastAPI, path: str) -> None:
    status, body = _get(app, path)
    assert status == 200
    shown = json.loads(body)
    assert shown["reference"].startswith("RENEW-7")
    assert shown["account"] == "default"
    assert "raw" not in shown
    assert EMAIL.encode() not in body
    assert b"[personal]" in body


def test_the_description_of_the_api_can_be_made(app: FastAPI) -> None:
    described = app.openapi()["components"]["schemas"]
    assert {"Payment", "Sent"} <= set(described)
    assert "raw" not in described["Payment"]["properties"]
