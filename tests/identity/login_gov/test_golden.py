"""The Login.gov adapter reads every published answer, and verifies every signed token among them."""

import json
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from govcomponents.core.http.messages import Response
from govcomponents.errors import (
    CredentialsRefused,
    IdentityNotProved,
    SignInDenied,
    SignInError,
    SignInReason,
    SignInRejected,
)
from govcomponents.identity.adapters.login_gov import wire
from govcomponents.identity.jose.tokens import half_hash
from govcomponents.identity.levels import Authentication, Confidence
from govcomponents.identity.pending import PendingSignIn
from govcomponents.identity.protocol.claims import names
from govcomponents.privacy import Personal, Secret
from identity.kit import service_of

from .support import CLIENT, GOLDEN, HOST, REDIRECT, answers, needs_golden, port_on

pytestmark = needs_golden
NOW = 1_789_375_600
STATE = "abcdefghijklmnopabcdefghijklmnop"
NONCE = "aad0aa969c156b2dfa685f885fac7083"
CODE = "c1b8f0e0-2f1f-4c39-9b57-0d5b3a0e6a11"
SUBJECT = "b2d2d115-1d7e-4579-b9d6-f8e84f4f56ca"


def named(operation, **wanted):
    if not GOLDEN.is_file():
        return []
    return [
        case["name"]
        for case in answers().values()
        if case["operation"] == operation and all(case.get(name) == value for name, value in wanted.items())
    ]


def answer(case):
    body = case["text"].encode() if "text" in case else json.dumps(case["body"]).encode()
    return Response(case["status"], {name.lower(): value for name, value in case["headers"].items()}, body)


class Published:
    """Login.gov as its documents, answers and tokens are published."""

    def __init__(self, *, token=None, id_token=None, userinfo="userinfo-openid", certs="certs-one"):
        known = answers()
        tokens = known[token or "token-verified"]
        if id_token is not None:
            tokens = tokens | {"body": tokens["body"] | {"id_token": known[id_token]["signed"]}}
        about = known[userinfo]
        self._at = {
            f"{HOST}/.well-known/openid-configuration": answer(known["discovery-sandbox"]),
            f"{HOST}/api/openid_connect/certs": answer(known[certs]),
            f"{HOST}/api/openid_connect/token": answer(tokens),
            f"{HOST}/api/openid_connect/userinfo": answer(about),
        }
        self.sent = []

    async def send(self, request):
        self.sent.append(request)
        return self._at[request.url]

    async def sleep(self, seconds):
        raise AssertionError("nothing here is worth waiting for")


def pending(*confidence, authentication=Authentication.SINGLE_FACTOR):
    return PendingSignIn(
        provider="Login.gov",
        issuer=f"{HOST}/",
        client_id=CLIENT,
        redirect_url=REDIRECT,
        state=Secret(STATE),
        nonce=Secret(NONCE),
        code_verifier=Secret("v" * 43),
        confidence=confidence,
        authentication=authentication,
        created_at=NOW - 60,
    )


def complete(kept, callback="authorize-success", **published):
    service = service_of(port_on(Published(**published), NOW))
    location = answers()[callback]["location"] if callback in answers() else callback
    return service.complete(kept, location)


# -- documents ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "environment"), [("discovery-sandbox", "integration"), ("discovery-production", "production")]
)
def test_both_environments_publish_what_the_adapter_expects(name, environment):
    document = answers()[name]

    class OnlyDiscovery(Published):
        async def send(self, request):
            self.sent.append(request)
            return answer(document)

    provider = OnlyDiscovery()
    started = service_of(port_on(provider, NOW, environment=environment)).start()
    assert started.url.startswith(document["body"]["authorization_endpoint"] + "?")
    assert started.pending.issuer == document["body"]["issuer"]
    assert [request.url for request in provider.sent] == [wire.HOSTS[environment] + "/.well-known/openid-configuration"]
    assert document["body"]["token_endpoint"] == wire.HOSTS[environment] + wire.TOKEN_PATH
    asked = dict(parse_qsl(urlsplit(started.url).query))
    assert set(asked["acr_values"].split()) <= set(document["body"]["acr_values_supported"])
    assert set(asked["scope"].split()) <= set(document["body"]["scopes_supported"])


def test_every_level_that_can_be_asked_for_is_published():
    supported = set(answers()["discovery-sandbox"]["body"]["acr_values_supported"])
    asked = {
        wire.service_level(pending(*levels))
        for levels in ((), (Confidence.LOW,), (Confidence.MEDIUM,), (Confidence.LOW, Confidence.MEDIUM))
    }
    assert len(asked) == 4
    assert asked | {*wire.TWO_FACTOR.values(), wire.DEFAULT_AAL} <= supported


def test_rotation_the_key_is_found_by_its_id():
    identity = complete(pending(), id_token="id-token-auth-only", certs="certs-rotation")
    assert identity.subject == Personal(SUBJECT)


# -- tokens -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "userinfo", "asked", "reached"),
    [
        ("id-token-auth-only", "userinfo-openid", (), Confidence.NONE),
        ("id-token-auth-only", "userinfo-default-aal", (), Confidence.NONE),
        ("id-token-verified", "userinfo-profile-only", (Confidence.LOW,), Confidence.LOW),
        ("id-token-verified", "userinfo-profile-only", (), Confidence.NONE),
        ("id-token-facial-match", "userinfo-facial-match", (Confidence.MEDIUM,), Confidence.MEDIUM),
        ("id-token-facial-match", "userinfo-facial-match", (Confidence.LOW,), Confidence.MEDIUM),
        ("id-token-legacy-levels", "userinfo-ialmax-not-verified", (), Confidence.NONE),
    ],
)
def test_a_genuine_token_is_verified(name, userinfo, asked, reached):
    identity = complete(pending(*asked), id_token=name, userinfo=userinfo)
    assert identity.subject == Personal(SUBJECT)
    assert identity.confidence is reached
    assert (identity.name is not None) is (reached is not Confidence.NONE)
    assert identity.raw["acr"] == answers()[name]["claims"]["acr"]
    assert "nonce" not in identity.raw


def test_every_genuine_token_is_among_the_tests_above():
    genuine = {
        name for name in named("id_token") if answers()[name]["state"] != "hostile" and "signed" in answers()[name]
    }
    assert genuine == {"id-token-auth-only", "id-token-verified", "id-token-facial-match", "id-token-legacy-levels"}


def test_the_documented_token_has_a_known_level():
    assert answers()["id-token-documented"]["claims"]["acr"] in wire.CONFIDENCE_OF


def test_a_facial_match_that_was_only_preferred_must_have_been_done():
    """A4: after asking for a facial match, "verified" is not enough."""
    with pytest.raises(IdentityNotProved) as caught:
        complete(pending(Confidence.MEDIUM), id_token="id-token-verified", userinfo="userinfo-profile-only")
    assert caught.value.subject == Personal(SUBJECT)
    either = pending(Confidence.LOW, Confidence.MEDIUM)
    assert wire.service_level(either) == wire.FACIAL_MATCH_PREFERRED
    assert complete(either, id_token="id-token-verified", userinfo="userinfo-profile-only").confidence is Confidence.LOW


HOSTILE = {
    "id-token-hostile-nonce": SignInReason.BAD_NONCE,
    "id-token-hostile-audience": SignInReason.BAD_AUDIENCE,
    "id-token-hostile-issuer": SignInReason.BAD_ISSUER,
    "id-token-hostile-at-hash": SignInReason.BAD_HASH,
    "id-token-hostile-expired": SignInReason.EXPIRED,
    "id-token-hostile-lower-level": SignInReason.BAD_LEVEL,
    "id-token-hostile-signature": SignInReason.BAD_SIGNATURE,
}


@pytest.mark.parametrize("name", named("id_token", state="hostile"))
def test_a_hostile_token_is_refused(name):
    with pytest.raises(SignInError) as caught:
        complete(pending(Confidence.LOW), id_token=name, userinfo="userinfo-profile-only")
    assert caught.value.reason is HOSTILE[name]


def test_a_token_that_is_cut_off_is_refused():
    with pytest.raises(SignInRejected) as caught:
        complete(pending(), token="token-documented")
    assert caught.value.reason is SignInReason.MALFORMED


@pytest.mark.parametrize("name", ["token-auth-only", "token-verified", "token-facial-match"])
def test_a_whole_token_answer_is_read(name):
    userinfo = {"token-auth-only": "userinfo-openid", "token-verified": "userinfo-profile-only"}
    identity = complete(pending(), token=name, userinfo=userinfo.get(name, "userinfo-facial-match"))
    assert identity.id_token == Secret(answers()[name]["body"]["id_token"])


@pytest.mark.parametrize("name", named("token", state="refused"))
def test_a_sentence_of_the_token_endpoint_is_an_error_with_advice(name):
    with pytest.raises((CredentialsRefused, SignInDenied)) as caught:
        complete(pending(), token=name)
    assert caught.value.status == 400
    assert caught.value.fix
    sentence = answers()[name]["body"]["error"]
    about_the_client = "Client assertion" in sentence or "Client must" in sentence
    assert isinstance(caught.value, CredentialsRefused) is about_the_client
    assert sentence[:25] not in str(caught.value)


def test_the_clock_is_named_where_it_is_wrong():
    for name in ("token-invalid-iat", "token-assertion-expired"):
        with pytest.raises(CredentialsRefused, match="clock"):
            complete(pending(), token=name)


# -- userinfo -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [name for name in named("userinfo") if not GOLDEN.is_file() or answers()[name]["status"] == 200]
)
def test_every_userinfo_answer_is_read(name):
    body = answers()[name]["body"]
    level = body.get("ial", wire.VERIFIED)
    by_level = {
        wire.AUTH_ONLY: "id-token-auth-only",
        wire.VERIFIED: "id-token-verified",
        wire.FACIAL_MATCH_REQUIRED: "id-token-facial-match",
        "http://idmanagement.gov/ns/assurance/ial/1": "id-token-legacy-levels",
    }
    if answers()[name]["state"] == "hostile":
        with pytest.raises(SignInRejected) as caught:
            complete(pending(), id_token="id-token-verified", userinfo=name)
        assert caught.value.reason is SignInReason.BAD_SUBJECT
        return
    reached = wire.CONFIDENCE_OF[level]
    if level not in by_level:  # no token of that level is published: its claims are read all the same
        assert reached in (Confidence.LOW, Confidence.MEDIUM)
        assert names(body)
        return
    asked = () if reached is Confidence.NONE else (reached,)
    identity = complete(pending(*asked), id_token=by_level[level], userinfo=name)
    assert identity.confidence is reached
    claimed = {} if reached is Confidence.NONE else answers()[by_level[level]]["claims"]
    merged = body | claimed  # what is signed counts
    for claim, value in (
        ("email", identity.email),
        ("birthdate", identity.birth_date),
        ("phone", identity.phone),
    ):
        if merged.get(claim) and (claim == "email" or asked):
            assert str(getattr(value.reveal(), "isoformat", value.reveal)()) == merged[claim]
    if merged.get("given_name"):
        assert identity.name.given.reveal() == merged["given_name"]
        assert identity.name.family.reveal() == merged["family_name"]
    if body.get("address"):
        (home,) = identity.addresses
        assert home.lines.reveal() == body["address"]["formatted"]
        assert home.postcode.reveal() == body["address"]["postal_code"]
    assert {key: identity.raw[key] for key in body} == body


@pytest.mark.parametrize(
    "name", [name for name in named("userinfo") if GOLDEN.is_file() and answers()[name]["status"] != 200]
)
def test_every_refusal_of_userinfo_is_an_error(name):
    with pytest.raises(SignInDenied) as caught:
        complete(pending(), id_token="id-token-auth-only", userinfo=name)
    assert caught.value.status == 401


# -- redirects ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", named("authorize_redirect"))
def test_every_redirect_is_read(name):
    case = answers()[name]
    kept = replace(pending(), state=Secret(case["query"].get("state", STATE)))
    if case["state"] == "hostile":
        with pytest.raises(SignInRejected) as caught:
            complete(pending(), name)
        assert caught.value.reason is SignInReason.BAD_STATE
    elif case["state"] == "ok":
        assert complete(kept, name, id_token="id-token-auth-only").subject == Personal(SUBJECT)
    else:
        with pytest.raises(SignInDenied) as caught:
            complete(kept, name)
        assert caught.value.code == case["query"]["error"]
        assert caught.value.fix


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("authorize-no-acr", "service level"),
        ("authorize-no-ial", "service level"),
        ("authorize-no-auth", "service level"),
        ("authorize-no-scope", "EXTRA_SCOPES"),
        ("authorize-two-errors", "service level"),
        ("authorize-short-state", "registration"),
    ],
)
def test_what_a_sentence_says_chooses_the_advice(name, advice):
    kept = replace(pending(), state=Secret(answers()[name]["query"]["state"]))
    with pytest.raises(SignInDenied, match=advice):
        complete(kept, name)


def test_the_logout_request_is_the_published_one():
    case = answers()["logout-request"]
    service = service_of(port_on(Published(), NOW))
    url = service.sign_out_url(Secret("a token that must not be sent"), case["query"]["post_logout_redirect_uri"])
    sent = dict(parse_qsl(urlsplit(url).query))
    assert url.partition("?")[0] == case["location"].partition("?")[0]
    assert sent == {name: value for name, value in case["query"].items() if name != "state"}  # state is optional


def test_the_hashes_of_the_published_answers_are_ours():
    claims = answers()["id-token-verified"]["claims"]
    assert claims["c_hash"] == half_hash(CODE, "RS256")
    assert claims["at_hash"] == half_hash(answers()["token-verified"]["body"]["access_token"], "RS256")


def test_no_operation_is_left_out():
    read = {"discovery", "certs", "token", "userinfo", "id_token", "authorize_redirect", "logout_request"}
    not_for_a_client = {"logout_page", "logout_redirect", "risc_configuration", "security_event_inbound"}
    assert {case["operation"] for case in answers().values()} == read | not_for_a_client | {"security_event"}
    assert {answers()[name]["status"] for name in named("userinfo")} == {200, 401}
