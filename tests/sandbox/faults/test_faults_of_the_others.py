"""The faults of the providers that a world may add: Stripe, Login.gov, a plain OpenID provider."""

from __future__ import annotations

import pytest

from govcomponents import GovComponents, Settings, errors
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.providers import fault_catalogue
from govcomponents.sandbox.world import default_world
from sandbox.people import create

from .test_faults_reach_the_sdk import ACTED, BOTH, SIGN_IN_CONTENT, SIGN_IN_ENDS, SIGN_IN_EXCHANGE

CATALOGUE = fault_catalogue()
WORLD = {**default_world(), "stripe": {}, "openid": {}, "login_gov": {}}


def of(provider):
    return sorted(name for name, kind in CATALOGUE.items() if provider in kind.providers)


def connected(sandbox, **settings):
    transport = InProcessTransport(sandbox.handle, lambda seconds: None)
    known = Settings(environment="test", **settings)
    return GovComponents.from_settings(known, transport=transport, retry=RetryPolicy.none())


def sign_in(sandbox, gov):
    started = gov.identity.start()
    browser = FormBrowser(sandbox.visit)
    page = browser.open(started.url)
    if not page.left:
        page = browser.send(page.form_with("person"), person="SAM")
    return gov.identity.complete(started.pending, page.url)


@pytest.mark.parametrize("provider", ["openid", "login_gov"])
@pytest.mark.parametrize("fault", of("openid"))
def test_signing_in(provider, fault):
    sandbox = Sandbox(WORLD)
    kind = CATALOGUE[fault].kind
    with connected(sandbox, identity=getattr(sandbox, provider).client_settings()) as gov:
        sandbox.faults.arm(provider, fault, operation="*" if kind.operations else "token")
        with pytest.raises(errors.SignInError) as caught:
            sign_in(sandbox, gov)
        name = type(caught.value).__name__
        assert name in kind.raises
        expected = SIGN_IN_ENDS.get(fault) or SIGN_IN_EXCHANGE.get(fault, ("SignInRejected",))[0]
        assert name == expected
        if fault in SIGN_IN_CONTENT:
            assert caught.value.reason == SIGN_IN_CONTENT[fault]
        assert sandbox.timeline.events()[-1].component == "identity"
        sandbox.faults.clear()
        assert sign_in(sandbox, gov).subject


@pytest.mark.parametrize("fault", of("stripe"))
def test_paying_with_stripe(fault):
    sandbox = Sandbox(WORLD)
    with connected(sandbox, pay=sandbox.stripe.client_settings()) as gov:
        sandbox.faults.arm("stripe", fault)
        with pytest.raises(getattr(errors, BOTH[fault][0])) as caught:
            create(gov)
        assert type(caught.value).__name__ in CATALOGUE[fault].kind.raises
        assert len(sandbox.stripe.sessions()) == (fault in ACTED)
        sandbox.faults.clear()
        assert create(gov).reference == "RENEW-7"


def test_both_sign_in_providers_have_the_same_faults():
    assert of("openid") == of("login_gov")
    assert set(of("openid")) < set(of("one_login"))


def test_the_pages_show_all_of_them():
    sandbox = Sandbox(WORLD)
    home = sandbox.visit(sandbox.base_url).body.decode()
    faults = sandbox.visit(f"{sandbox.base_url}/_sandbox/faults").body.decode()
    for name in ("GOV.UK Pay", "GOV.UK Notify", "GOV.UK One Login", "Stripe", "OpenID Connect", "Login.gov"):
        assert f"<h3>{name}</h3>" in home
        assert f'<optgroup label="{name}">' in faults
