"""What the tests of notify share: the adapter over a sandbox or over a script, for blocking callers."""

import json

from govcomponents.core.http.messages import Response
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.notify.adapters.govuk_notify.adapter import GovUkNotify
from govcomponents.notify.policy import Policy
from govcomponents.notify.service import NotifyService
from govcomponents.sandbox.app import Sandbox
from govcomponents.settings import NotifySettings

NOW = 1_700_000_000.0
SERVICE = "5ab1ec0d-0000-4000-8000-000000000001"
TEST_KEY = f"demo-test-{SERVICE}-5ab1ec0d-5ec2-4000-8000-000000000001"
LIVE_KEY = f"demo-live-{SERVICE}-5ab1ec0d-5ec2-4000-8000-000000000002"
TEAM_KEY = f"demo-team-{SERVICE}-5ab1ec0d-5ec2-4000-8000-000000000003"
EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"
TEXT = "5ab1ec0d-0000-4000-8000-000000000102"
LETTER = "5ab1ec0d-0000-4000-8000-000000000103"
FILE = "5ab1ec0d-0000-4000-8000-000000000104"
VALUES = {"name": "Sam", "reference": "RENEW-7", "amount": "£145.00", "refund": False}
ADDRESS = ["Sam Example", "1 Example Street", "SW1A 1AA"]


def over(transport, *, clock=lambda: NOW, key=TEST_KEY, production=None, templates=None, retries=True, **settings):
    """The blocking service object over a transport."""
    runtime = Runtime(
        transport, clock=clock, retry=RetryPolicy() if retries else RetryPolicy.none(), is_production=production
    )
    chosen = NotifySettings(api_key=key, **settings)
    port = GovUkNotify.from_settings(chosen, runtime)
    policy = Policy.from_settings(chosen, runtime, templates)
    return NotifyService(port, runtime, policy=policy)


def on_sandbox(*, key=TEST_KEY, world=None, **settings):
    """A sandbox and the service object on it."""
    sandbox = Sandbox(world, now="2026-03-02T09:00:00Z")
    transport = InProcessTransport(sandbox.handle, sandbox.clock.advance)
    return sandbox, over(transport, clock=sandbox.clock.time, key=key, **settings)


def answer(status, body, **headers):
    """One answer for a script."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, headers, content)


def refused(status, kind, message, **headers):
    """An error in the provider's form."""
    return answer(status, {"status_code": status, "errors": [{"error": kind, "message": message}]}, **headers)


def scripted(*steps, **settings):
    """A script and the service object on it."""
    transport = ScriptedTransport(steps)
    return transport, over(transport, **settings)
