"""The sandbox's plain OpenID provider and its Login.gov: the adapters pass the contract over them, people sign in."""

from urllib.parse import urlencode

import pytest

from govcomponents import GovComponents
from govcomponents.contracts.identity.fake_provider import KEYS
from govcomponents.contracts.identity.suite import IdentityDouble, IdentitySubject, IdentitySuite
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.errors import ConfigurationError, CredentialsRefused, IdentityNotProved, SignInDenied
from govcomponents.identity.adapters.oidc.adapter import OpenIdConnect
from govcomponents.identity.jose.jwk import public_members
from govcomponents.identity.levels import Authentication, Confidence
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.browser import FormBrowser
from identity.kit import HOST, service_of

from .openid_sandbox import ADAPTERS, ASK, RSA, rsa_jwk, sandbox_of, service_on, settings_of, sign_in

BACK = "https://service.example.gov.uk/signed-out"
CANARIES = ("sam@example.com", "1984-02-29", "Example Road", "447700900123", "12025550123")


# -- the contract -------------------------------------------------------------------------------------------------


def connect(section, world=None):
    sandbox = sandbox_of(section, world)
    codes, events = [], []
    sandbox.callbacks.receive(lambda event: events.append((event.body, event.headers)) or 200)

    def account_event(_subject):
        getattr(sandbox, section).delete_account("SAM")
        sandbox.clock.advance(1)
        return events[-1]

    def answer(request):
        reply = sandbox.handle(request)
        if request.url.endswith("/token") and reply.status == 200:
            codes.append(request)
        return reply

    return IdentityDouble(
        transport=InProcessTransport(answer, sandbox.clock.advance),
        clock=sandbox.clock.time,
        visit=lambda url: sandbox.visit(url).headers["location"],
        redeemed=lambda: len(codes),
        account_event=account_event,
    )


def over_the_sandbox(section, world=None, **changes):
    """Without a fake provider: hostile tokens are tested beside each adapter."""
    own = settings_of(sandbox_of(section, world), section, **changes)
    return IdentitySubject(
        build=lambda runtime: ADAPTERS[section].from_settings(own, runtime),
        connect=lambda: connect(section, world),
        ask=ASK,
        canaries=CANARIES,
    )


class TestPlain(IdentitySuite):
    subject = over_the_sandbox("openid")


EVENTS = "https://service.example.gov.uk/events"


class TestLoginGov(IdentitySuite):
    subject = over_the_sandbox(
        "login_gov",
        {"clients": [{"events_url": EVENTS}]},
        signed_out_url="https://service.example.gov.uk/goodbye",
        events_audience=EVENTS,
    )


class TestLoginGovWithAKey(IdentitySuite):
    subject = over_the_sandbox(
        "login_gov",
        {"clients": [{"authentication": "private_key_jwt", "public_jwk": rsa_jwk(), "events_url": EVENTS}]},
        signed_out_url="https://service.example.gov.uk/goodbye",
        events_audience=EVENTS,
        **RSA,
    )


# -- who the client is --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_secrets_are_really_checked(method):
    sandbox = sandbox_of("openid", {"clients": [{"authentication": method, "client_secret": "s3cret:/+"}]})
    assert sign_in(sandbox, service_on(sandbox, "openid"), **ASK).confidence is Confidence.MEDIUM
    with pytest.raises(CredentialsRefused):
        sign_in(sandbox, service_on(sandbox, "openid", client_secret="another"), **ASK)


@pytest.mark.parametrize("section", ["openid", "login_gov"])
def test_assertions_are_really_checked(section):
    world = {"clients": [{"authentication": "private_key_jwt", "public_jwk": rsa_jwk()}]}
    sandbox = sandbox_of(section, world)
    assert sign_in(sandbox, service_on(sandbox, section, **RSA), **ASK).confidence is Confidence.MEDIUM
    other = sandbox_of(section, {"clients": [{"authentication": "private_key_jwt", "public_jwk": oidc_jwk()}]})
    with pytest.raises(CredentialsRefused):
        sign_in(other, service_on(other, section, **RSA), **ASK)
    without = service_on(sandbox, section, private_key=..., client_authentication="none")
    with pytest.raises(CredentialsRefused):
        sign_in(sandbox, without, **ASK)


def oidc_jwk():
    return public_members(KEYS.stranger.public_key())


def test_login_gov_does_not_take_the_issuer_as_audience():
    world = {"clients": [{"authentication": "private_key_jwt", "public_jwk": rsa_jwk()}]}
    sandbox = sandbox_of("login_gov", world)
    transport = InProcessTransport(sandbox.handle, sandbox.clock.advance)
    own = settings_of(sandbox, "login_gov", **RSA, adapter="oidc", issuer=f"{HOST}/login-gov/", signed_out_url=...)
    service = service_of(OpenIdConnect.from_settings(own, Runtime(transport, clock=sandbox.clock.time)))
    started = service.start(authentication=Authentication.SINGLE_FACTOR)
    url = f"{started.url}&acr_values=urn%3Aacr.login.gov%3Aauth-only"
    with pytest.raises(SignInDenied) as caught:  # a sentence says why, and no code does
        service.complete(started.pending, sandbox.visit(url).headers["location"])
    assert caught.value.code == "other"


# -- people and levels --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "person", "confidence"),
    [
        ("openid", "ALEX", Confidence.MEDIUM),
        ("login_gov", "ALEX", Confidence.MEDIUM),
        ("login_gov", "PAT", Confidence.LOW),
    ],
)
def test_a_person_who_is_proved_less(section, person, confidence):
    sandbox = sandbox_of(section)
    sandbox_provider = getattr(sandbox, section)
    sandbox_provider.sign_in_as(person)
    service = service_on(sandbox, section)
    with pytest.raises(IdentityNotProved):
        sign_in(sandbox, service, confidence=confidence)
    assert sign_in(sandbox, service).authentication is Authentication.TWO_FACTOR


def test_login_gov_proves_with_and_without_a_facial_match():
    sandbox = sandbox_of("login_gov")
    service = service_on(sandbox, "login_gov")
    either = {"confidence": [Confidence.LOW, Confidence.MEDIUM]}
    assert sign_in(sandbox, service, **either).confidence is Confidence.MEDIUM
    sandbox.login_gov.sign_in_as("ALEX")
    identity = sign_in(sandbox, service, **either)
    assert identity.confidence is Confidence.LOW
    assert identity.name.full.reveal() == "ALEX SAMPLE"


@pytest.mark.parametrize("section", ["openid", "login_gov"])
def test_components_of_a_sandbox_sign_in_with_the_provider_that_is_there(section):
    with GovComponents.sandbox({section: {}}) as gov:
        getattr(gov.simulator, section).sign_in_as("SAM")
        started = gov.identity.start(**ASK)
        identity = gov.identity.complete(started.pending, gov.simulator.visit(started.url).headers["location"])
        assert identity.confidence is Confidence.MEDIUM
        gov.identity.check()
        url = gov.identity.sign_out_url(identity, BACK)
        assert gov.simulator.visit(url).headers["location"] == BACK
        assert any("The person signed in (" in event.happened for event in gov.simulator.timeline.events())


@pytest.mark.parametrize("section", ["openid", "login_gov"])
@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_person_at_the_page(section, language):
    sandbox = sandbox_of(section, sign_in="page")
    service = service_on(sandbox, section)
    browser = FormBrowser(sandbox.visit)
    started = service.start(**ASK)
    page = browser.open(started.url)
    if language == "cy":
        page = browser.open(f"{page.url}&lng=cy")
        assert "Mewngofnodi" in page.text
    wrong = browser.send(page.form_with("person"), person="NOBODY")
    assert wrong.status == 400
    back = browser.send(wrong.form_with("person"), person="SAM")
    assert back.left
    assert service.complete(started.pending, back.url).confidence is Confidence.MEDIUM
    assert browser.send(page.form_with("person"), person="SAM").status == 404


def test_a_person_who_leaves():
    sandbox = sandbox_of("openid", sign_in="page")
    service = service_on(sandbox, "openid")
    browser = FormBrowser(sandbox.visit)
    started = service.start()
    page = browser.open(started.url)
    back = browser.send(page.form_with("person"), button="yes")
    with pytest.raises(SignInDenied):
        service.complete(started.pending, back.url)


# -- what is refused ----------------------------------------------------------------------------------------------


def test_keys_can_be_changed():
    """K11, K12: the new key is found, the old one is trusted no longer."""
    sandbox = sandbox_of("openid")
    service = service_on(sandbox, "openid")
    assert sign_in(sandbox, service)
    started = service.start()
    sandbox.openid.rotate_keys()
    back = sandbox.visit(started.url).headers["location"]
    assert service.complete(started.pending, back)  # at once: the token came from the provider itself
    assert sign_in(sandbox, service)


@pytest.mark.parametrize(
    ("section", "query", "status"),
    [
        ("openid", {"id_token_hint": "x"}, 200),
        ("openid", {"client_id": "x"}, 400),
        ("openid", {"id_token_hint": "x", "post_logout_redirect_uri": "https://evil.example.com"}, 400),
        ("login_gov", {"id_token_hint": "x", "post_logout_redirect_uri": BACK}, 400),
        ("login_gov", {"client_id": "x", "post_logout_redirect_uri": BACK}, 302),
    ],
)
def test_signing_out_in_the_provider_s_own_way(section, query, status):
    sandbox = sandbox_of(section)
    path = "/openid/logout" if section == "openid" else "/login-gov/openid_connect/logout"
    assert sandbox.visit(f"{HOST}{path}?{urlencode(query)}").status == status


def test_what_is_not_there():
    sandbox = sandbox_of("openid")
    assert sandbox.visit(f"{HOST}/openid/nothing").status == 404
    assert sandbox.visit(f"{HOST}/openid/token").status == 405
    with pytest.raises(ConfigurationError, match="login_gov"):
        _ = sandbox.login_gov
    assert {fact.name for fact in sandbox.openid.summary()} >= {"Services"}
    assert sandbox.openid.people == ("SAM", "ALEX")


@pytest.mark.parametrize(
    ("world", "about"),
    [
        ({"clients": []}, "openid"),
        ({"clients": [{"signs_in": "NOBODY"}]}, "not in people"),
        ({"clients": [{}, {}]}, "twice"),
        ({"clients": [{"client_secret": "s"}]}, "secret"),
        ({"clients": [{"authentication": "client_secret_post"}]}, "secret"),
        ({"clients": [{"authentication": "private_key_jwt"}]}, "key"),
        ({"people": [{"symbol": "A"}]}, "people"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_wrong_world_is_refused_by_the_place_that_is_wrong(world, about):
    with pytest.raises(ConfigurationError, match=about):
        Sandbox({"openid": world})


def test_a_world_of_ones_own():
    world = {
        "$comment": "for people",
        "clients": [{"signs_in": "KIM", "$comment": "the only one"}],
        "people": [{"symbol": "KIM", "sub": "kim-1", "claims": {"email": "kim@example.com"}}],
    }
    sandbox = sandbox_of("openid", world, sign_in=None)
    identity = sign_in(sandbox, service_on(sandbox, "openid"), authentication=Authentication.SINGLE_FACTOR)
    assert identity.email.reveal() == "kim@example.com"
