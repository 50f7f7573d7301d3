"""Many isolated sandboxes in one process, each under a prefix or a host name of its own."""

from __future__ import annotations

import re

import pytest
import requests

from govcomponents import GovComponents
from govcomponents.errors import ConfigurationError, NotFound
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.control.client import Control, ControlRefused
from govcomponents.sandbox.payer import pay_by_card
from govcomponents.sandbox.server import serving
from sandbox.people import create, sign_in


@pytest.fixture(scope="module")
def server():
    with serving(sign_in="page", snapshots=True) as running:
        yield running


@pytest.fixture
def control(server):
    made = Control.over_http(server.base_url)
    yield made
    for world in made.worlds():
        made.remove_world(world.name)


def test_each_has_its_own_people_payments_clock_faults_and_snapshots(server, control):
    one, two = (Control.over_http(control.add_world(name).base_url) for name in ("gw0", "gw1"))
    with (
        GovComponents.from_settings(server.worlds.all()["gw0"].settings()) as gov,
        GovComponents.from_settings(server.worlds.all()["gw1"].settings()) as other,
    ):
        payment = create(gov)
        assert "/worlds/gw0/" in payment.next_url.reveal()
        pay_by_card(FormBrowser.over_http(), payment.next_url.reveal())
        assert gov.pay.get(payment.id).is_paid
        started = gov.identity.start()
        assert gov.identity.complete(started.pending, sign_in(FormBrowser.over_http(), started.url)).email is not None
        with pytest.raises(NotFound):
            other.pay.get(payment.id)
        one.snapshot("paid")
        one.arm("pay", "server_error")
        one.advance(days=1)
    assert (two.faults(), two.timeline(), two.snapshots()) == ([], [], [])
    assert (control.faults(), control.timeline()) == ([], [])
    assert two.clock().now < one.clock().now
    assert server.base_url in {re.sub(r"/worlds/.*", "", world.base_url) for world in control.worlds()}


def test_every_link_of_its_pages_stays_in_it(server, control):
    world = control.add_world("gw0")
    with GovComponents.from_settings(server.worlds.all()["gw0"].settings()) as gov:
        create(gov)
        addresses = [gov.identity.start().url]
    seen = set()
    addresses.append(f"{world.base_url}/")
    while addresses and len(seen) < 60:
        url = addresses.pop()
        if url in seen:
            continue
        seen.add(url)
        answer = requests.get(url, timeout=10)
        assert answer.status_code == 200, url
        for link in re.findall(r'\s(?:href|action|src|data-live)="([^"#]+)"', answer.text):
            link = link.replace("&amp;", "&")
            assert link.startswith(("/worlds/gw0/", world.base_url, "data:", "?")), (url, link)
            if (
                link.startswith("/worlds/gw0/_sandbox/")
                and "/live" not in link
                and ' action="' + link not in answer.text
            ):
                addresses.append(server.base_url + link)
    assert len(seen) > 15
    form = requests.post(f"{world.base_url}/_sandbox/faults/clear", timeout=10, allow_redirects=False)
    assert form.headers["location"] == "/worlds/gw0/_sandbox/faults"


def test_one_by_host_is_for_clients_that_drop_a_prefix(server, control):
    world = control.add_world("gw2", by="host")
    port = server.base_url.rpartition(":")[2]
    assert world.base_url == f"http://gw2.localhost:{port}"

    def at(host):
        found = requests.get(f"{server.base_url}/_sandbox/api/state", headers={"host": host}, timeout=10)
        return found.json()["base_url"]

    assert at(f"gw2.localhost:{port}") == world.base_url
    assert at(f"gw9.localhost:{port}") == server.base_url
    assert at(f"127.0.0.1:{port}") == server.base_url
    stranger = requests.get(f"{server.base_url}/", headers={"host": "gw2.localhost.evil.example"}, timeout=10)
    assert stranger.status_code == 421
    assert requests.get(f"{server.base_url}/worlds/gw2/", timeout=10).status_code == 404


def test_what_cannot_be_had_is_told(server, control):
    control.add_world("gw0")
    with pytest.raises(ControlRefused, match="already"):
        control.add_world("gw0")
    with pytest.raises(ControlRefused) as refused:
        control.remove_world("gw7")
    assert refused.value.known == ("gw0",)
    with pytest.raises(ControlRefused, match="only the first"):
        Control.over_http(control.worlds()[0].base_url).add_world("deeper")
    with pytest.raises(ControlRefused, match="only the first"):
        Sandbox().control.add_world("gw0")
    for name in ("", "..", "A", "a.b", "-a", "a" * 33):
        with pytest.raises(ConfigurationError, match="no name"):
            server.worlds.add(name)
    assert "gw0" in requests.get(server.base_url, timeout=10).text
    control.remove_world("gw0")
    assert requests.get(f"{server.base_url}/worlds/gw0/", timeout=10).status_code == 404


def test_worlds_are_not_kept_in_the_state_file(tmp_path):
    for _ in range(2):
        with serving(state=tmp_path / "state.db", public_url="http://127.0.0.1:8910") as server:
            server.worlds.add("gw0")
            url = f"http://127.0.0.1:{server._listener.server_port}"
            added = requests.post(f"{url}/_sandbox/api/worlds", json={"name": "gw1"}, timeout=10)
            assert added.status_code == 201
