"""Whatever a plain provider, ScotAccount or Login.gov answers: a checked identity comes of it, or a typed error."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govcomponents.contracts.identity.fake_provider import FakeOpenIdProvider
from govcomponents.core.http.messages import Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.errors import CallbackRefused, SignInError
from govcomponents.identity.adapters.oidc.adapter import OpenIdConnect
from govcomponents.identity.levels import Claim, Confidence
from govcomponents.identity.models import Identity

from .kit import service_of
from .login_gov import support as login_gov
from .login_gov.test_events import event as account_event
from .oidc import support as oidc
from .oidc.test_attributes import ASK as SCOTACCOUNT_ASK
from .oidc.test_attributes import ScotAccount, service_on

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
ASK = {"confidence": Confidence.MEDIUM, "claims": [Claim.PHONE, Claim.ADDRESS]}
FEW = settings(max_examples=60, deadline=None)


def outcome(service, provider, ask):
    started = service.start(**ask)
    try:
        found = service.complete(started.pending, provider.visit(started.url))
    except SignInError:
        return None
    assert isinstance(found, Identity)
    assert repr(found)
    return found


@FEW
@given(st.dictionaries(st.sampled_from(sorted(oidc.ABOUT)), ANYTHING))
def test_any_claims_of_a_plain_provider(claims):
    fake = FakeOpenIdProvider(oidc.profile(about=oidc.ABOUT | claims), lambda: oidc.NOW)
    service = service_of(oidc.port_on(fake))
    found = outcome(service, fake, ASK)
    assert found is not None
    assert found.email_verified is (claims.get("email_verified", True) is True and found.email is not None)


@FEW
@given(st.dictionaries(st.sampled_from(["acr", "aud", "azp", "exp", "iat", "auth_time", "sub", "at_hash"]), ANYTHING))
def test_any_claims_of_an_id_token(claims):
    fake = FakeOpenIdProvider(oidc.profile(), lambda: oidc.NOW)
    fake.corrupt_id_token = lambda fake, genuine: fake.sign(genuine | claims)
    service = service_of(oidc.port_on(fake))
    found = outcome(service, fake, ASK)
    if found is not None:
        assert found.subject.reveal() == fake.profile.subject
        assert claims.get("acr", oidc.PROVED) in (oidc.PROVED, oidc.SURE)


@FEW
@given(st.binary(max_size=200), st.sampled_from(["application/json", "application/jwt", "text/html", ""]))
def test_any_bytes_as_userinfo(body, media):
    for userinfo in ("json", "jwt"):
        fake = FakeOpenIdProvider(oidc.profile(), lambda: oidc.NOW)
        fake.corrupt_about = lambda about: Response(200, {"content-type": media}, body)
        own = oidc.settings(userinfo=userinfo)
        service = service_of(OpenIdConnect.from_settings(own, Runtime(fake, clock=lambda: oidc.NOW)))
        assert outcome(service, fake, ASK) is None


@FEW
@given(ANYTHING, st.dictionaries(st.sampled_from(["uprn", "buildingNumber", "street_name", "postalCode"]), ANYTHING))
def test_any_attributes(entries, home):
    spoilt = {"scope": "scotaccount.address", "verification": {"outcome": "VERIFIED_SUCCESSFULLY"}}
    for claims in (entries, [entries], [spoilt | {"claims": {"address": home, "birth_date": entries}}]):
        provider = ScotAccount(claims={"verified_claims": claims})
        assert outcome(service_on(provider), provider, SCOTACCOUNT_ASK) is None


@FEW
@given(st.dictionaries(st.sampled_from(sorted(login_gov.ABOUT)), ANYTHING))
def test_any_claims_of_login_gov(claims):
    fake = FakeOpenIdProvider(login_gov.profile(about=login_gov.ABOUT | claims), lambda: login_gov.NOW)
    found = outcome(service_of(login_gov.port_on(fake)), fake, ASK)
    level = login_gov.ABOUT["ial"]
    assert (found is not None) is (claims.get("ial", level) == level)


@FEW
@given(st.dictionaries(st.sampled_from(["events", "sub", "jti", "iat", "exp", "aud", "nonce"]), ANYTHING))
def test_any_event_about_an_account(claims):
    fake = FakeOpenIdProvider(login_gov.profile(), lambda: login_gov.NOW)
    service = service_of(login_gov.port_on(fake))
    with contextlib.suppress(CallbackRefused):
        assert service.parse_callback(account_event(fake, **claims).encode(), {}).key


@FEW
@given(st.binary(max_size=300))
def test_any_bytes_as_an_event(body):
    service = service_of(login_gov.port_on(FakeOpenIdProvider(login_gov.profile(), lambda: login_gov.NOW)))
    with pytest.raises(CallbackRefused):
        service.parse_callback(body, {})


@FEW
@given(st.binary(max_size=200))
def test_any_bytes_as_tokens(body):
    fake = FakeOpenIdProvider(login_gov.profile(), lambda: login_gov.NOW)
    fake.corrupt_tokens = lambda tokens: Response(200, {"content-type": "application/json"}, body)
    assert outcome(service_of(login_gov.port_on(fake)), fake, ASK) is None


@FEW
@given(ANYTHING)
def test_any_json_as_keys(document):
    class Odd(FakeOpenIdProvider):
        async def send(self, request):
            if request.url == self.profile.jwks:
                return Response(200, {"content-type": "application/json"}, json.dumps({"keys": document}).encode())
            return await super().send(request)

    fake = Odd(oidc.profile(), lambda: oidc.NOW)
    assert outcome(service_of(oidc.port_on(fake)), fake, ASK) is None
