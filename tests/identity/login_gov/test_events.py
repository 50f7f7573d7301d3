"""Events about accounts: every published one is read, and everything else is refused (row L20)."""

import pytest

from govcomponents.contracts.identity.fake_provider import KEYS, FakeOpenIdProvider
from govcomponents.contracts.modes import BlockingView, Mode
from govcomponents.core.http.messages import Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.errors import CallbackRefused, NotSupported, SignInUnavailable
from govcomponents.identity.adapters.login_gov.adapter import LoginGov
from govcomponents.identity.adapters.login_gov.wire import CHANGES as OWN
from govcomponents.identity.async_service import AsyncIdentityService
from govcomponents.identity.events import AccountChange, AccountEvent, CallbackAnswer, UnknownEvent
from govcomponents.identity.port import IdentityPort
from govcomponents.identity.protocol.security_events import RISC_CHANGES
from govcomponents.privacy import Personal
from identity.kit import service_of

from .support import CLIENT, GOLDEN, HOST, NOW, answers, needs_golden, port_on, profile, settings
from .test_golden import NOW as PUBLISHED_AT
from .test_golden import SUBJECT, Published, named

MEDIA = "application/secevent+jwt"
CHANGES = {**RISC_CHANGES, **OWN}
RISC = "https://schemas.openid.net/secevent/risc/event-type/"
AUDIENCE = "https://permits.example/events"


@needs_golden
@pytest.mark.parametrize("name", named("security_event"))
def test_every_published_event_is_verified(name, gov_mode, gov_runner):
    case = answers()[name]
    port = port_on(Shared(), PUBLISHED_AT)
    blocking = gov_mode is Mode.BLOCKING
    service = service_of(port) if blocking else BlockingView(service_of(port, AsyncIdentityService), gov_runner)
    event = service.parse_callback(case["signed"].encode(), {"Content-Type": MEDIA})
    assert isinstance(event, AccountEvent)
    assert event.change is CHANGES[event.raw_type]
    assert {event.raw_type} == case["claims"]["events"].keys()
    assert event.subject == Personal(SUBJECT)
    assert event.email is None
    assert event.reason == case["claims"]["events"][event.raw_type].get("reason")
    issuer = case["claims"]["iss"]
    assert (event.key, event.issuer) == (f"{issuer}#{case['claims']['jti']}", issuer)
    assert event.occurred_at.timestamp() == case["claims"]["iat"]
    assert SUBJECT not in repr(event)


class Shared(Published):
    async def run_blocking(self, work):
        return work()


def test_every_kind_has_a_name():
    assert set(CHANGES.values()) == set(AccountChange)
    if GOLDEN.is_file():
        published = {kind for name in named("security_event") for kind in answers()[name]["claims"]["events"]}
        assert published <= CHANGES.keys()


def desk(**changes):
    fake = FakeOpenIdProvider(profile(), lambda: NOW)
    return fake, service_of(port_on(fake, **changes))


def parse(service, body, media=MEDIA):
    body = body.encode() if isinstance(body, str) else body
    return service.parse_callback(body, {} if media is None else {"Content-Type": media})


def told(**changes):
    return {"subject": {"subject_type": "iss-sub", "iss": HOST, "sub": "person-1"}} | changes


def event(fake, header=None, key=None, **changes):
    claims = {
        "iss": f"{HOST}/",
        "aud": AUDIENCE,
        "iat": NOW,
        "exp": NOW + 43_200,
        "jti": "event-1",
        "events": {f"{RISC}account-purged": told()},
    } | changes
    head = {"alg": "RS256", "kid": "r1", "typ": "secevent+jwt"} | (header or {})
    kept = {name: value for name, value in claims.items() if value is not ...}
    return fake.sign(kept, {name: value for name, value in head.items() if value is not ...}, key=key)


def test_an_event_of_an_unknown_kind_is_kept():
    fake, service = desk()
    found = parse(service, event(fake, events={"https://example.com/new": told()}), None)
    assert isinstance(found, UnknownEvent)
    assert (found.kind, found.raw_type, found.subject) == ("unknown", "https://example.com/new", Personal("person-1"))


def test_an_event_about_an_email_address():
    fake, service = desk()
    about = {"subject": {"subject_type": "email", "email": "sam@example.com"}}
    found = parse(service, event(fake, events={f"{RISC}identifier-recycled": about}), MEDIA)
    assert (found.subject, found.email) == (None, Personal("sam@example.com"))
    assert (found.kind, found.change) == ("account", AccountChange.IDENTIFIER_RECYCLED)


def test_without_an_address_an_event_is_for_the_client():
    fake, service = desk(events_audience=...)
    assert parse(service, event(fake, aud=CLIENT))
    with pytest.raises(CallbackRefused):
        parse(service, event(fake))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"header": {"typ": "JWT"}}, "bad_type"),
        ({"header": {"typ": ...}}, "bad_type"),
        ({"header": {"typ": "logout+jwt"}}, "bad_type"),
        ({"header": {"alg": "ES256", "kid": "k1"}}, "bad_algorithm"),
        ({"header": {"kid": "other"}}, "unknown_key"),
        ({"header": {"kid": ...}}, "unknown_key"),
        ({"key": KEYS.rsa_stranger}, "bad_signature"),
        ({"iss": HOST}, "bad_issuer"),
        ({"iss": "https://secure.login.gov/"}, "bad_issuer"),
        ({"aud": "https://other.example/events"}, "bad_audience"),
        ({"aud": CLIENT}, "bad_audience"),
        ({"aud": ...}, "malformed"),
        ({"exp": NOW - 60}, "expired"),
        ({"exp": ...}, "malformed"),
        ({"iat": NOW - 50_000, "exp": NOW + 100}, "expired"),
        ({"iat": NOW + 60}, "not_yet_valid"),
        ({"nonce": "x"}, "bad_type"),
        ({"jti": ...}, "malformed"),
        ({"jti": "x" * 300}, "malformed"),
        ({"events": ...}, "bad_type"),
        ({"events": {}}, "bad_type"),
        ({"events": {"a": told(), "b": told()}}, "bad_type"),
        ({"events": {"a": "text"}}, "malformed"),
        ({"events": {"a\n": told()}}, "malformed"),
        ({"events": {"a": told(subject="text")}}, "malformed"),
        ({"events": {"a": told(subject={})}}, "bad_subject"),
        ({"events": {"a": told(subject={"subject_type": "email"})}}, "bad_subject"),
        ({"events": {"a": told(subject={"subject_type": "email", "email": 7})}}, "bad_subject"),
        ({"events": {"a": told(subject={"subject_type": "iss-sub", "iss": HOST})}}, "bad_subject"),
        ({"events": {"a": told(subject={"subject_type": "iss-sub", "sub": "x"})}}, "bad_issuer"),
        (
            {"events": {"a": told(subject={"subject_type": "iss-sub", "iss": "https://a.example", "sub": "x"})}},
            "bad_issuer",
        ),
    ],
    ids=lambda value: str(value).partition(" object at")[0],
)
def test_a_hostile_event_is_refused(changes, code):
    """L20."""
    fake, service = desk()
    with pytest.raises(CallbackRefused) as caught:
        parse(service, event(fake, **changes), MEDIA)
    assert caught.value.code == code
    assert CallbackAnswer.for_error(caught.value).status == 400


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"\xff", MEDIA),
        (b"x" * 70_000, MEDIA),
        (b"", None),
        ("a.b.c", "application/json"),
        (b"logout_token=a.b.c", None),
    ],
)
def test_what_is_no_event_at_all_is_refused(body, media):
    _, service = desk()
    with pytest.raises(CallbackRefused) as caught:
        parse(service, body, media)
    assert caught.value.code == "malformed"


def test_an_event_counts_once():
    """L5, L20."""
    fake, service = desk()
    service.mark_done(parse(service, event(fake), f"{MEDIA}; charset=utf-8"))
    with pytest.raises(CallbackRefused) as caught:
        parse(service, event(fake), MEDIA)
    assert caught.value.code == "replayed"
    assert CallbackAnswer.for_error(caught.value).status == 200


def test_the_same_token_again_is_an_event_until_the_service_has_acted():
    """F5: Login.gov repeats after a network error with the same JWT; an account-disabled must not be lost."""
    fake, service = desk()
    sent = event(fake)
    assert parse(service, sent, MEDIA) == parse(service, sent, MEDIA)


def test_no_keys_is_not_the_sender_s_fault():
    class NoKeys(FakeOpenIdProvider):
        async def send(self, request):
            return Response(503, {}, b"") if request.url == self.profile.jwks else await super().send(request)

    fake = NoKeys(profile(), lambda: NOW)
    service = service_of(port_on(fake))
    with pytest.raises(SignInUnavailable) as caught:
        parse(service, event(fake))
    assert CallbackAnswer.for_error(caught.value).status == 503


def test_other_providers_have_no_such_events():
    class Other(LoginGov):
        """An adapter that does not override the operation."""

        parse_callback = IdentityPort.parse_callback

    other = Other.from_settings(settings(), Runtime(FakeOpenIdProvider(profile(), lambda: NOW)))
    with pytest.raises(NotSupported):
        service_of(other).parse_callback(b"x", {})


_PURGED = "https://schemas.openid.net/secevent/risc/event-type/account-purged"


@pytest.mark.parametrize("odd", [["https://idp.example"], {}, {"a": 1}, 7, None, True], ids=str)
@pytest.mark.parametrize("member", ["iss", "subject_type", "sub", "email"])
def test_f7_a_subject_of_an_odd_type_is_refused(odd, member):
    """A JSON value is no key of a set or dictionary before its type is known."""
    fake, service = desk()
    kind = "email" if member == "email" else "iss-sub"
    subject = {"subject_type": kind, "iss": HOST, "sub": "p", member: odd}
    with pytest.raises(CallbackRefused):
        parse(service, event(fake, events={_PURGED: {"subject": subject}}), MEDIA)


@pytest.mark.parametrize("email", ["a@b.example\r\nBcc: c@d.example", "a\0@b.example", "\u202ea@b.example"])
def test_f13_an_address_with_control_characters_is_nobody_s(email):
    fake, service = desk()
    subject = {"subject_type": "email", "email": email}
    with pytest.raises(CallbackRefused) as caught:
        parse(service, event(fake, events={_PURGED: {"subject": subject}}), MEDIA)
    assert caught.value.code == "bad_subject"


def test_f13_a_reason_holds_no_control_characters():
    fake, service = desk()
    told = {"subject": {"subject_type": "email", "email": "a@b.example"}, "reason": "hijacking\r\nX: y"}
    assert parse(service, event(fake, events={_PURGED: told}), MEDIA).reason == "hijacking  X: y"
