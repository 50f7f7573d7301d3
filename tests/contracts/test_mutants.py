"""The lists of mistakes fit the sources, and name tests of the kit; `make conformance` makes each mistake."""

from __future__ import annotations

import ast
from functools import cache
from importlib import import_module

import pytest

from govcomponents.testing import IdentitySuite, NotifySuite, PaySuite
from mutants.mistakes import ROOT, adapters

ADAPTERS = adapters()
OF_THE_PACKAGE = {
    name: component
    for component in ("pay", "notify", "identity")
    for name in import_module(f"govcomponents.{component}.adapters").BUILT_IN
}
OF_STRANGERS = {path.parent.name for path in (ROOT / "examples" / "adapters").glob("*/pyproject.toml")}
KIT = {name for suite in (PaySuite, NotifySuite, IdentitySuite) for name in dir(suite) if name.startswith("test_")}


LEAST = 25


@cache
def meaning(source):
    """What a source says, without its comments and layout."""
    return ast.dump(ast.parse(source))


def test_every_adapter_has_its_list():
    assert set(ADAPTERS) == set(OF_THE_PACKAGE) | OF_STRANGERS


@pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=lambda one: one.name)
def test_a_list_is_long_enough_and_says_each_mistake_once(adapter):
    assert len(adapter.mistakes) >= LEAST
    assert len({one.told for one in adapter.mistakes}) == len(adapter.mistakes)
    assert len({(one.file, one.old, one.new) for one in adapter.mistakes}) == len(adapter.mistakes)


@pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=lambda one: one.name)
def test_each_mistake_fits_the_source_and_a_test_of_the_kit_is_named(adapter):
    for one in adapter.mistakes:
        assert meaning(one.source()) != meaning((ROOT / one.file).read_text("utf-8")), one.told
        assert one.caught_by in {"", *KIT}, one.told
        assert not (one.caught_by and one.unseen), one.told
