"""A payment and its receipt, without govcomponents: what the same service has after it left.

The functions are those of with_the_library.py. What the library did and this does not is on the page about leaving.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from collections.abc import Mapping
from decimal import Decimal

import jwt
import requests

PAY = os.environ["GOVCOMPONENTS_PAY__BASE_URL"]
PAY_KEY = os.environ["GOVCOMPONENTS_PAY__API_KEY"]
PAY_SECRET = os.environ["GOVCOMPONENTS_PAY__WEBHOOK_SECRETS"]
NOTIFY = os.environ["GOVCOMPONENTS_NOTIFY__BASE_URL"]
NOTIFY_KEY = os.environ["GOVCOMPONENTS_NOTIFY__API_KEY"]
SECONDS = 30  # between bytes, not for the whole call


class PayError(Exception):
    """An answer that is no success. Its text holds no URL, for a URL may hold a person's email address."""


def _pay(method: str, path: str, *, send: object = None, find: Mapping[str, str] | None = None) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {PAY_KEY}"}
    answer = requests.request(
        method, f"{PAY}{path}", json=send, params=find, headers=headers, timeout=SECONDS, allow_redirects=False
    )
    if not answer.ok:
        raise PayError(f"{method} gave {answer.status_code}")
    found = answer.json()
    if not isinstance(found, dict):
        raise PayError(f"{method} gave no object")
    return found


def _next_url(payment: dict[str, object]) -> str:
    links = payment["_links"]
    if not isinstance(links, dict) or not isinstance(links.get("next_url"), dict):
        raise PayError("the payment has no next page")
    return str(links["next_url"]["href"])


def begin(reference: str, pounds: str, back: str) -> tuple[str, str]:
    """Begin a payment: its id, and the page to send the person to."""
    wanted = {
        "amount": int(Decimal(pounds) * 100),
        "reference": reference,
        "description": "Renew a licence",
        "return_url": back,
    }
    try:
        payment = _pay("POST", "/v1/payments", send=wanted)
    except (requests.ConnectionError, requests.Timeout):  # it may have been made
        found = _pay("GET", "/v1/payments", find={"reference": reference})["results"]
        if not isinstance(found, list) or not found:
            raise
        payment = _pay("GET", f"/v1/payments/{found[0]['payment_id']}")
    return str(payment["payment_id"]), _next_url(payment)


def is_paid(payment_id: str) -> bool:
    """Whether the person has paid."""
    state = _pay("GET", f"/v1/payments/{payment_id}")["state"]
    return isinstance(state, dict) and state.get("status") == "success"


def paid_now(body: bytes, headers: Mapping[str, str]) -> str | None:
    """The id of the payment that a webhook tells of, if it is paid. Raises if it is not proved."""
    given = {name.lower(): value for name, value in headers.items()}.get("pay-signature", "")
    if not hmac.compare_digest(hmac.new(PAY_SECRET.encode(), body, hashlib.sha256).hexdigest(), given):
        raise PayError("the webhook is not proved")
    event = json.loads(body)
    return (
        event["resource_id"] if event["resource_type"].lower() == "payment" and is_paid(event["resource_id"]) else None
    )


def _notify(method: str, path: str, *, send: object = None, find: Mapping[str, str] | None = None) -> dict[str, object]:
    service, secret = NOTIFY_KEY[-73:-37], NOTIFY_KEY[-36:]
    token = jwt.encode({"iss": service, "iat": int(time.time())}, secret, algorithm="HS256")
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.request(
        method, f"{NOTIFY}{path}", json=send, params=find, headers=headers, timeout=SECONDS, allow_redirects=False
    )
    if not answer.ok:
        raise PayError(f"{method} gave {answer.status_code}")
    found = answer.json()
    return found if isinstance(found, dict) else {}


def send_receipt(to: str, template: str, values: Mapping[str, str], reference: str) -> str:
    """Send a receipt, once: the message's id."""
    known = _notify("GET", "/v2/notifications", find={"reference": reference})["notifications"]
    if isinstance(known, list) and known:
        return str(known[0]["id"])
    wanted = {"email_address": to, "template_id": template, "personalisation": dict(values), "reference": reference}
    return str(_notify("POST", "/v2/notifications/email", send=wanted)["id"])
