"""What an error of a sign-in tells whoever mends it: the cure, and to start again only where that can help."""

import json

import pytest

from govcomponents.contracts.identity.fake_provider import KEYS
from govcomponents.core.http.messages import Response
from govcomponents.errors import ConfigurationError, SignInDenied, SignInReason, SignInRejected, SignInUnavailable
from govcomponents.identity.jose.tokens import TokenRefused
from govcomponents.identity.protocol.cures import cure_of_sign_in

from .support import ISSUER, MEDIUM, NOW, desk, profile, settings, sign_in

ENCRYPTED = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.AAAA.AAAA.AAAA.AAAA"


def caught_with(kind, *, own=None, found=None, **corrupt):
    fake, service = desk(own, found)
    for name, how in corrupt.items():
        setattr(fake, name, how)
    with pytest.raises(kind) as caught:
        sign_in(fake, service, **MEDIUM)
    return caught.value


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"iss": f"{ISSUER}/"}, "ISSUER"),
        ({"iss": "https://id.example.com:443"}, "ISSUER"),
        ({"aud": "another"}, "CLIENT_ID"),
        ({"aud": ["another", "third"]}, "CLIENT_ID"),
        ({"iat": NOW + 3600, "exp": NOW + 3700}, "clock"),
        ({"nbf": NOW + 3600}, "clock"),
        ({"acr": "urn:example:unheard-of"}, "GOVCOMPONENTS_IDENTITY__LEVELS"),
    ],
    ids=str,
)
def test_a_mistake_that_refuses_everybody_names_its_cure_and_not_to_start_again(changes, setting):
    """B2, S6: whoever starts again is refused again."""
    error = caught_with(SignInRejected, corrupt_id_token=lambda provider, claims: provider.sign(claims | changes))
    assert setting in error.fix
    assert "start again" not in error.fix


@pytest.mark.parametrize(
    ("token", "form"),
    [
        (lambda provider, claims: ENCRYPTED, "is encrypted"),
        (lambda provider, claims: provider.sign(claims, provider.genuine_header | {"cty": "JWT"}), "another token"),
    ],
    ids=["encrypted", "nested"],
)
def test_an_encrypted_id_token_is_told_as_one(token, form):
    error = caught_with(SignInRejected, corrupt_id_token=token)
    assert form in error.happened
    assert "not encrypted" in error.fix
    assert error.reason is SignInReason.MALFORMED


def test_an_encrypted_userinfo_answer_is_told_as_one():
    answer = Response(200, {"content-type": "application/jwt"}, ENCRYPTED.encode())
    error = caught_with(SignInRejected, own=settings(userinfo="jwt"), corrupt_about=lambda about: answer)
    assert "is encrypted" in error.happened


@pytest.mark.parametrize("code", ["use_dpop_nonce", "invalid_dpop_proof"])
def test_a_client_that_must_use_dpop_is_told_so(code):
    body = json.dumps({"error": code}).encode()
    answer = Response(400, {"content-type": "application/json", "dpop-nonce": "x"}, body)
    error = caught_with(SignInDenied, corrupt_tokens=lambda tokens: answer)
    assert (error.code, "DPoP" in error.fix, "again" in error.fix) == (code, True, False)
    bound = caught_with(SignInRejected, corrupt_tokens=lambda tokens: tokens | {"token_type": "DPoP"})
    assert "DPoP" in bound.fix


@pytest.mark.parametrize(
    ("demand", "feature"),
    [
        ("require_pushed_authorization_requests", "pushed authorization requests"),
        ("require_signed_request_object", "signed request objects"),
    ],
)
@pytest.mark.parametrize("value", [True, "true"])
def test_a_provider_that_demands_what_is_not_done_is_told_at_the_start(demand, feature, value):
    error = caught_with(ConfigurationError, found=profile(changes={demand: value}))
    assert feature in error.happened


def test_a_client_that_must_push_or_sign_its_requests_is_told_so():
    _, service = desk()
    started = service.start(**MEDIUM)
    answer = {"error": "invalid_request", "state": started.pending.state.reveal()}
    with pytest.raises(SignInDenied, match=r"\(PAR\).*\(JAR\)"):
        service.complete(started.pending, answer)


def test_an_access_token_that_reaches_too_little_is_a_mistake_in_the_set_up():
    challenge = {"www-authenticate": 'Bearer error="insufficient_scope", scope="profile"'}
    error = caught_with(SignInDenied, corrupt_about=lambda about: Response(403, challenge, b""))
    assert (error.code, "scopes" in error.fix, "again" in error.fix) == ("insufficient_scope", True, False)
    gone = caught_with(SignInUnavailable, corrupt_about=lambda about: Response(404, {}, b""))
    assert "again" not in gone.fix


def test_a_key_that_is_not_published_may_be_the_wrong_provider_s():
    header = {"alg": "RS256", "kid": "r2"}
    stranger = caught_with(
        SignInRejected, corrupt_id_token=lambda provider, claims: provider.sign(claims, header, key=KEYS.rsa_stranger)
    )
    assert stranger.reason is SignInReason.UNKNOWN_KEY
    assert "ISSUER" in stranger.fix


@pytest.mark.parametrize("reason", list(SignInReason))
def test_what_a_check_says_itself_stands_over_what_is_said_in_general(reason):
    assert cure_of_sign_in(TokenRefused(reason, "x", fix="set THIS")) == "set THIS"
    assert cure_of_sign_in(TokenRefused(reason, "x")) != "set THIS"
