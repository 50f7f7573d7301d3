"""Faults of a test: what goes wrong at the provider, at which call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from govcomponents.pytest_plugin.arguments import telling_its_arguments
from govcomponents.sandbox.control.client import ControlRefused

if TYPE_CHECKING:
    from govcomponents.sandbox.control.models import ArmedFault
    from govcomponents.testing import Sandbox


class Faults:
    """The faults of the sandbox, by the names of its catalogue: `gov_faults.at("pay.create", "server_error")`.

    An operation is named by the method of the service that asks for it, which holds for every provider, or by the
    provider's own name for it.
    """

    def __init__(self, simulator: Sandbox) -> None:
        self._control = simulator.control
        self._components: dict[str, str] = {one.spec.section: one.spec.component for one in simulator.providers}
        self._armed: dict[str, ArmedFault] = {}

    @telling_its_arguments("gov_faults.at, and the mark gov_fault")
    def at(self, operation: str, fault: str, *, nth: int | None = None, times: int | None = None) -> None:
        """Let an operation of a provider fail: at its next call, its `nth` one, or its next `times` ones.

        Fails the test for a misspelt operation or fault, with the right names.
        """
        for name, given in {"operation": operation, "fault": fault}.items():
            if not isinstance(given, str):
                pytest.fail(
                    f"gov_faults.at, and the mark gov_fault: {name} is a text, such as "
                    f"{'pay.create' if name == 'operation' else 'server_error'}, and not of the type "
                    f"{type(given).__name__}",
                    pytrace=False,
                )
        known = self._control.catalogue()
        of_each = {name: {*own, *known.methods[name]} for name, own in known.operations.items()}
        provider = next((name for name, names in of_each.items() if operation in names), None)
        if provider is None:
            near = {name: names for name, names in of_each.items() if self._components[name] in operation.split(".")}
            told = ", ".join(sorted(name for names in (near or of_each).values() for name in names))
            pytest.fail(f"the sandbox has no operation {operation!r}; it has {told}", pytrace=False)
        if nth is None and times is None:
            times = 1
        problem = None
        try:
            armed = self._control.arm(provider, fault, operation=operation, nth=nth, times=times)
        except ControlRefused as error:
            problem = f"gov_faults.at, and the mark gov_fault: {error.happened}"
        if problem is not None:  # told here, where no other error is behind it
            pytest.fail(problem, pytrace=False)
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
