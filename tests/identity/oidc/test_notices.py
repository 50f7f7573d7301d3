"""Options of a sign-in, notices of logouts, and the check of what is published, with a plain OpenID provider."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from govcomponents.contracts.identity.fake_provider import KEYS, FakeOpenIdProvider
from govcomponents.core.http.messages import Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.errors import (
    CallbackRefused,
    ConfigurationError,
    NotSupported,
    OutcomeUnknown,
    SignInReason,
    SignInRejected,
    SignInUnavailable,
    Unavailable,
)
from govcomponents.identity.adapters.oidc.adapter import OpenIdConnect
from govcomponents.identity.events import CallbackAnswer
from govcomponents.identity.jose.signing import CallableSigner, load_signer
from govcomponents.identity.levels import Authentication
from govcomponents.identity.protocol.logout import EVENT
from govcomponents.privacy import Personal, Secret
from identity.kit import service_of

from .support import CLIENT, ISSUER, NOW, document, profile, service_key, settings

SINGLE = {"authentication": Authentication.SINGLE_FACTOR}
PLACE = f"{ISSUER}/.well-known/openid-configuration"


def desk(found=None, **changes):
    fake = FakeOpenIdProvider(found or profile(), lambda: NOW)
    own = settings(**({"logout_notices": True} | changes))
    return fake, service_of(OpenIdConnect.from_settings(own, Runtime(fake, clock=lambda: NOW)))


def test_s3_the_client_is_named_beside_its_assertion():
    """RFC 7521 section 4.2 allows it, and some providers answer 400 without."""
    fake, service = desk()
    started = service.start(**SINGLE)
    service.complete(started.pending, fake.visit(started.url))
    (sent,) = [request for request in fake.sent if request.method == "POST"]
    form = dict(parse_qsl(sent.body.decode()))
    assert form["client_id"] == CLIENT
    assert form["client_assertion"]


def test_s12_an_answer_that_holds_an_error_and_tokens_is_neither():
    fake, service = desk()
    fake.corrupt_tokens = lambda tokens: {**tokens, "error": "invalid_grant"}
    started = service.start(**SINGLE)
    with pytest.raises(SignInRejected) as caught:
        service.complete(started.pending, fake.visit(started.url))
    assert caught.value.reason is SignInReason.MALFORMED


def test_s12_a_media_type_may_be_written_out():
    """RFC 7515 section 4.1.9."""
    fake, service = desk()
    assert service.parse_callback(notice(fake, {"typ": "application/logout+jwt"}), {})
    with pytest.raises(CallbackRefused):
        service.parse_callback(notice(fake, {"typ": "text/logout+jwt"}), {})


# -- options ------------------------------------------------------------------------------------------------------


def test_options_are_asked_for():
    _, service = desk()
    started = service.start(**SINGLE, max_age=600, login_hint="sam@example.com", return_to="/licences")
    asked = dict(parse_qsl(urlsplit(started.url).query))
    assert (asked["max_age"], asked["login_hint"]) == ("600", "sam@example.com")
    assert started.pending.return_to == "/licences"
    assert "sam@example.com" not in repr(started)


@pytest.mark.parametrize(
    ("auth_time", "good"),
    [
        (NOW - 600, True),
        (NOW - 630, True),
        (NOW - 631, False),
        (NOW + 31, False),
        (None, False),
        ("now", False),
        (True, False),
    ],
)
def test_how_long_ago_is_checked(auth_time, good):
    """B19."""
    fake, service = desk()
    change = {} if auth_time is None else {"auth_time": auth_time}
    fake.corrupt_id_token = lambda fake, claims: fake.sign(
        {name: value for name, value in claims.items() if name != "auth_time"} | change
    )
    started = service.start(**SINGLE, max_age=600)
    back = fake.visit(started.url)
    if good:
        assert service.complete(started.pending, back)
        return
    with pytest.raises(SignInRejected) as caught:
        service.complete(started.pending, back)
    assert caught.value.reason is SignInReason.BAD_LEVEL


def test_who_comes_back_is_checked():
    """C22."""
    fake, service = desk()
    for expected, good in ((fake.profile.subject, True), ("somebody-else", False)):
        started = service.start(**SINGLE, expect=Personal(expected))
        if good:
            assert service.complete(started.pending, fake.visit(started.url))
            continue
        with pytest.raises(SignInRejected) as caught:
            service.complete(started.pending, fake.visit(started.url))
        assert caught.value.reason is SignInReason.BAD_SUBJECT


def test_an_option_that_the_provider_would_ignore_is_refused():
    fake, service = desk(options="")
    for option in ({"max_age": 60}, {"login_hint": "sam@example.com"}, {"sign_in_again": Secret("token")}):
        with pytest.raises(NotSupported):
            service.start(**SINGLE, **option)
    assert fake.sent == []


def test_a_signer_elsewhere_is_asked_without_stalling():
    signer = load_signer(Secret(service_key()), algorithm="ES256", allowed=frozenset({"ES256"}), setting="KEY")
    ran = []

    class Elsewhere(FakeOpenIdProvider):
        async def run_blocking(self, work):
            ran.append(work)
            return work()

    fake = Elsewhere(profile(), lambda: NOW)
    own = settings(private_key=..., signing_algorithm=..., signer=CallableSigner("ES256", "k", signer.sign))
    service = service_of(OpenIdConnect.from_settings(own, Runtime(fake, clock=lambda: NOW)))
    started = service.start(**SINGLE)
    assert service.complete(started.pending, fake.visit(started.url))
    assert len(ran) == 1


# -- notices of logouts -------------------------------------------------------------------------------------------


def notice(fake, header=None, key=None, **changes):
    claims = {
        "iss": ISSUER,
        "aud": CLIENT,
        "iat": NOW,
        "exp": NOW + 120,
        "jti": "notice-1",
        "sub": "person-1",
        "events": {EVENT: {}},
    } | changes
    kept = {name: value for name, value in claims.items() if value is not ...}
    head = {"alg": "RS256", "kid": "r1", "typ": "logout+jwt"} | (header or {})
    head = {name: value for name, value in head.items() if value is not ...}
    return urlencode({"logout_token": fake.sign(kept, head, key=key)}).encode()


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("changes", "subject", "session"),
    [
        ({}, "person-1", None),
        ({"sid": "session-1"}, "person-1", "session-1"),
        ({"sub": ..., "sid": "session-1"}, None, "session-1"),  # L4
        ({"events": {EVENT: {}, "urn:example:other": {}}}, "person-1", None),
        ({"header": {"typ": "JWT"}}, "person-1", None),
    ],
)
def test_a_notice_is_read(changes, subject, session):
    fake, service = desk()
    found = service.parse_callback(notice(fake, **changes), {"Content-Type": FORM})
    assert (found.subject and found.subject.reveal(), found.session and found.session.reveal()) == (subject, session)
    assert (found.issuer, found.key, found.occurred_at.timestamp()) == (ISSUER, f"{ISSUER}#notice-1", NOW)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"nonce": "x"}, "bad_type"),  # L1
        ({"events": ...}, "bad_type"),  # L2 L6
        ({"events": {EVENT: "x"}}, "bad_type"),  # L2
        ({"sub": ...}, "bad_subject"),  # L3
        ({"header": {"typ": "at+jwt"}}, "bad_type"),  # L6
        ({"header": {"alg": "ES256", "kid": "k1"}}, "bad_algorithm"),  # L7
        ({"aud": "another"}, "bad_audience"),  # L8
        ({"iss": "https://evil.example.com"}, "bad_issuer"),  # L8
        ({"exp": NOW - 60}, "expired"),  # L8
        ({"exp": ...}, "malformed"),  # L8
        ({"iat": NOW + 60}, "not_yet_valid"),  # L8
        ({"iat": NOW - 700}, "expired"),  # L8
        ({"header": {"kid": "other"}}, "unknown_key"),  # L9
        ({"header": {"kid": ...}}, "unknown_key"),
        ({"key": KEYS.rsa_stranger}, "bad_signature"),
        ({"jti": ...}, "malformed"),
    ],
    ids=lambda value: str(value).partition(" object at")[0],
)
def test_a_hostile_notice_is_refused(changes, code):
    fake, service = desk()
    with pytest.raises(CallbackRefused) as caught:
        service.parse_callback(notice(fake, **changes), {"Content-Type": FORM})
    assert caught.value.code == code
    assert CallbackAnswer.for_error(caught.value).status == 400


def test_a_notice_counts_once():
    """L5."""
    fake, service = desk()
    service.mark_done(service.parse_callback(notice(fake), {}))
    with pytest.raises(CallbackRefused) as caught:
        service.parse_callback(notice(fake), {})
    assert caught.value.code == SignInReason.REPLAYED
    assert CallbackAnswer.for_error(caught.value).status == 200


def test_a_store_or_keys_that_fail_are_not_the_sender_s_fault():
    """L11."""

    class Broken:
        def has(self, key, now):
            raise OSError("disk")

        def add(self, key, until, now):
            raise OSError("disk")

    fake, service = desk(replay_store=Broken())
    with pytest.raises(Unavailable) as failed:
        service.parse_callback(notice(fake), {})
    fake, service = desk(replace(profile(), jwks="https://elsewhere.example.com"))
    with pytest.raises(SignInUnavailable) as missing:
        service.parse_callback(notice(fake), {})
    assert CallbackAnswer.for_error(failed.value).status == CallbackAnswer.for_error(missing.value).status == 503


def test_notices_are_declared_only_where_they_are_sent():
    fake, service = desk(logout_notices=False)
    with pytest.raises(NotSupported):
        service.parse_callback(notice(fake), {})
    fake, other = desk()
    with pytest.raises(NotSupported):
        service.mark_done(other.parse_callback(notice(fake), {}))


def test_the_store_must_be_one():
    with pytest.raises(ConfigurationError, match="REPLAY_STORE"):
        desk(replay_store=7)


# -- the check ----------------------------------------------------------------------------------------------------


def test_the_check_fetches_what_is_published():
    fake, service = desk()
    assert service.check() is None
    assert [request.url for request in fake.sent] == [PLACE, f"{ISSUER}/keys"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"issuer": "https://other.example.com"}, ConfigurationError),
        ({"code_challenge_methods_supported": ["plain"]}, ConfigurationError),
        ({"jwks_uri": "https://other.example.com/keys"}, SignInRejected),
        ({"jwks_uri": f"{ISSUER}/nothing"}, SignInUnavailable),
    ],
)
def test_the_check_says_what_differs(change, error):
    _, service = desk(profile(changes=change))
    with pytest.raises(error) as caught:
        service.check()
    assert caught.value.operation == "identity.check"
    assert caught.value.fix


def test_the_check_complains_even_while_an_older_copy_serves():
    time = [float(NOW)]
    found = [document(), document(issuer="https://other.example.com")]

    class Changing(FakeOpenIdProvider):
        async def send(self, request):
            if request.url == PLACE:
                self.profile.documents[PLACE].update(found.pop(0) if len(found) > 1 else found[0])
            return await super().send(request)

    fake = Changing(profile(), lambda: time[0])
    service = service_of(OpenIdConnect.from_settings(settings(), Runtime(fake, clock=lambda: time[0])))
    service.check()
    time[0] += 86_401
    assert service.start(**SINGLE).url
    with pytest.raises(ConfigurationError, match="issuer"):
        service.check()


def test_a_key_set_that_cannot_be_had():
    class NoKeys(FakeOpenIdProvider):
        async def send(self, request):
            if request.url == f"{ISSUER}/keys":
                return Response(503, {}, b"")
            return await super().send(request)

    fake = NoKeys(profile(), lambda: NOW)
    service = service_of(OpenIdConnect.from_settings(settings(), Runtime(fake, clock=lambda: NOW)))
    with pytest.raises(SignInUnavailable):
        service.check()


def test_documents_have_one_limit_over_all_tries():
    """F4: a key set that dripped held one call for three minutes."""
    time = [float(NOW)]
    tried = []

    class Dripping(FakeOpenIdProvider):
        async def send(self, request):
            tried.append(request)
            time[0] += request.time_limit
            raise OutcomeUnknown("it dripped", operation=request.operation)

    service = service_of(
        OpenIdConnect.from_settings(settings(), Runtime(Dripping(profile(), lambda: time[0]), clock=lambda: time[0]))
    )
    with pytest.raises(SignInUnavailable):
        service.check()
    assert len(tried) == 1
    assert time[0] - NOW <= 10
