"""No key and nobody is seen in any fault of the catalogue, at the operations that send.

What `test_canary_over_http.py` does with the faults that come most.
"""

from __future__ import annotations

import logging

import pytest

from govcomponents.sandbox.providers import fault_catalogue
from test_canary import OPERATIONS
from test_canary_over_http import (  # noqa: F401  # fixtures
    Service,
    Watched,
    assert_nothing_leaked,
    server,
    service,
    watched,
)

FEW = {"pay": ("pay.create", "pay.search"), "notify": ("notify.send_email",), "one_login": ("identity.complete",)}
CASES = [
    (operation, provider, fault.kind.name)
    for fault in fault_catalogue().values()
    for provider, operations in FEW.items()
    for operation in operations
    if provider in fault.providers
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
