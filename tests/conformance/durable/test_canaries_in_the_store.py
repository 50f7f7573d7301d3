"""Nobody is kept or told of by the durable layer in any fault of the catalogue.

What `test_canary_in_the_store.py` does with none.
"""

from __future__ import annotations

import pytest

from canary.test_canary_in_the_store import (  # noqa: F401  # fixtures
    OPERATIONS,
    Store,
    assert_nobody_is_kept_or_told,
    server,
    store,
)
from canary.test_canary_over_http import Watched, watched  # noqa: F401  # a fixture
from govcomponents.sandbox.providers import fault_catalogue

LOCAL = {"when_hung", "status", "account", "limiter", "check", "migrate"}
COMMON = ("connection_dropped_after_acceptance", "malformed_response", "server_error", "key_revoked")
RARE = [
    fault.kind.name
    for fault in fault_catalogue().values()
    if {"pay", "notify"} & set(fault.providers) and fault.kind.name not in COMMON
]
CASES = [
    *((operation, fault) for operation in sorted(OPERATIONS.keys() - LOCAL) for fault in COMMON),
    *((operation, fault) for operation in ("notify.send_email", "pay.refund") for fault in RARE),
]


@pytest.mark.parametrize(("operation", "fault"), CASES)
def test_nobody_is_kept_or_told_of_in_any_fault(
    store: Store,  # noqa: F811  # the fixture's value
    watched: Watched,  # noqa: F811  # the fixture's value
    operation: str,
    fault: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for provider in {"pay", "notify"}.intersection(fault_catalogue()[fault].providers):
        store.service.sandbox.faults.arm(provider, fault)
    assert_nobody_is_kept_or_told(store, watched, operation, caplog, capsys)
