"""No key and nobody is seen: every operation in every fault of its provider, all instrumentations on.

What `test_canary_over_http.py` does with the faults that come most. It is one body, since a test for each case would
take most of its time to set the tools up. The two modes share the pairs of an operation and a fault as a chessboard's
colours do: each mode has every operation and every fault, and each pair is tried in one of them.
"""

from __future__ import annotations

import logging

import pytest

from canary.test_canary import OPERATIONS
from canary.test_canary_over_http import (  # noqa: F401  # fixtures
    Service,
    Watched,
    server,
    service,
    watched,
)
from govcomponents.contracts.modes import Mode
from govcomponents.sandbox.providers import fault_catalogue

PROVIDERS = {"pay": "pay", "notify": "notify", "identity": "one_login"}
HAVE_PAGES = ("one_login", "login_gov", "openid")  # which the person must get, so no fault is armed at them


def cases(provider: str) -> list[tuple[str, dict[str, str]]]:
    """The faults of a provider, and where each is armed."""
    found: list[tuple[str, dict[str, str]]] = []
    for fault in fault_catalogue().values():
        if provider in fault.providers:
            (*_, last) = ("token", *fault.kind.operations)
            found.append((fault.kind.name, {"operation": last} if provider in HAVE_PAGES else {}))
    return found


@pytest.mark.parametrize("component", PROVIDERS)
def test_nothing_leaks_in_any_operation_and_any_fault(
    service: Service,  # noqa: F811  # the fixture's value
    watched: Watched,  # noqa: F811  # the same
    component: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    provider, leaks, tried = PROVIDERS[component], [], 0
    operations = [name for name in OPERATIONS if name.startswith(f"{component}.")]
    mine = service.mode is Mode.BLOCKING
    for row, (fault, where) in enumerate(cases(provider)):
        for operation in operations[(row + mine) % 2 :: 2]:
            service.sandbox.faults.arm(provider, fault, **where)
            with caplog.at_level(logging.DEBUG):
                service.told.is_lacking = False
                OPERATIONS[operation](service)
            service.sandbox.faults.clear()
            traced = watched.traced()
            assert "govcomponents." in traced or service.told.is_lacking  # our own observers watched
            service.told.texts += [watched.reported(), traced, caplog.text]
            leaks += [(operation, fault, canary) for canary in service.told.found()]
            service.told.texts.clear()
            caplog.clear()
            tried += 1
        service.sandbox.reset()
    service.told.texts.append(watched.counted())
    assert service.told.found() == set()
    assert leaks == []
    assert tried == len(operations) * len(cases(provider)) / 2 > 50  # an even number of either
    assert service.errors > tried / 4  # the faults were there
