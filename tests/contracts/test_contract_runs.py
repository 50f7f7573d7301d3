"""The runs of the contract from which the tables of capabilities are made are those of the adapters as they are."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest

RUNS = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "contract_runs.json").read_text("utf-8"))
BUILT_IN = {
    name: (component, place)
    for component in ("pay", "notify", "identity")
    for name, place in import_module(f"govcomponents.{component}.adapters").BUILT_IN.items()
}
BY_SETTINGS = {"oidc"}  # what it can do is what its settings say


def test_there_is_a_run_of_each_built_in_adapter():
    assert {name: run["component"] for name, run in RUNS.items()} == {name: one[0] for name, one in BUILT_IN.items()}


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_all_that_an_adapter_declares_is_proved_and_all_else_is_refused(name):
    """To mend it after a change of what is declared: make contracts pages."""
    component, place = BUILT_IN[name]
    module, _, kind = place.partition(":")
    adapter = getattr(import_module(module), kind)
    run = RUNS[name]
    if name not in BY_SETTINGS:
        assert run["claimed"] == sorted(one.value for one in adapter.capabilities)
    assert (run["proved"], run["not_proved"], run["disproved"], run["failed"]) == (run["claimed"], [], [], 0)
    capabilities = import_module(f"govcomponents.{component}.capabilities")
    known = getattr(capabilities, f"{component.title()}Capability")
    assert sorted(run["claimed"] + run["refused"]) == sorted(one.value for one in known)
