"""The control API and its typed client: the same in process and over HTTP."""

from __future__ import annotations

import http.client
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from govcomponents import InvalidInput, Money
from govcomponents.components import GovComponents
from govcomponents.errors import ConfigurationError, NotSent
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.callbacks.posting import Callback, DeliveryRule
from govcomponents.sandbox.control.client import Control, ControlRefused
from govcomponents.sandbox.http.messages import Call
from govcomponents.sandbox.server import serving

NOW = "2026-03-02T09:00:00Z"
RULE = DeliveryRule(1, (), lambda status: status == 200, lambda status: False)
CALLBACK = Callback("pay", "captured", "http://127.0.0.1:1/hook", {}, b"{}", RULE, "RENEW-7")


@pytest.fixture(params=["in process", "over HTTP"])
def gov(request):
    if request.param == "in process":
        with GovComponents.sandbox(now=NOW) as made:
            made.control = made.simulator.control
            yield made
    else:
        with serving(now=NOW) as server, GovComponents.from_settings(server.sandbox.settings()) as made:
            made._simulator = server.sandbox
            made.control = Control.over_http(server.base_url + "/")
            yield made


@pytest.fixture
def sandbox(gov):
    return gov.simulator


@pytest.fixture
def control(gov):
    return gov.control


def pay(gov):
    return gov.pay.create(Money.gbp("10.00"), "RENEW-7", "Renew a licence", "https://service.example.gov.uk/back")


def test_the_state_at_a_glance(sandbox, control):
    state = control.state()
    assert state.base_url == sandbox.base_url
    assert (state.seed, state.faults, state.events) == (0, 0, 0)
    assert state.clock.now == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert set(state.providers) == {"pay", "notify", "one_login"}
    assert all(provider.present and provider.facts for provider in state.providers.values())
    assert state.callbacks == {"waiting": 0, "delivered": 0, "given_up": 0}


def test_reset_forgets_and_begins_from_the_seed(gov, control):
    first = pay(gov).id
    assert pay(gov).id != first
    control.arm("pay", "server_error")
    control.advance(days=1)
    state = control.reset()
    assert (state.events, state.faults, state.clock.now) == (0, 0, datetime(2026, 3, 2, 9, tzinfo=UTC))
    assert pay(gov).id == first
    assert control.reset(seed=7).seed == 7
    assert pay(gov).id != first


def test_reset_to_another_time_and_world(sandbox, control):
    state = control.reset(now="2030-01-01", world={"$comment": "only comments"})
    assert state.clock.now == datetime(2030, 1, 1, tzinfo=UTC)
    assert not any(provider.present for provider in state.providers.values())
    assert control.catalogue().operations == {}
    assert control.reset().providers["pay"].present


def test_a_wrong_reset_changes_nothing(gov, sandbox, control):
    payment = pay(gov)
    for wrong in ({"now": "noon"}, {"world": {"payments": {}}}, {"world": {"pay": {"services": 1}}}):
        with pytest.raises(ControlRefused):
            control.reset(**wrong)
    assert control.state().events > 0
    assert sandbox.pay.charges()[0].id == payment.id


def test_the_clock_is_set_moved_stopped_and_run(control):
    assert control.clock().now == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert control.advance(30, minutes=1, hours=2, days=3).now == datetime(2026, 3, 5, 11, 1, 30, tzinfo=UTC)
    assert control.set_clock("2027-05-01T00:00:00+01:00").now == datetime(2027, 4, 30, 23, tzinfo=UTC)
    assert control.run_clock().running
    stopped = control.stop_clock()
    assert not stopped.running
    assert stopped.now - datetime(2027, 4, 30, 23, tzinfo=UTC) < timedelta(minutes=1)
    for wrong in (lambda: control.set_clock("soon"), lambda: control.advance(-1), lambda: control.advance(days=4e6)):
        with pytest.raises(ControlRefused):
            wrong()


@pytest.mark.parametrize("field", ["seconds", "minutes", "hours", "days"])
def test_the_clock_moves_by_numbers_only(control, field):
    before = control.clock().now
    for wrong in ("2", None, True, timedelta(hours=2), float("nan"), float("inf"), 10**400):
        with pytest.raises(InvalidInput) as caught:
            control.advance(**{field: wrong})
        assert caught.value.field == field
    assert control.advance(**{field: -1, "seconds" if field == "days" else "days": 90_000}).now > before
    assert control.advance(**{field: 0}).now > before


def test_what_no_call_can_mean_is_an_error_of_ours_and_changes_nothing(control):
    before = control.state()
    for wrong in (7, None, object(), datetime(2026, 3, 2, tzinfo=UTC)):
        with pytest.raises(InvalidInput, match="now: it is not text"):
            control.set_clock(wrong)
    for wrong in ({"seed": "x"}, {"now": 7}, {"world": {"pay": object()}}, {"seed": object()}):
        with pytest.raises((InvalidInput, ControlRefused)):
            control.reset(**wrong)
    for wrong in (5, "pay", [("pay", {})]):
        with pytest.raises(InvalidInput, match="world: it is of the type"):
            control.reset(world=wrong)
    with pytest.raises(InvalidInput):
        control.arm("pay", object())
    assert control.state() == before


def test_the_clock_ends_with_the_year_9999(control):
    control.set_clock("9999-12-31T00:00:00Z")
    with pytest.raises(ControlRefused, match="not beyond the year 9999"):
        control.advance(days=2)


def test_faults_are_armed_listed_and_taken_back(control):
    armed = control.arm(
        "pay", "server_error", operation="pay.create", nth=2, times=3, probability=0.5, seed=4, seconds=60
    )
    assert control.faults() == [armed]
    assert (armed.operation, armed.nth, armed.times, armed.probability, armed.seed) == ("pay.create", 2, 3, 0.5, 4)
    assert armed.until == datetime(2026, 3, 2, 9, 1, tzinfo=UTC)
    control.arm("notify", "bad_gateway")
    control.disarm(armed.id)
    assert [one.fault for one in control.faults()] == ["bad_gateway"]
    control.clear_faults()
    assert control.faults() == []
    with pytest.raises(ControlRefused) as refused:
        control.disarm("no/such fault")
    assert refused.value.status == 404


def test_a_misspelt_name_is_refused_with_the_right_ones(control):
    with pytest.raises(ControlRefused, match="no such fault of pay") as refused:
        control.arm("pay", "sever_error")
    assert refused.value.status == 400
    assert "server_error" in refused.value.known
    with pytest.raises(ControlRefused) as refused:
        control.arm("payments", "server_error")
    assert refused.value.known == ("notify", "one_login", "pay")
    with pytest.raises(ControlRefused) as refused:
        control.arm("pay", "server_error", operation="pay.crate")
    assert {"*", "pay.create"} <= set(refused.value.known)
    with pytest.raises(ControlRefused, match="nth"):
        control.arm("pay", "server_error", nth=0)


def test_the_catalogue_says_what_the_real_provider_does(control):
    catalogue = control.catalogue()
    by_name = {fault.name: fault for fault in catalogue.faults}
    assert by_name["daily_limit_reached"].providers == ["notify"]
    assert "429" in by_name["rate_limited"].real
    assert "pay.create" in catalogue.operations["pay"]
    assert "notify.send_email" in catalogue.operations["notify"]


def test_callbacks_are_listed_sent_resent_and_disturbed(sandbox, control):
    control.perturb(paused=True)
    sandbox.callbacks.send(CALLBACK)
    (waiting,) = control.callbacks()
    assert (waiting.state, waiting.kind, waiting.reference, waiting.attempts) == ("waiting", "captured", "RENEW-7", [])
    assert control.deliver() == 0
    assert control.state().callbacks == {"waiting": 1, "delivered": 0, "given_up": 0}
    assert control.perturb().paused is False
    control.deliver()
    for _ in range(500):
        if control.callbacks()[0].attempts:
            break
    (given_up,) = control.callbacks()
    assert (given_up.state, len(given_up.attempts)) == ("given_up", 1)
    assert given_up.attempts[0].status is None
    control.perturb(paused=True)
    control.resend(given_up.id)
    assert control.callbacks()[0].state == "waiting"
    with pytest.raises(ControlRefused) as refused:
        control.resend("callback-99")
    assert refused.value.status == 404
    wanted = control.perturb(copies=2, delay_seconds=5, shuffle_seconds=9, seed=3)
    assert control.perturbation() == wanted
    assert len(sandbox.callbacks.send(CALLBACK)) == 2
    with pytest.raises(ControlRefused, match="copies"):
        control.perturb(copies=11)


def test_the_timeline_by_reference(gov, control):
    pay(gov)
    assert control.timeline("RENEW")[0].component == "pay"
    assert control.timeline("RENEW") == control.timeline()
    assert control.timeline("other & more") == []


def test_messages_are_read_as_their_readers_see_them(gov, sandbox, control):
    template = next(one for one in sandbox.notify.world.services[0].templates if one.type == "sms")
    words = dict.fromkeys(re.findall(r"\(\((\w+)\)\)", template.versions[-1].content), "Sam")
    gov.notify.send_sms("07700900123", template.id, words, "RENEW-7-text")
    (message,) = control.messages()
    assert (message.kind, message.reference) == ("sms", "RENEW-7-text")
    assert message.text


def test_rotating_keys_changes_what_is_published(sandbox, control):
    before = sandbox.visit(f"{sandbox.base_url}/.well-known/jwks.json").body
    control.rotate_keys("one_login")
    after = sandbox.visit(f"{sandbox.base_url}/.well-known/jwks.json").body
    ids = [{key["kid"] for key in json.loads(keys)["keys"]} for keys in (before, after)]
    assert not ids[0] & ids[1]


def test_rotating_keys_of_a_provider_that_has_none_is_refused(control):
    with pytest.raises(ControlRefused, match="no keys to rotate") as refused:
        control.rotate_keys("notify")
    assert refused.value.known == ("one_login",)


def test_dropping_connections_ends_those_of_others_only():
    with serving(now=NOW) as server:
        other = http.client.HTTPConnection("127.0.0.1", int(server.base_url.rpartition(":")[2]), timeout=10)
        other.request("GET", "/_sandbox/api/clock")
        other.getresponse().read()
        assert Control.over_http(server.base_url).drop_connections() == 1
        assert other.sock.recv(1) == b""
        other.close()
    assert Sandbox(now=NOW).control.drop_connections() == 0


def test_a_sandbox_that_is_not_there_is_said_to_be_not_there():
    with pytest.raises(NotSent, match="gave no answer"):
        Control.over_http("http://127.0.0.1:1").clock()


def test_an_answer_that_is_not_the_sandboxs_is_refused():
    with pytest.raises(ControlRefused, match="not the control API's"):
        Control(lambda method, path, body: (502, b"<html>")).clock()


def ask(sandbox, method, path, body=b"", headers=None):
    answer = sandbox.respond(Call(method, path, "", headers or {}, body, sandbox.base_url))
    return answer.status, json.loads(answer.body) if answer.body else None


@pytest.mark.parametrize("body", [b"[]", b"{", b"null", b'"x"', b'{"seconds":"NaN"}', b'{"second":1}', b"\xff", b"{}"])
def test_a_malformed_body_is_refused_by_name(body):
    status, problem = ask(Sandbox(now=NOW), "POST", "/_sandbox/api/clock/advance", body)
    assert status == 400
    assert problem["known"] == ["seconds"]


def test_unknown_paths_and_methods_are_refused_as_json():
    sandbox = Sandbox(now=NOW)
    assert ask(sandbox, "GET", "/_sandbox/api/clocks")[0] == 404
    assert ask(sandbox, "GET", "/_sandbox/api")[0] == 404
    status, problem = ask(sandbox, "DELETE", "/_sandbox/api/clock")
    assert (status, problem["known"]) == (405, ["GET", "PUT"])


def test_another_sites_page_cannot_use_it():
    sandbox = Sandbox(now=NOW)
    evil = {"origin": "https://evil.example.com", "host": "127.0.0.1:8910"}
    assert ask(sandbox, "POST", "/_sandbox/api/reset", headers=evil)[0] == 403
    assert ask(sandbox, "GET", "/_sandbox/api/clock", headers=evil)[0] == 200
    for own in (sandbox.base_url, "http://127.0.0.1:8910"):
        assert ask(sandbox, "POST", "/_sandbox/api/reset", headers={**evil, "origin": own})[0] == 200


def test_a_wrong_sandbox_is_refused_when_it_is_made():
    with pytest.raises(ConfigurationError):
        Sandbox({"pay": {"services": "none"}})


def test_every_route_is_described_and_every_description_has_a_route():
    sandbox = Sandbox(now=NOW)
    _status, described = ask(sandbox, "GET", "/_sandbox/api/openapi.json")
    assert described["openapi"].startswith("3.1")
    shown = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    owner = sandbox._router.owners[0]
    routes = {(route.method, route.path.replace("<", "{").replace(">", "}")) for route in owner.routes()}
    assert shown == {route for route in routes if not route[1].endswith("openapi.json")}
    text = json.dumps(described)
    for reference in set(text.split('"#/components/schemas/')[1:]):
        assert reference.partition('"')[0] in described["components"]["schemas"]
