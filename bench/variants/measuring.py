"""What the variants share: the email that all of them send, and how the CPU of a call is taken."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

URL = os.environ.get("BENCH_URL", "")
NOTIFY_KEY = "bench-a0000000-0000-4000-8000-000000000001-b0000000-0000-4000-8000-000000000011"
TEMPLATE = "f33517ff-2a88-4f6e-b855-c550268ce08a"
EMAIL = ("sam@example.com", TEMPLATE, {"name": "Sam", "amount": "£145.00"}, "RENEW-7-receipt")
EMAIL_BODY = (
    b'{"email_address":"sam@example.com","template_id":"f33517ff-2a88-4f6e-b855-c550268ce08a",'
    b'"personalisation":{"name":"Sam","amount":"\xc2\xa3145.00"},"reference":"RENEW-7-receipt"}'
)


BATCHES = 20


def cpu_of(call: Callable[[], object], count: int, *, warm_up: int = 50) -> None:
    """Print the CPU of one call in microseconds, user and system, as it was in the batch that was disturbed least."""
    for _ in range(warm_up):
        call()
    batches = []
    for _ in range(BATCHES):
        started = time.process_time()
        for _ in range(count // BATCHES):
            call()
        batches.append((time.process_time() - started) / (count // BATCHES))
    print(json.dumps({"cpu": min(batches) * 1e6}))


def choose(functions: dict[str, object]) -> None:
    """Run the function that the command line names."""
    function = functions[sys.argv[1]]
    assert callable(function)
    function()
