"""Faults of a test: what goes wrong at the provider, at which call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from govcomponents.sandbox.control.client import ControlRefused

if TYPE_CHECKING:
    from govcomponents.sandbox.control.models import ArmedFault
    from govcomponents.testing import Sandbox


class Faults:
    """The faults of the sandbox, by the names of its catalogue: `gov_faults.at("pay.create", "server_error")`."""

    def __init__(self, simulator: Sandbox) -> None:
        self._control = simulator.control
        self._armed: dict[str, ArmedFault] = {}

    def at(self, operation: str, fault: str, *, nth: int | None = None, times: int | None = None) -> None:
        """Let an operation of a provider fail: at its next call, its `nth` one, or its next `times` ones.

        Fails the test for a misspelt operation or fault, with the right names.
        """
        operations = self._control.catalogue().operations
        provider = next((name for name, known in operations.items() if operation in known), None)
        if provider is None:
            names = ", ".join(sorted(name for known in operations.values() for name in known))
            pytest.fail(f"the sandbox has no operation {operation!r}; it has {names}", pytrace=False)
        if nth is None and times is None:
            times = 1
        try:
            armed = self._control.arm(provider, fault, operation=operation, nth=nth, times=times)
        except ControlRefused as error:
            pytest.fail(error.happened, pytrace=False)
        self._armed[armed.id] = armed

    def clear(self) -> None:
        """Take all faults back: the provider is well again."""
        self._control.clear_faults()
        self._armed.clear()

    def assert_all_struck(self) -> None:
        """Fail the test if a fault that was armed never struck: then the test showed nothing of it."""
        left = [
            f"{one.fault} at {one.operation}"
            for one in self._control.faults()
            if one.id in self._armed and not one.injected
        ]
        if left:
            pytest.fail(f"armed, and never struck: {', '.join(left)}", pytrace=False)
