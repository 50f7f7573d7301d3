"""What is made of what a plain OpenID provider answers."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from govcomponents.contracts.identity.fake_provider import CODE, KEYS, compact
from govcomponents.core.http.messages import Response
from govcomponents.errors import (
    CredentialsRefused,
    IdentityNotProved,
    NotSupported,
    SignInDenied,
    SignInReason,
    SignInRejected,
    SignInUnavailable,
)
from govcomponents.identity.jose.tokens import half_hash
from govcomponents.identity.levels import Authentication, Claim, Confidence
from govcomponents.privacy import Personal, Secret

from .support import (
    ABOUT,
    CLIENT,
    ISSUER,
    MEDIUM,
    NOW,
    PROVED,
    SINGLE,
    STRONG,
    SURE,
    desk,
    profile,
    settings,
    sign_in,
)

# -- what comes back ----------------------------------------------------------------------------------------------


def test_everything_that_the_standard_claims_say():
    fake, service = desk()
    fake.profile = profile(id_token={"acr": PROVED, "auth_time": NOW - 5, "c_hash": half_hash(CODE, "RS256")})
    identity = sign_in(fake, service, **MEDIUM, claims=[Claim.PHONE, Claim.ADDRESS])
    assert identity.confidence is Confidence.MEDIUM
    assert identity.email == Personal(ABOUT["email"])
    assert identity.email_verified
    assert identity.phone == Personal(ABOUT["phone_number"])
    assert identity.phone_verified
    assert identity.name.given.reveal() == "CANARYNAME"
    assert identity.name.family.reveal() == "EXAMPLE"
    assert identity.birth_date.reveal().isoformat() == "1984-02-29"
    assert identity.authenticated_at.timestamp() == NOW - 5
    (home,) = identity.addresses
    assert home.lines.reveal() == "7 CANARY ROAD\nEX1 1AA"
    assert (home.postcode.reveal(), home.country.reveal(), home.street) == ("EX1 1AA", "GB", None)
    assert identity.raw["acr"] == PROVED
    assert not {"nonce", "at_hash", "c_hash"} & identity.raw.keys()


def test_what_a_person_only_says_is_apart_from_what_is_proved():
    fake, service = desk()
    identity = sign_in(fake, service, **SINGLE)
    assert identity.confidence is Confidence.NONE
    assert (identity.names, identity.birth_dates, identity.addresses) == ((), (), ())
    assert identity.raw["given_name"] == "CANARYNAME"
    (named,) = identity.self_asserted_names
    assert named.full.reveal() == "CANARYNAME EXAMPLE"
    assert sign_in(fake, service, **MEDIUM).self_asserted_names == ()


@pytest.mark.parametrize(
    ("about", "full"),
    [
        ({"name": "Sam Example"}, "Sam Example"),
        ({"given_name": "Sam", "middle_name": "Jo", "family_name": "Example", "name": "x"}, "Sam Jo Example"),
        ({"given_name": None, "family_name": "Example"}, "Example"),
        ({"given_name": 7, "name": ["x"]}, None),
        ({}, None),
    ],
)
def test_names_of_every_form(about, full):
    fake, service = desk(found=profile(about=about))
    identity = sign_in(fake, service, **MEDIUM)
    assert (identity.name and identity.name.full.reveal()) == full


@pytest.mark.parametrize("odd", [None, "text", [], 7, {}, {"formatted": ""}, {"locality": 7}])
def test_an_odd_address_is_none(odd):
    fake, service = desk(
        found=profile(about=ABOUT | {"address": odd, "birthdate": odd, "email": odd, "phone_number": odd})
    )
    identity = sign_in(fake, service, **MEDIUM)
    assert (identity.addresses, identity.birth_dates) == ((), ())
    assert (identity.email is None) is (odd != "text")


@pytest.mark.parametrize("odd", ["True", "TRUE", "1", 1, None, "yes", "false", ["true"]])
def test_only_true_is_verified(odd):
    """B20, B21."""
    fake, service = desk(found=profile(about=ABOUT | {"email_verified": odd, "phone_number_verified": odd}))
    identity = sign_in(fake, service, **MEDIUM)
    assert not identity.email_verified
    assert not identity.phone_verified


@pytest.mark.parametrize("level", [STRONG, "urn:example:unknown", None, ..., 7, [PROVED], {PROVED: 1}], ids=str)
def test_a_level_that_proves_less_proves_nothing(level):
    """B17: a level that is missing or unknown is worth no more than any sign-in."""
    own = settings(levels=settings().model_extra["levels"], assured_authentication="two_factor")
    fake, service = desk(own, profile(id_token={} if level is ... else {"acr": level}))
    with pytest.raises(IdentityNotProved) as caught:
        sign_in(fake, service, **MEDIUM)
    assert caught.value.subject.reveal() == fake.profile.subject


@pytest.mark.parametrize("level", ["urn:example:unknown", None, ...], ids=str)
def test_a_sign_in_with_less_is_rejected(level):
    """B17."""
    fake, service = desk(found=profile(id_token={} if level is ... else {"acr": level}))
    with pytest.raises(SignInRejected) as caught:
        sign_in(fake, service)
    assert caught.value.reason is SignInReason.BAD_LEVEL
    assert fake.profile.userinfo not in [request.url for request in fake.sent]
    assert sign_in(fake, service, **SINGLE).authentication is Authentication.SINGLE_FACTOR


def test_more_than_was_asked_for_is_good():
    fake, service = desk(found=profile(id_token={"acr": SURE}))
    assert sign_in(fake, service, **MEDIUM).confidence is Confidence.HIGH


def test_the_level_may_be_in_another_claim():
    fake, service = desk(settings(level_claim="vot"), profile(id_token={"vot": PROVED}))
    assert sign_in(fake, service, **MEDIUM).confidence is Confidence.MEDIUM


def test_the_level_of_userinfo_counts_for_nothing():
    """Only what is signed proves anything."""
    fake, service = desk(found=profile(id_token={}, about=ABOUT | {"acr": PROVED}))
    with pytest.raises(SignInRejected):
        sign_in(fake, service, **MEDIUM)


@pytest.mark.parametrize(
    ("claim", "value"), [("at_hash", half_hash("x", "RS256")), ("c_hash", half_hash("x", "RS256"))]
)
def test_a_hash_that_is_there_must_be_right(claim, value):
    """B11, B13."""
    fake, service = desk(found=profile(id_token={"acr": PROVED, claim: value}))
    with pytest.raises(SignInRejected) as caught:
        sign_in(fake, service, **MEDIUM)
    assert caught.value.reason is SignInReason.BAD_HASH


def test_another_audience_needs_to_be_ours_by_name():
    """B3, B4: several audiences will do if the token says that it was issued to us."""
    for azp, good in ((CLIENT, True), ("another", False), (None, False)):
        more = {} if azp is None else {"azp": azp}
        fake, service = desk(found=profile(id_token={"acr": PROVED, "aud": [CLIENT, "another"]} | more))
        if good:
            assert sign_in(fake, service, **MEDIUM)
            continue
        with pytest.raises(SignInRejected) as caught:
            sign_in(fake, service, **MEDIUM)
        assert caught.value.reason is SignInReason.BAD_AUDIENCE


def test_a_token_without_a_key_id_is_an_option():
    """K5."""
    for required, good in ((True, False), (False, True)):
        fake, service = desk(settings(require_key_id=required))
        fake.corrupt_id_token = lambda fake, claims: fake.sign(claims, {"alg": "RS256"})
        if good:
            assert sign_in(fake, service, **MEDIUM)
            continue
        with pytest.raises(SignInRejected) as caught:
            sign_in(fake, service, **MEDIUM)
        assert caught.value.reason is SignInReason.UNKNOWN_KEY


def test_no_token_is_kept_but_the_one_for_signing_out():
    """T24: neither the access token nor a refresh token is to be had."""
    fake, service = desk()
    fake.corrupt_tokens = lambda tokens: tokens | {"refresh_token": "refresh-canary"}
    identity = sign_in(fake, service, **MEDIUM)
    everything = f"{identity.to_dict(reveal=True)} {identity.raw} {identity.id_token.reveal()}"
    assert "refresh-canary" not in everything
    assert "forged-access-token" not in everything


# -- userinfo -----------------------------------------------------------------------------------------------------


def jwt_userinfo(fake, service, **changes):
    header = changes.pop("header", {"alg": "RS256", "kid": "r1"})
    key = changes.pop("key", KEYS.rsa)

    def about(claims):
        merged = {"iss": ISSUER, "aud": CLIENT, **claims, **changes}
        kept = {name: value for name, value in merged.items() if value is not ...}
        token = compact(header, kept, key, header["alg"])
        return Response(200, {"content-type": "application/jwt; charset=utf-8"}, token.encode())

    fake.corrupt_about = about
    return sign_in(fake, service, **MEDIUM)


def test_userinfo_may_be_a_signed_token():
    fake, service = desk(settings(userinfo="jwt"))
    identity = jwt_userinfo(fake, service)
    assert identity.email == Personal(ABOUT["email"])
    assert next(r for r in fake.sent if r.url == f"{ISSUER}/me").headers["Accept"] == "application/jwt"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://evil.example.com"}, SignInReason.BAD_ISSUER),
        ({"iss": ...}, SignInReason.MALFORMED),
        ({"aud": "another"}, SignInReason.BAD_AUDIENCE),
        ({"aud": ...}, SignInReason.MALFORMED),
        ({"sub": "another"}, SignInReason.BAD_SUBJECT),
        ({"exp": NOW - 60}, SignInReason.EXPIRED),
        ({"exp": "soon"}, SignInReason.MALFORMED),
        ({"iat": NOW + 600}, SignInReason.NOT_YET_VALID),
        ({"iat": NOW - 6000}, SignInReason.EXPIRED),
        ({"nonce": "x"}, SignInReason.BAD_TYPE),
        ({"events": {}}, SignInReason.BAD_TYPE),
        ({"header": {"alg": "ES256", "kid": "k1"}, "key": KEYS.ec}, SignInReason.BAD_ALGORITHM),
        ({"header": {"alg": "RS256"}}, SignInReason.UNKNOWN_KEY),
        ({"key": KEYS.rsa_stranger}, SignInReason.BAD_SIGNATURE),
    ],
    ids=lambda value: str(value).partition(" object at")[0],
)
def test_a_hostile_userinfo_token_is_rejected(changes, reason):
    """T9."""
    fake, service = desk(settings(userinfo="jwt"))
    with pytest.raises(SignInRejected) as caught:
        jwt_userinfo(fake, service, **changes)
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    "answer",
    [
        Response(200, {"content-type": "application/json"}, b'{"sub": "x"}'),
        Response(200, {"content-type": "application/jwt"}, b"\xff.\xff.\xff"),
        Response(200, {"content-type": "application/jwt"}, b"a.b.c.d.e"),  # A13
        Response(200, {"content-type": "application/jwt"}, b"x" * 300_000),
    ],
)
def test_userinfo_comes_in_the_form_that_is_set(answer):
    """T9."""
    fake, service = desk(settings(userinfo="jwt"))
    fake.corrupt_about = lambda about: answer
    with pytest.raises(SignInRejected) as caught:
        sign_in(fake, service, **MEDIUM)
    assert caught.value.reason is SignInReason.MALFORMED


def test_userinfo_may_not_be_there_at_all():
    fake, service = desk(settings(userinfo="none"), profile(id_token={"acr": PROVED} | ABOUT))
    identity = sign_in(fake, service, **MEDIUM)
    assert identity.email == Personal(ABOUT["email"])
    assert f"{ISSUER}/me" not in {request.url for request in fake.sent}


def userinfo_of(fake, media, body):
    fake.corrupt_about = lambda _claims: Response(200, {"content-type": media}, body)


@pytest.mark.parametrize(
    ("header", "variable"),
    [({"alg": "RS256"}, "REQUIRE_KEY_ID"), ({"alg": "ES256", "kid": "k1"}, "ID_TOKEN_ALGORITHMS")],
)
@pytest.mark.parametrize("token", ["id", "userinfo"])
def test_a_mistake_in_the_set_up_names_the_setting_that_cures_it(header, variable, token):
    """B2, S6: letting the person start again never helps."""
    fake, service = desk(settings(userinfo="jwt") if token == "userinfo" else None)
    come_back = jwt_userinfo if token == "userinfo" else sign_in
    how = {"header": header, "key": KEYS.ec if header["alg"] == "ES256" else KEYS.rsa}
    if token == "id":
        fake.corrupt_id_token = lambda provider, claims: provider.sign(claims, header)
        how = MEDIUM
    with pytest.raises(SignInRejected, match=f"To fix: .*GOVCOMPONENTS_IDENTITY__{variable}") as caught:
        come_back(fake, service, **how)
    assert "start again" not in str(caught.value)


@pytest.mark.parametrize(("form", "media"), [("json", "application/jwt"), ("jwt", "application/json")])
def test_a_userinfo_answer_of_the_other_form_names_the_setting(form, media):
    fake, service = desk(settings(userinfo=form))
    userinfo_of(fake, media, b"{}")
    with pytest.raises(SignInRejected, match="GOVCOMPONENTS_IDENTITY__USERINFO"):
        sign_in(fake, service, **MEDIUM)


# -- errors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "error", "code"),
    [
        (400, b'{"error":"invalid_grant","error_description":"canary"}', SignInDenied, "invalid_grant"),
        (400, b'{"error":"canary"}', SignInDenied, "other"),
        (400, b'{"error":"invalid_client"}', CredentialsRefused, "invalid_client"),
        (400, b'{"error":"unauthorized_client"}', CredentialsRefused, "unauthorized_client"),
        (401, b"", CredentialsRefused, None),
        (429, b"", SignInUnavailable, None),
        (400, b'{"error":"temporarily_unavailable"}', SignInUnavailable, "temporarily_unavailable"),
        (502, b"<html>canary", SignInUnavailable, None),
    ],
)
def test_refusals_of_the_token_endpoint(status, body, error, code):
    fake, service = desk()
    fake.corrupt_tokens = lambda tokens: Response(status, {"content-type": "application/json"}, body)
    with pytest.raises(error) as caught:
        sign_in(fake, service, **MEDIUM)
    assert (caught.value.status, caught.value.code) == (status, code)
    assert caught.value.fix
    assert "canary" not in str(caught.value)
    assert fake.redeemed == 1


@pytest.mark.parametrize("ask", [SINGLE, MEDIUM])
def test_a_person_who_leaves(ask):
    _, service = desk()
    started = service.start(**ask)
    with pytest.raises(SignInDenied) as caught:
        service.complete(started.pending, {"error": "access_denied", "state": started.pending.state.reveal()})
    assert caught.value.code == "access_denied"


# -- signing out --------------------------------------------------------------------------------------------------

BACK = "https://service.example.gov.uk/signed-out"


@pytest.mark.parametrize(
    ("style", "sent"), [("id_token_hint", {"id_token_hint": "the token"}), ("client_id", {"client_id": CLIENT})]
)
def test_signing_out_in_either_style(style, sent):
    _, service = desk(settings(sign_out=style))
    url = service.sign_out_url(Secret("the token"), BACK)
    assert url.partition("?")[0] == f"{ISSUER}/end"
    assert dict(parse_qsl(urlsplit(url).query)) == sent | {"post_logout_redirect_uri": BACK}


def test_signing_out_where_the_provider_has_no_place_for_it():
    _, service = desk(found=profile(changes={"end_session_endpoint": ...}))
    with pytest.raises(NotSupported):
        service.sign_out_url(Secret("the token"), BACK)
    _, service = desk(settings(sign_out="none"))
    with pytest.raises(NotSupported):
        service.sign_out_url(Secret("the token"), BACK)
    _, service = desk(settings(end_session_endpoint=f"{ISSUER}/out"))
    assert service.sign_out_url(Secret("the token")).startswith(f"{ISSUER}/out?")
