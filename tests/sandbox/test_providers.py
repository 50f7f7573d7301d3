"""A seventh provider: a package of its own, found by its entry point, and no line of it anywhere in the sandbox."""

from __future__ import annotations

import sys

import pytest

from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.control.client import ControlRefused
from govcomponents.sandbox.http.messages import Call
from govcomponents.sandbox.providers import BUILT_IN, find_spec
from govcomponents.sandbox.server import SandboxServer
from govcomponents.sandbox.world import default_world, load_world, with_callbacks_to

from .toy import Toy


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a package with entry points, as pip would: its dist-info is on the path."""

    def make(package, *entry_points):
        info = tmp_path / package / f"{package}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
        lines = "\n".join(entry_points)
        (info / "entry_points.txt").write_text(f"[govcomponents.sandbox]\n{lines}\n", encoding="utf-8")
        monkeypatch.setattr(sys, "path", [*sys.path, str(info.parent)])

    return make


@pytest.fixture
def toy(install):
    install("toybox", f"toy = {Toy.__module__}:SPEC")


@pytest.fixture
def sandbox(toy):
    return Sandbox(default_world("toy"))


def get(sandbox, path):
    return sandbox.respond(Call("GET", path, "", {}, b"", sandbox.base_url))


def test_it_is_built_from_its_section_of_the_world(sandbox):
    stub = sandbox.provider("toy")
    assert isinstance(stub, Toy)
    assert [(service.name, service.hook) for service in stub.world.services] == [("Toys", f"{sandbox.base_url}/hook")]
    assert get(sandbox, "/toy/things/first").body == b"first"
    assert get(sandbox, "/toys").status == 404


def test_its_section_may_be_wrong_or_hold_comments(toy):
    with pytest.raises(ConfigurationError, match=r"wrong at toy\.services\.0\.name"):
        Sandbox({"toy": {"services": [{}]}})
    assert Sandbox({"toy": {"$comment": "for people", "services": []}}).provider("toy").world.services == ()


def test_the_pages_and_the_control_api_show_it(sandbox):
    home = sandbox.visit(f"{sandbox.base_url}/").body.decode()
    assert "<h3>The Toy</h3>" in home
    assert "Starts at <code>/toy</code>" in home
    state = sandbox.control.state().providers["toy"]
    assert (state.present, state.facts[0].value) == (True, "Toys")
    catalogue = sandbox.control.catalogue()
    assert "get_thing" in catalogue.operations["toy"]
    real = next(fault.real for fault in catalogue.faults if fault.name == "rate_limited")
    assert real.startswith("429. GOV.UK Pay: ")
    assert real.endswith(" The Toy: slower.")
    assert '<optgroup label="The Toy">' in sandbox.visit(f"{sandbox.base_url}/_sandbox/faults").body.decode()


def test_its_faults_are_injected(sandbox):
    sandbox.control.arm("toy", "rate_limited", times=1)
    assert get(sandbox, "/toy").body == b'{"toy":"slower"}'
    assert sandbox.timeline.events()[-1].happened == "The fault rate_limited struck echo"
    sandbox.control.arm("toy", "toy_nonsense")
    assert get(sandbox, "/toy").status == 200
    assert get(sandbox, "/toy/things/1").body == b"toy_nonsense"
    sandbox.control.arm("toy", "malformed_response", operation="echo")
    assert get(sandbox, "/toy").body == b'{"half": '
    with pytest.raises(ControlRefused, match="no such fault of toy"):
        sandbox.control.arm("toy", "key_revoked")


def test_a_reset_builds_it_anew_or_leaves_it_out(sandbox):
    first = sandbox.provider("toy")
    sandbox.reset()
    assert sandbox.provider("toy") is not first
    sandbox.reset(world=default_world())
    with pytest.raises(ConfigurationError, match=r'no toy\. To fix: give the world a section "toy"'):
        sandbox.provider("toy")
    assert get(sandbox, "/toy").status == 404


def test_its_callbacks_go_where_all_go(toy):
    changed = with_callbacks_to(default_world("toy"), "https://service.example.gov.uk/cb")
    assert changed["toy"]["services"][0]["hook"] == "https://service.example.gov.uk/cb/toy"


def test_the_command_says_where_it_is(toy):
    from govcomponents.cli.sandbox import welcome

    server = SandboxServer(default_world("toy"))
    try:
        assert f"  The Toy           {server.base_url}/toy\n" in welcome(server, "127.0.0.1")
    finally:
        server.close()


def test_its_state_is_kept(toy, tmp_path):
    for count in (1, 2):
        sandbox = Sandbox(default_world("toy"), state=tmp_path / "state.db")
        sandbox.respond(Call("POST", "/toy/count", "", {}, b"", sandbox.base_url))
        assert sandbox.provider("toy").count == count
        sandbox.close()


def test_what_is_installed_does_not_change_the_default_world(toy):
    assert list(default_world()) == ["pay", "notify", "one_login"]


def test_an_unknown_section_is_refused_with_all_names(toy):
    with pytest.raises(
        ConfigurationError, match=r"unknown section 'toys'.*stripe, openid, login_gov, gc_notify, smtp, toy$"
    ):
        load_world({"toys": {}})


def test_no_package_shadows_a_built_in_provider(install):
    install("evil", f"pay = {Toy.__module__}:SPEC")
    assert find_spec("pay").name == "GOV.UK Pay"


def test_every_built_in_provider_is_found_by_its_section():
    for section in BUILT_IN:
        assert find_spec(section).section == section


@pytest.mark.parametrize(
    ("entry_points", "says"),
    [
        (("toy = no.such.module:SPEC",), r"cannot be imported \(ModuleNotFoundError\).*what its package no needs"),
        ((f"toy = {Toy.__module__}:NOTHING",), r"cannot be imported \(AttributeError\)"),
        ((f"toy = {Toy.__module__}:Toy",), "no provider of that section.*point it at a ProviderSpec"),
        ((f"other = {Toy.__module__}:SPEC",), "no provider of that section"),
    ],
)
def test_an_entry_point_that_leads_nowhere_is_refused(install, entry_points, says):
    install("broken", *entry_points)
    with pytest.raises(ConfigurationError, match=says):
        find_spec(entry_points[0].partition(" ")[0])


def test_two_packages_with_one_section_are_refused(install, toy):
    install("other", "toy = elsewhere:SPEC")
    with pytest.raises(ConfigurationError, match="2 installed packages claim the world's section 'toy'"):
        find_spec("toy")


def test_the_settings_of_a_world_with_every_provider_reach_each_of_them(monkeypatch):
    """As they are printed, with callbacks to one service: no two accounts may share what proves a callback."""
    from govcomponents import GovComponents
    from govcomponents.sandbox.providers import BUILT_IN
    from govcomponents.sandbox.server import serving
    from govcomponents.sandbox.world import default_world, merged_world

    world = merged_world(default_world(), {section: {} for section in BUILT_IN if section not in default_world()})
    with serving(world, callbacks_to="http://127.0.0.1:1/gov/events") as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        with GovComponents.from_settings() as gov:
            found = gov.check()
    assert [one.problem for one in found] == [None] * len(BUILT_IN)
