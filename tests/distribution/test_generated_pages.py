"""The pages that are made from the code are the ones that it makes now."""

from __future__ import annotations

import inspect
import runpy
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest

from .sources import ROOT

MAKERS = sorted([*(ROOT / "docs" / "architects").glob("make_*.py"), *(ROOT / "docs" / "reference").glob("make_*.py")])
PAGES = [(maker, name) for maker in MAKERS for name in runpy.run_path(str(maker))["PAGES"]]


@pytest.mark.parametrize(("maker", "name"), PAGES, ids=[f"{maker.stem}-{name}" for maker, name in PAGES])
def test_a_page_is_what_the_code_makes(maker: Path, name: str) -> None:
    make = runpy.run_path(str(maker))["PAGES"][name]
    told = f"run python {maker.relative_to(ROOT)}"
    assert (maker.parent / name).read_text(encoding="utf-8") == make(), told


def test_every_personal_field_is_in_the_inventory() -> None:
    inventory = runpy.run_path(str(ROOT / "docs" / "architects" / "make_data_inventory.py"))
    assert inventory["forgotten"]() == (set(), set())
    assert len(list(inventory["personal_fields"]())) > 60, "the search found hardly anything: is it looking at all?"


def test_licences_are_those_that_the_packages_name() -> None:
    known = runpy.run_path(str(ROOT / "docs" / "architects" / "make_dependencies.py"))["KNOWN"]
    told = {}
    for name in known:
        with suppress(PackageNotFoundError):
            told[name] = metadata(name).get("License-Expression")
    assert {name: licence for name, licence in told.items() if licence not in (None, known[name][0])} == {}
    assert len([licence for licence in told.values() if licence]) > 5, "hardly any package names its licence so"


def test_every_operation_of_the_three_services_has_its_place() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "reference" / "make_operations.py"))
    for component, (service, _) in made["SERVICES"].items():
        told = {
            one
            for name, page in made["DATA"]["pages"].items()
            if name.startswith(component)
            for one in page["operations"]
        }
        public = {name for name, one in inspect.getmembers(service, inspect.isroutine) if not name.startswith("_")}
        assert public == told, component
