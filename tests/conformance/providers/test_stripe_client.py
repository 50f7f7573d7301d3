"""Stripe's own Python client works, unmodified, with the Stripe stub over HTTP.

It runs as a process of its own from a throwaway virtual environment, and is no dependency of the package. Where it
cannot be installed this test is skipped and says so. GOVCOMPONENTS_STRIPE_PYTHON names an interpreter that has it.
"""

import json
import os
import subprocess
import venv
from pathlib import Path

import pytest

from govcomponents import GovComponents, Money
from govcomponents.sandbox import payer
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.server import serving

VERSION = "15.3.1"
KEY = "sk_test_stripe0client"
SECRET = "whsec_stripe0client0of0the0tests"
WORLD = {"stripe": {"secret_key": KEY}}
ENDPOINT = {"url": "https://permits.example.gov.uk/webhook", "secret": SECRET}


@pytest.fixture(scope="session")
def interpreter(tmp_path_factory):
    if ready := os.environ.get("GOVCOMPONENTS_STRIPE_PYTHON"):
        return Path(ready)
    folder = tmp_path_factory.mktemp("stripe-client")
    venv.create(folder, with_pip=True)
    command = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", f"stripe=={VERSION}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.skip(f"pip could not install stripe: {done.stderr[-300:]}")
    return folder / "bin" / "python"


def messages():
    """What the sandbox signs, for the client to verify."""
    with GovComponents.sandbox({"stripe": {"webhooks": [ENDPOINT]}}) as gov:
        payment = gov.pay.create(Money(4250), "PERMIT-1", "Permit", "https://permits.example.gov.uk/return")
        payer.pay_by_card(FormBrowser(gov.simulator.visit), payment.next_url.reveal())
        gov.pay.refund(payment.id, Money(100), available=Money(4250))
        made = gov.simulator.stripe.messages()
    for body, headers in made:
        yield json.dumps({"body": body.decode(), "signature": headers["Stripe-Signature"], "secret": SECRET})


def test_the_official_client_gets_what_it_expects(interpreter):
    with serving(WORLD) as server:
        script = Path(__file__).with_name("stripe_client.py")
        done = subprocess.run(
            [interpreter, script, server.base_url, KEY],
            input="\n".join(messages()),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
        )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == {
        "created": ["checkout.session", "open", 4250, "PERMIT-1"],
        "declined": 200,
        "paid": 303,
        "expanded": ["complete", "succeeded", True, 4167],
        "refunded": ["refund", "succeeded", 1000],
        "over_refund": ["InvalidRequestError", 400, None, "amount"],
        "refunds": [1000],
        "held": ["complete", "unpaid"],
        "captured": "succeeded",
        "captured_again": ["InvalidRequestError", 400, "payment_intent_unexpected_state", None],
        "found": [True],
        "expired": ["expired", ["InvalidRequestError", 400, None, None]],
        "listed": 15,
        "keyed": True,
        "key_reused": ["IdempotencyError", 400, None, None],
        "unknown_parameter": ["InvalidRequestError", 400, "parameter_unknown", "reference"],
        "not_found": ["InvalidRequestError", 404, "resource_missing", "session"],
        "wrong_key": ["AuthenticationError", 401, None, None],
        "disputes": 0,
        "events": [
            ["payment_intent.created", "payment_intent"],
            ["payment_intent.succeeded", "payment_intent"],
            ["checkout.session.completed", "checkout.session"],
            ["refund.created", "refund"],
        ],
    }
