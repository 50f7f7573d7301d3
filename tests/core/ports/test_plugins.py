from __future__ import annotations

import sys
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from govcomponents.core.driver import drive
from govcomponents.core.ports.doubt import UNKNOWABLE, Doubt, LookUp, OnAbsent
from govcomponents.core.ports.plugins import find_adapter
from govcomponents.core.ports.port import Port
from govcomponents.errors import ConfigurationError, NotSupported

if TYPE_CHECKING:
    from pathlib import Path

SETTING = "GOVCOMPONENTS_PAY__ADAPTER"
BUILT_IN = {
    "own": "core.ports.test_plugins:Own",
    "broken": "core.no_such_module:X",
    "odd": "core.ports.test_plugins:BUILT_IN",
}


class Own(Port):
    provider = "Own"


class Capability(StrEnum):
    SEND_EMAIL = "send_email"
    SEND_SMS = "send_sms"


class Able(Port):
    provider = "Able"
    capabilities = frozenset({Capability.SEND_EMAIL})


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Install a package with entry points, as pip would: a module and its dist-info on the path."""

    def make(package: str, entry_points: str, source: str = "from govcomponents.core.ports.port import Port") -> None:
        home = tmp_path / package
        home.mkdir()
        (home / f"{package}.py").write_text(source, encoding="utf-8")
        info = home / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[govcomponents.pay]\n{entry_points}\n", encoding="utf-8")
        monkeypatch.syspath_prepend(str(home))
        monkeypatch.delitem(sys.modules, package, raising=False)

    return make


PLUGIN = """
from govcomponents.core.ports.port import Port

class Theirs(Port):
    provider = "Theirs"
"""


def test_a_built_in_adapter_is_found() -> None:
    assert find_adapter(Port, "pay", "own", BUILT_IN, SETTING) is Own


def test_an_installed_package_brings_an_adapter(install: object) -> None:
    install("their_pay", "theirs = their_pay:Theirs", PLUGIN)
    assert find_adapter(Port, "pay", "theirs", BUILT_IN, SETTING).provider == "Theirs"


def test_a_built_in_adapter_cannot_be_shadowed(install: object) -> None:
    install("shadow_pay", "own = shadow_pay:Theirs", PLUGIN)
    assert find_adapter(Port, "pay", "own", BUILT_IN, SETTING) is Own


def test_a_name_that_nobody_has_is_told_with_those_that_there_are(install: object) -> None:
    install("their_other_pay", "theirs = their_other_pay:Theirs", PLUGIN)
    with pytest.raises(ConfigurationError, match="no pay adapter called 'stripey'") as caught:
        find_adapter(Port, "pay", "stripey", BUILT_IN, SETTING)
    assert caught.value.happened == "there is no pay adapter called 'stripey'"
    assert caught.value.fix.startswith(f"set {SETTING} to one of: broken, ")
    assert caught.value.fix.endswith("; or install the package that has it in its entry-point group govcomponents.pay")
    named = caught.value.fix.partition(": ")[2].partition(";")[0].split(", ")
    assert named == sorted(named)
    assert {"broken", "odd", "own", "theirs"} <= set(named)


def test_two_packages_that_claim_one_name_are_refused(install: object) -> None:
    install("first_pay", "theirs = first_pay:Theirs", PLUGIN)
    install("second_pay", "theirs = second_pay:Theirs", PLUGIN)
    with pytest.raises(ConfigurationError) as caught:
        find_adapter(Port, "pay", "theirs", BUILT_IN, SETTING)
    assert caught.value.happened == "2 installed packages claim the pay adapter name 'theirs'"
    assert caught.value.fix == "uninstall all but one of them"


def test_one_package_that_is_found_twice_is_one(install: object) -> None:
    install("twice_pay", "theirs = twice_pay:Theirs", PLUGIN)
    sys.path.insert(0, sys.path[0])
    assert find_adapter(Port, "pay", "theirs", BUILT_IN, SETTING).provider == "Theirs"


@pytest.mark.parametrize(
    ("source", "told"),
    [("import no_such_package_at_all", "ModuleNotFoundError"), ("x = 1", "AttributeError")],
)
def test_an_adapter_that_cannot_be_imported_names_its_package(install: object, source: str, told: str) -> None:
    install("needy_pay", "needy = needy_pay:Theirs", source)
    with pytest.raises(ConfigurationError) as caught:
        find_adapter(Port, "pay", "needy", BUILT_IN, SETTING)
    assert caught.value.happened == f"the pay adapter 'needy' cannot be imported ({told})"
    assert caught.value.fix == "install what its package needy_pay needs"


def test_a_module_within_a_package_is_told_by_its_package(install: object) -> None:
    install("deep_pay", "deep = deep_pay.adapters.one:Theirs")
    with pytest.raises(ConfigurationError) as caught:
        find_adapter(Port, "pay", "deep", BUILT_IN, SETTING)
    assert caught.value.fix == "install what its package deep_pay needs"


def test_a_built_in_adapter_whose_needs_are_missing_names_the_install_line() -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_adapter(Port, "pay", "broken", BUILT_IN, SETTING)
    assert caught.value.happened == "the pay adapter 'broken' needs core.no_such_module, which is not installed"
    assert caught.value.fix == 'pip install "govcomponents[all]"'


@pytest.mark.parametrize("name", ["odd", "another"])
def test_what_is_not_a_port_is_refused(name: str) -> None:
    built_in = BUILT_IN | {"another": "pathlib:Path"}
    with pytest.raises(ConfigurationError) as caught:
        find_adapter(Port, "pay", name, built_in, SETTING)
    assert caught.value.happened == f"the pay adapter {name!r} is not a Port class"
    assert caught.value.fix == "point its entry point at the adapter class"


def test_a_port_refuses_what_it_does_not_declare() -> None:
    able = Able()
    able.require(Capability.SEND_EMAIL, operation="notify.send_email")
    with pytest.raises(NotSupported, match="send sms") as caught:
        able.require(Capability.SEND_EMAIL, Capability.SEND_SMS, operation="notify.send_sms")
    assert (caught.value.operation, caught.value.provider) == ("notify.send_sms", "Able")
    assert caught.value.capability == "send sms"
    assert able.unsupported(Capability.SEND_SMS).operation == ""
    with pytest.raises(NotSupported) as unnamed:
        able.require(Capability.SEND_SMS)
    assert unnamed.value.operation == ""


def test_an_adapter_must_say_how_it_is_built() -> None:
    with pytest.raises(NotImplementedError, match=r"^Own does not say how it is built$"):
        Own.from_settings(None, None)


def test_an_adapter_says_what_is_known_of_each_doubt() -> None:
    class Knowing(Port):
        provider = "Knowing"
        doubts = MappingProxyType({"pay.create": Doubt(look_up=LookUp.REFERENCE)})

    assert Knowing().doubt("pay.create").look_up is LookUp.REFERENCE
    assert Knowing().doubt("pay.refund") == UNKNOWABLE == Doubt(look_up=LookUp.NONE, on_absent=OnAbsent.GIVE_UP)


def test_a_port_without_a_read_says_so_when_it_is_checked() -> None:
    with pytest.raises(NotSupported) as caught:
        drive(Able().check())
    assert (caught.value.capability, caught.value.provider) == ("asking whether it works", "Able")
    assert caught.value.operation == "check"
