"""No key and nobody is seen in any fault of the catalogue: the operations that send, and the whole durable layer.

What `test_canary_over_http.py` does with the faults that come most, and `test_canary_in_the_store.py` with none.
"""

from __future__ import annotations

import logging

import pytest

from govcomponents.sandbox.providers import fault_catalogue
from test_canary import OPERATIONS
from test_canary_in_the_store import (  # fixtures
    OPERATIONS as OF_THE_STORE,
)
from test_canary_in_the_store import (
    Store,
    assert_nobody_is_kept_or_told,
)
from test_canary_over_http import Service, Watched, assert_nothing_leaked, service, watched  # noqa: F401  # fixtures

FEW = {"pay": ("pay.create", "pay.search"), "notify": ("notify.send_email",), "one_login": ("identity.complete",)}
CASES = [
    (operation, provider, fault.kind.name)
    for fault in fault_catalogue().values()
    for provider, operations in FEW.items()
    for operation in operations
    if provider in fault.providers
]
LOCAL = {"when_hung", "status", "account", "limiter", "check", "migrate"}
COMMON = ("connection_dropped_after_acceptance", "malformed_response", "server_error", "key_revoked")
RARE = [
    fault.kind.name
    for fault in fault_catalogue().values()
    if {"pay", "notify"} & set(fault.providers) and fault.kind.name not in COMMON
]
CASES_OF_THE_STORE = [
    *((operation, fault) for operation in sorted(OF_THE_STORE.keys() - LOCAL) for fault in COMMON),
    *((operation, fault) for operation in ("notify.send_email", "pay.refund") for fault in RARE),
]


@pytest.mark.parametrize(("operation", "provider", "fault"), CASES)
def test_nothing_leaks_in_any_fault(
    service: Service,  # noqa: F811  # the fixture's value
    watched: Watched,  # noqa: F811  # the same
    operation: str,
    provider: str,
    fault: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    where: dict[str, str] = {}
    if provider == "one_login":  # not at the pages, which the person must get
        (*_, last) = ("token", *fault_catalogue()[fault].kind.operations)
        where = {"operation": last}
    service.sandbox.faults.arm(provider, fault, **where)
    with caplog.at_level(logging.DEBUG):
        OPERATIONS[operation](service)
    assert_nothing_leaked(service, watched, caplog.text)


@pytest.mark.parametrize(("operation", "fault"), CASES_OF_THE_STORE)
def test_nobody_is_kept_or_told_of_in_any_fault(
    store: Store,
    watched: Watched,  # noqa: F811  # the fixture's value
    operation: str,
    fault: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for provider in {"pay", "notify"}.intersection(fault_catalogue()[fault].providers):
        store.service.sandbox.faults.arm(provider, fault)
    assert_nobody_is_kept_or_told(store, watched, operation, caplog, capsys)
