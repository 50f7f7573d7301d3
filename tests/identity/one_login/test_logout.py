"""Logout notices: what is believed, what is not, what is answered, and how the sandbox sends them."""

import json
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcomponents.core.driver import drive
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import CallbackRefused, InvalidInput, NotSent, SignInReason, SignInUnavailable, Unavailable
from govcomponents.identity.adapters.one_login.adapter import OneLogin
from govcomponents.identity.events import CallbackAnswer, LogoutNotice
from govcomponents.identity.jose.signing import signed_jwt
from govcomponents.identity.jose.tokens import Rules, TokenRefused
from govcomponents.identity.protocol.logout import EVENT, check_notice
from govcomponents.sandbox.callbacks.queue import Perturbation
from identity.kit import CLIENT, HOST, Desk, default_world, service_of, settings

SUBJECT = "urn:fdc:gov.uk:2022:somebody"


def token(desk, *, header=None, purpose="ES256", **changes):
    now = int(desk.sandbox.clock.time())
    claims = {
        "iss": f"{HOST}/",
        "sub": SUBJECT,
        "aud": CLIENT,
        "iat": now,
        "exp": now + 120,
        "jti": "notice-1",
        "events": {EVENT: {}},
    }
    claims |= {name: value(now) if callable(value) else value for name, value in changes.items()}
    claims = {name: value for name, value in claims.items() if value is not ...}
    return signed_jwt(desk.provider.keys.signer(purpose), claims, **({"kind": "logout+jwt"} | (header or {})))


def body(value):
    return urlencode({"logout_token": value}).encode()


def refused(desk, value, content_type="application/x-www-form-urlencoded"):
    with pytest.raises(CallbackRefused) as caught:
        desk.identity.parse_callback(value, {} if content_type is None else {"Content-Type": content_type})
    assert "eyJ" not in str(caught.value)
    return caught.value.code


def test_a_good_notice(desk):
    notice = desk.identity.parse_callback(
        body(token(desk)), {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    )
    assert isinstance(notice, LogoutNotice)
    assert notice.kind == "logout"
    assert notice.subject.reveal() == SUBJECT
    assert notice.session is None
    assert isinstance(notice.occurred_at, datetime)
    assert notice.occurred_at.tzinfo is not None
    assert notice.key == f"{HOST}/#notice-1"
    assert SUBJECT not in repr(notice)


@pytest.mark.parametrize("kind", ["logout+jwt", "JWT", None])
def test_its_type_may_be_said_or_not(desk, kind):
    assert desk.identity.parse_callback(body(token(desk, header={"kind": kind})), {})


def test_l4_a_session_may_be_named_as_well(desk):
    assert desk.identity.parse_callback(body(token(desk, sid="s1")), {}).session.reveal() == "s1"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nonce": "n"}, "bad_type"),  # L1
        ({"nonce": None}, "bad_type"),
        ({"events": ...}, "bad_type"),  # L2
        ({"events": {}}, "bad_type"),
        ({"events": "logout"}, "bad_type"),
        ({"events": {"other": {}}}, "bad_type"),
        ({"events": {EVENT: {"more": 1}}}, "bad_type"),
        ({"events": {EVENT: None}}, "bad_type"),
        ({"events": {EVENT: {}, "other": {}}}, "bad_type"),
        ({"sub": ...}, "bad_subject"),  # L3
        ({"sub": ..., "sid": "s1"}, "bad_subject"),
        ({"sub": ""}, "bad_subject"),
        ({"sub": 7}, "bad_subject"),
        ({"jti": ...}, "malformed"),
        ({"jti": ""}, "malformed"),
        ({"jti": 7}, "malformed"),
        ({"jti": "j" * 300}, "malformed"),
        ({"sid": 7}, "malformed"),
        ({"aud": "other"}, "bad_audience"),  # L8
        ({"aud": ...}, "malformed"),
        ({"iss": "https://evil.example.com/"}, "bad_issuer"),
        ({"exp": lambda now: now - 31}, "expired"),
        ({"exp": ...}, "malformed"),
        ({"iat": lambda now: now + 60}, "not_yet_valid"),
        ({"iat": lambda now: now - 700}, "expired"),
        ({"iat": ...}, "malformed"),
        ({"purpose": "RS256"}, "bad_algorithm"),  # L7
        ({"header": {"kind": "at+jwt"}}, "bad_type"),
        ({"header": {"kind": "secevent+jwt"}}, "bad_type"),
    ],
    ids=lambda value: str(value).partition(" at 0x")[0],
)
def test_notices_that_are_not_good(desk, changes, reason):
    assert refused(desk, body(token(desk, **changes))) == reason


def test_l6_h19_other_tokens_are_no_notices(desk):
    identity = desk.sign_in()
    assert refused(desk, body(identity.id_token.reveal())) == "bad_type"
    assert refused(desk, body(token(desk, purpose="core_identity"))) == "unknown_key"


@pytest.mark.parametrize(
    ("form", "content_type"),
    [
        (b"", None),  # L10
        (b"logout_token=", None),
        (b"logout_token=a.b.c&logout_token=a.b.c", None),
        (b"token=a.b.c", None),
        (b'{"logout_token":"a.b.c"}', "application/json"),
        (b'{"logout_token":"a.b.c"}', None),
        (b"logout_token=a.b.c", "text/plain"),
        (b"\xff", None),
        (b"logout_token=" + b"a" * 70_000, None),
        (b"&".join([b"x=1"] * 100), None),
    ],
    ids=lambda value: str(value)[:60],
)
def test_l10_bodies_that_carry_no_notice(desk, form, content_type):
    assert refused(desk, form, content_type) == "malformed"


def test_l10_more_parameters_are_ignored(desk):
    assert desk.identity.parse_callback(body(token(desk)) + b"&x=1", {})


def test_l5_a_notice_counts_once(desk):
    first = body(token(desk))
    desk.identity.mark_done(desk.identity.parse_callback(first, {}))
    assert refused(desk, first) == "replayed"
    assert refused(desk, body(token(desk, exp=lambda now: now + 100))) == "replayed"
    assert desk.identity.parse_callback(body(token(desk, jti="notice-2")), {})


def test_l5_an_id_is_kept_for_three_minutes_at_least(desk):
    desk.sandbox.clock.stop_at("2026-11-23T12:00:00")
    desk.identity.mark_done(desk.identity.parse_callback(body(token(desk, exp=lambda now: now + 1)), {}))
    desk.sandbox.clock.advance(179)
    assert refused(desk, body(token(desk))) == "replayed"
    desk.sandbox.clock.advance(2)
    assert desk.identity.parse_callback(body(token(desk)), {})


@pytest.mark.parametrize("store", ["memory", "file"])
def test_f5_a_notice_over_which_the_service_died_comes_again(tmp_path, store):
    """F5: its id is spent when the service has acted, not when the notice was read."""
    desk = Desk(replay_store=None if store == "memory" else tmp_path / "notices.db")
    first = body(token(desk))
    event = desk.identity.parse_callback(first, {})
    assert desk.identity.parse_callback(first, {}) == event, "the service died before it acted"
    desk.identity.mark_done(event)
    desk.identity.mark_done(event)
    assert refused(desk, first) == "replayed"


def test_an_event_tells_until_when_it_may_come_again(desk):
    event = desk.identity.parse_callback(body(token(desk)), {})
    assert event.expires_at > event.occurred_at


@pytest.mark.parametrize("wrong", [None, "key", 7, {}])
def test_only_an_event_can_be_done(desk, wrong):
    with pytest.raises(InvalidInput) as caught:
        desk.identity.mark_done(wrong)
    assert caught.value.field == "event"


def test_an_event_of_another_account_is_not_this_one_s(desk):
    event = replace(desk.identity.parse_callback(body(token(desk)), {}), account="moto")
    with pytest.raises(InvalidInput, match="account"):
        desk.identity.mark_done(event)


def test_a_rejected_notice_does_not_use_its_id_up(desk):
    assert refused(desk, body(token(desk, aud="other"))) == "bad_audience"
    assert desk.identity.parse_callback(body(token(desk)), {})


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (None, 200),
        (CallbackRefused("x", code="replayed"), 200),
        (CallbackRefused("x", code="bad_signature"), 400),
        (CallbackRefused("x"), 400),
        (Unavailable("x"), 503),
        (SignInUnavailable("x", reason=SignInReason.PROVIDER_UNAVAILABLE), 503),
    ],
)
def test_l11_l12_what_is_answered(error, status):
    answer = CallbackAnswer.done() if error is None else CallbackAnswer.for_error(error)
    assert answer.status == status
    assert answer.headers["Cache-Control"] == "no-store"
    assert (answer.body == b"") == (status != 400)


def test_l11_a_store_that_fails_is_not_taken_for_good_news():
    class Broken:
        def has(self, key, now):
            raise OSError("canary")

        def add(self, key, until, now):
            raise OSError("canary")

    desk = Desk(replay_store=Broken())
    with pytest.raises(Unavailable) as read:
        desk.identity.parse_callback(body(token(desk)), {})
    with pytest.raises(Unavailable) as done:
        desk.identity.mark_done(Desk().identity.parse_callback(body(token(desk)), {}))
    for caught in (read, done):
        assert "canary" not in str(caught.value)
        assert CallbackAnswer.for_error(caught.value).status == 503


def test_l9_without_keys_nothing_is_believed_and_the_provider_is_asked_to_try_again(desk):
    transport = ScriptedTransport([NotSent("down")] * 9)
    service = service_of(OneLogin.from_settings(settings(), Runtime(transport, clock=desk.sandbox.clock.time)))
    with pytest.raises(SignInUnavailable) as caught:
        service.parse_callback(body(token(desk)), {})
    assert CallbackAnswer.for_error(caught.value).status == 503


def test_l9_k1_a_flood_of_unknown_keys_causes_one_request(desk):
    desk.identity.parse_callback(body(token(desk)), {})
    desk.sandbox.clock.advance(61)
    asked = []
    handle = desk.transport._handle
    desk.transport._handle = lambda request: (asked.append(request), handle(request))[1]
    signer = desk.provider.keys.signer("ES256")
    for number in range(200):
        forged = signed_jwt(signer.renamed(f"unknown-{number}"), {"iss": f"{HOST}/"}, kind="logout+jwt")
        assert refused(desk, body(forged)) == "unknown_key"
    assert len(asked) == 1


@given(st.binary(max_size=300))
def test_no_body_is_believed_by_accident(given_body):
    desk = test_no_body_is_believed_by_accident.desk
    with pytest.raises(CallbackRefused):
        desk.identity.parse_callback(given_body, {})


test_no_body_is_believed_by_accident.desk = Desk()


def test_l4_a_provider_that_names_only_sessions():
    rules = Rules("logout token", frozenset({"ES256"}), "i", "a")
    good = {"events": {EVENT: {}, "other": {}}, "jti": "j", "sid": "s"}
    assert check_notice(good, rules, names_person=False) == (None, "s")
    with pytest.raises(TokenRefused):
        check_notice({"events": {EVENT: {}}, "jti": "j"}, rules, names_person=False)


# -- the sandbox --------------------------------------------------------------------------------------------------


def listening_world(*urls):
    world = json.loads(json.dumps(default_world()))
    first = world["clients"][0]
    world["clients"] = [
        first | {"symbol": f"S{n}", "client_id": CLIENT if n == 0 else f"other-{n}", "back_channel_logout_url": url}
        for n, url in enumerate(urls)
    ]
    return {"one_login": world}


def test_the_sandbox_tells_every_service_and_that_which_signs_out_too():
    """S2: authentication-api ends every client session (LogoutService)."""
    desk = Desk(world=listening_world("https://a.example.gov.uk/out", "https://b.example.gov.uk/out"))
    other = OneLogin.from_settings(settings(client_id="other-1"), desk.runtime)
    got = []
    desk.sandbox.callbacks.receive(lambda callback: got.append(callback) or 200)
    identity = desk.sign_in()
    started = service_of(other).start()
    service_of(other).complete(started.pending, desk.visit(started.url))
    desk.visit(desk.identity.sign_out_url(identity))
    desk.sandbox.clock.advance(1)
    assert sorted(callback.url for callback in got) == ["https://a.example.gov.uk/out", "https://b.example.gov.uk/out"]
    (told,) = [callback for callback in got if callback.url == "https://b.example.gov.uk/out"]
    notice = service_of(other).parse_callback(told.body, told.headers)
    assert notice.subject == identity.subject


def test_the_sandbox_signs_out_everywhere_and_tries_three_times_with_new_ids():
    desk = Desk(world=listening_world("https://a.example.gov.uk/out"))
    got = []
    desk.sandbox.callbacks.receive(lambda callback: got.append(callback) or 204)
    desk.sign_in()
    assert desk.provider.sign_out_everywhere("SAM")
    assert desk.provider.sign_out_everywhere("SAM") == []
    desk.sandbox.clock.advance(600)
    desk.sandbox.callbacks.deliver_due()
    assert len(got) == 3
    ids = [desk_id(desk, callback) for callback in got]
    assert len(set(ids)) == 3
    with pytest.raises(KeyError):
        desk.provider.sign_out_everywhere("NOBODY")


def desk_id(desk, callback):
    from govcomponents.core.canonical_json import decode_base64url

    value = dict(parse_qsl(callback.body.decode()))["logout_token"]
    return json.loads(decode_base64url(value.split(".")[1].encode()))["jti"]


def test_a_notice_that_comes_twice_is_done_once():
    desk = Desk(world=listening_world("https://a.example.gov.uk/out"))
    answers = []

    def service(callback):
        try:
            desk.identity.parse_callback(callback.body, callback.headers)
        except CallbackRefused as error:
            answers.append(error.code)
            return CallbackAnswer.for_error(error).status
        answers.append("closed")
        return CallbackAnswer.done().status

    desk.sandbox.callbacks.receive(service)
    desk.sign_in()
    desk.sandbox.callbacks.perturb(Perturbation(copies=2))
    desk.provider.sign_out_everywhere("SAM")
    desk.sandbox.clock.advance(1)
    assert answers == ["closed", "closed"]  # each copy is a delivery with an id of its own
    assert [delivery.state for delivery in desk.sandbox.callbacks.deliveries()] == ["delivered", "delivered"]


def test_both_callers_parse_alike(desk):
    import asyncio

    from govcomponents.identity.async_service import AsyncIdentityService

    both = service_of(desk.port, AsyncIdentityService)
    assert asyncio.run(both.parse_callback(body(token(desk)), {})).subject.reveal() == SUBJECT
    assert drive(desk.port.check()) is None
    assert asyncio.run(both.check()) is None


# -- checking the provider ----------------------------------------------------------------------------------------


def test_a_file_outlives_its_process_and_holds_no_names(tmp_path):
    path = tmp_path / "notices.db"
    desk = Desk(replay_store=str(path))
    desk.identity.mark_done(desk.identity.parse_callback(body(token(desk)), {}))
    other = Desk(replay_store=path)
    assert refused(other, body(token(other))) == "replayed"
    assert b"notice-1" not in path.read_bytes()


def test_two_clients_may_share_a_store(tmp_path):
    """F16: each gets a notice of its own, and the provider may give both the same id."""
    path = tmp_path / "notices.db"
    one, other = Desk(replay_store=path), Desk(replay_store=path, client_id="another-client")
    one.identity.mark_done(one.identity.parse_callback(body(token(one)), {}))
    other.identity.mark_done(other.identity.parse_callback(body(token(other, aud="another-client")), {}))
    assert refused(one, body(token(one))) == "replayed"
