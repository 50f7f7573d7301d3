"""What Login.gov is asked for, what may be set, and what is made of levels that differ from what was asked."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from govcomponents.contracts.identity.fake_provider import CODE, FakeOpenIdProvider
from govcomponents.core.http.messages import Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.ports.plugins import find_adapter
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import (
    ConfigurationError,
    CredentialsRefused,
    IdentityNotProved,
    InvalidInput,
    NotSupported,
    SignInDenied,
    SignInReason,
    SignInRejected,
    SignInUnavailable,
)
from govcomponents.identity.adapters import BUILT_IN
from govcomponents.identity.adapters.login_gov import wire
from govcomponents.identity.adapters.login_gov.adapter import LoginGov
from govcomponents.identity.jose.tokens import half_hash
from govcomponents.identity.levels import Authentication, Claim, Confidence
from govcomponents.identity.port import IdentityPort
from govcomponents.privacy import Secret
from identity.kit import service_of

from .support import ABOUT, HOST, NOW, TWO_FACTOR, document, port_on, profile, settings

AAL = "http://idmanagement.gov/ns/assurance/aal/"
SINGLE = {"authentication": Authentication.SINGLE_FACTOR}


def desk(found=None, **changes):
    fake = FakeOpenIdProvider(found or profile(), lambda: NOW)
    return fake, service_of(port_on(fake, **changes))


def asked(service, **ask):
    return dict(parse_qsl(urlsplit(service.start(**ask).url).query))


def answered(level=wire.FACIAL_MATCH_REQUIRED, aal=TWO_FACTOR, about=None, **claims):
    found = {"acr": level, "aal": aal, "c_hash": half_hash(CODE, "RS256")} | claims
    token = {name: value for name, value in found.items() if value is not ...}
    said = {
        name: value for name, value in (ABOUT | {"ial": level, "aal": aal} | (about or {})).items() if value is not ...
    }
    return profile(id_token=token, about=said)


def sign_in(found, *, own=None, **ask):
    fake, service = desk(found, **(own or {}))
    started = service.start(**ask)
    return service.complete(started.pending, fake.visit(started.url))


def test_it_is_found_by_its_name():
    assert find_adapter(IdentityPort, "identity", "login_gov", BUILT_IN, "ADAPTER") is LoginGov


@pytest.mark.parametrize(
    ("ask", "level"),
    [
        ({}, "urn:acr.login.gov:auth-only"),
        ({"confidence": Confidence.LOW}, "urn:acr.login.gov:verified"),
        ({"confidence": Confidence.MEDIUM}, "urn:acr.login.gov:verified-facial-match-required"),
        ({"confidence": [Confidence.MEDIUM, Confidence.LOW]}, "urn:acr.login.gov:verified-facial-match-preferred"),
    ],
)
def test_service_levels(ask, level):
    _, service = desk()
    assert asked(service, **ask)["acr_values"].split() == [level, f"{AAL}2"]
    assert asked(service, **ask, **SINGLE)["acr_values"].split() == [level, wire.DEFAULT_AAL]


@pytest.mark.parametrize(
    ("kind", "level"), [("any", "2"), ("phishing_resistant", "2?phishing_resistant=true"), ("hspd12", "2?hspd12=true")]
)
def test_kinds_of_two_factors(kind, level):
    _, service = desk(two_factor=kind)
    assert asked(service)["acr_values"].split()[1] == AAL + level


def test_the_whole_request():
    """A3: state and nonce have 22 characters or more, and the account is always chosen."""
    _, service = desk(extra_scopes="all_emails, x509:subject", verified_within="18m")
    query = asked(service, confidence=Confidence.LOW, claims=[Claim.PHONE, Claim.ADDRESS], language="es")
    assert query["prompt"] == "select_account"
    assert query["locale"] == "es"
    assert query["scope"] == "openid email profile phone address all_emails x509:subject"
    assert query["verified_within"] == "18m"
    assert query["code_challenge_method"] == "S256"
    assert len(query["state"]) >= 22 <= len(query["nonce"])
    plain = asked(service)
    assert not {"locale", "verified_within"} & plain.keys()
    assert plain["scope"] == "openid email all_emails x509:subject"


def test_a_phone_number_needs_proof_here():
    fake, service = desk()
    with pytest.raises(InvalidInput) as caught:
        service.start(claims=[Claim.PHONE])
    assert caught.value.field == "claims"
    assert fake.sent == []


@pytest.mark.parametrize(
    "ask",
    [
        {"confidence": Confidence.HIGH},
        {"confidence": Confidence.LOW, "claims": [Claim.PASSPORT]},
        {"max_age": 60},
        {"login_hint": "sam@example.com"},
        {"sign_in_again": Secret("token")},
    ],
)
def test_what_it_cannot_do_is_refused_unsent(ask):
    fake, service = desk()
    with pytest.raises(NotSupported):
        service.start(**ask)
    assert fake.sent == []


# -- levels -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "aal", "good"),
    [
        ("any", f"{AAL}2", True),
        ("any", f"{AAL}2?phishing_resistant=true", True),
        ("any", f"{AAL}3", True),
        ("any", wire.DEFAULT_AAL, False),
        ("any", f"{AAL}1", False),
        ("any", "urn:example:unknown", False),
        ("any", None, False),
        ("any", [f"{AAL}2"], False),
        ("phishing_resistant", f"{AAL}2", False),
        ("phishing_resistant", f"{AAL}2?hspd12=true", True),
        ("hspd12", f"{AAL}2?phishing_resistant=true", False),
        ("hspd12", f"{AAL}3?hspd12=true", True),
    ],
)
def test_with_how_much_a_person_signed_in(kind, aal, good):
    """B17."""
    if good:
        identity = sign_in(answered(aal=aal), own={"two_factor": kind})
        assert identity.authentication is Authentication.TWO_FACTOR
        return
    with pytest.raises(SignInRejected) as caught:
        sign_in(answered(aal=aal), own={"two_factor": kind})
    assert caught.value.reason is SignInReason.BAD_LEVEL
    assert sign_in(answered(aal=aal), own={"two_factor": kind}, **SINGLE).authentication is Authentication.SINGLE_FACTOR


def test_the_level_of_authentication_may_be_in_userinfo_alone():
    assert sign_in(answered(aal=..., about={"aal": f"{AAL}2"})).authentication is Authentication.TWO_FACTOR


@pytest.mark.parametrize(
    "level", ["urn:acr.login.gov:splendid", wire.FACIAL_MATCH_PREFERRED, None, ..., 7, ["x"]], ids=str
)
def test_an_unknown_level_is_rejected(level):
    """B17, B18: also where only a sign-in was asked for."""
    for ask in ({}, {"confidence": Confidence.LOW}):
        with pytest.raises(SignInRejected) as caught:
            sign_in(answered(level), **ask)
        assert caught.value.reason is SignInReason.BAD_LEVEL


@pytest.mark.parametrize("said", [wire.FACIAL_MATCH_REQUIRED, None, 7], ids=str)
def test_userinfo_must_not_contradict_the_signed_level(said):
    with pytest.raises(SignInRejected) as caught:
        sign_in(answered(wire.VERIFIED, about={"ial": said}), confidence=Confidence.LOW)
    assert caught.value.reason is SignInReason.BAD_LEVEL
    assert sign_in(answered(wire.VERIFIED, about={"ial": ...}), confidence=Confidence.LOW)


def test_verified_is_not_a_facial_match():
    """A4: IAL2 holds only where a facial match was done."""
    with pytest.raises(IdentityNotProved):
        sign_in(answered(wire.VERIFIED), confidence=Confidence.MEDIUM)
    with pytest.raises(IdentityNotProved):
        sign_in(answered(wire.AUTH_ONLY), confidence=Confidence.LOW)


def test_what_was_not_asked_for_is_not_taken_for_proof():
    identity = sign_in(answered())
    assert identity.confidence is Confidence.NONE
    assert (identity.names, identity.birth_dates, identity.addresses, identity.phone) == ((), (), (), None)


@pytest.mark.parametrize("odd", [None, 7, "", []], ids=str)
def test_attributes_that_are_null_are_none(odd):
    about = dict.fromkeys(("given_name", "family_name", "birthdate", "phone", "address", "email"), odd)
    identity = sign_in(answered(about=about), confidence=Confidence.MEDIUM)
    assert (identity.names, identity.birth_dates, identity.addresses) == ((), (), ())
    assert (identity.phone, identity.email) == (None, None)
    assert not identity.email_verified


@pytest.mark.parametrize("claim", ["at_hash", "c_hash"])
@pytest.mark.parametrize("value", [..., "x", half_hash("another", "RS256")], ids=str)
def test_both_hashes_must_be_there(claim, value):
    """B11, B13."""
    found = answered()
    fake, service = desk(found)

    def spoilt(fake, claims):
        claims = claims | {claim: value}
        return fake.sign({name: kept for name, kept in claims.items() if kept is not ...})

    fake.corrupt_id_token = spoilt
    started = service.start()
    with pytest.raises(SignInRejected) as caught:
        service.complete(started.pending, fake.visit(started.url))
    assert caught.value.reason is SignInReason.BAD_HASH


# -- settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"environment": ...}, "ENVIRONMENT is not set"),
        ({"issuer": HOST}, "both set"),
        ({"environment": ..., "issuer": "http://login.example.com"}, "https"),
        ({"client_id": ...}, "CLIENT_ID"),
        ({"redirect_url": "permits"}, "REDIRECT_URL"),
        ({"private_key": ...}, "PRIVATE_KEY"),
        ({"signing_algorithm": "ES256"}, "algorithm"),
        ({"client_authentication": "none"}, "private key is set"),
        ({"client_authentication": "client_secret_basic"}, "CLIENT_AUTHENTICATION"),
        ({"two_factor": "sms"}, "TWO_FACTOR"),
        ({"verified_within": "18"}, "VERIFIED_WITHIN"),
        ({"verified_within": "29d"}, "30 days"),
        ({"verified_within": "4w"}, "30 days"),
        ({"extra_scopes": "all emails"}, "EXTRA_SCOPES"),
        ({"signed_out_url": "/signed-out"}, "SIGNED_OUT_URL"),
        ({"leeway": 301}, "LEEWAY"),
        ({"no_such": 1}, "NO_SUCH"),
    ],
    ids=str,
)
def test_what_is_set_wrong_is_refused_at_once(change, about):
    transport = ScriptedTransport()
    with pytest.raises(ConfigurationError, match=about):
        LoginGov.from_settings(settings(**change), Runtime(transport))
    assert transport.sent == []


@pytest.mark.parametrize("within", ["30d", "5w", "1m", "2y"])
def test_how_old_a_proof_may_be(within):
    assert asked(desk(verified_within=within)[1], confidence=Confidence.LOW)["verified_within"] == within


def test_a_live_environment_is_for_production_only():
    live = settings(environment="production")
    assert LoginGov.from_settings(live, Runtime(ScriptedTransport(), is_production=True))
    with pytest.raises(ConfigurationError, match="production"):
        LoginGov.from_settings(live, Runtime(ScriptedTransport(), is_production=False))


@pytest.mark.parametrize(
    ("published", "good"), [(HOST, True), (f"{HOST}/", True), ("https://secure.login.gov/", False)]
)
def test_the_issuer_is_what_discovery_says_with_or_without_a_slash(published, good):
    found = profile(documents={f"{HOST}/.well-known/openid-configuration": document(issuer=published)})
    _, service = desk(found)
    if good:
        assert service.start().pending.issuer == published
        return
    with pytest.raises(ConfigurationError, match="issuer"):
        service.start()


# -- errors and signing out ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error"), [(401, CredentialsRefused), (500, SignInUnavailable), (429, SignInUnavailable)]
)
def test_refusals_that_are_no_sentences(status, error):
    fake, service = desk()
    fake.corrupt_tokens = lambda tokens: Response(status, {}, b"")
    started = service.start()
    with pytest.raises(error):
        service.complete(started.pending, fake.visit(started.url))


def test_other_errors_of_the_redirect_are_the_standard_ones():
    _, service = desk()
    pending = service.start().pending
    with pytest.raises(SignInDenied):
        service.complete(pending, {"error": "access_denied", "state": pending.state.reveal()})
    with pytest.raises(SignInUnavailable):
        service.complete(pending, {"error": "server_error", "state": pending.state.reveal()})


def test_signing_out_never_sends_the_id_token():
    """L17, A10."""
    _, service = desk()
    url = service.sign_out_url(Secret("the-token-with-personal-data"))
    assert "the-token" not in url
    query = dict(parse_qsl(urlsplit(url).query))
    assert set(query) == {"client_id", "post_logout_redirect_uri"}
    assert query["post_logout_redirect_uri"] == "https://permits.example/signed-out"
    _, service = desk(signed_out_url=...)
    with pytest.raises(InvalidInput, match="SIGNED_OUT_URL"):
        service.sign_out_url(Secret("the-token"))


def test_signing_out_where_discovery_has_no_place_for_it():
    changed = document(end_session_endpoint=...)
    _, service = desk(profile(documents={f"{HOST}/.well-known/openid-configuration": changed}))
    with pytest.raises(NotSupported):
        service.sign_out_url(Secret("the-token"))


def test_the_check():
    fake, service = desk()
    service.check()
    assert len(fake.sent) == 2
    wrong = document(token_endpoint="https://evil.example.com/token")
    _, service = desk(profile(documents={f"{HOST}/.well-known/openid-configuration": wrong}))
    with pytest.raises(SignInRejected) as caught:
        service.check()
    assert caught.value.reason is SignInReason.BLOCKED_URL
