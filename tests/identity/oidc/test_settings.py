"""What may be set of a plain OpenID provider, what is refused, and what the adapter then declares."""

import json

import pytest

from govcomponents.core.http.runtime import Runtime
from govcomponents.core.ports.plugins import find_adapter
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import ConfigurationError
from govcomponents.identity.adapters import BUILT_IN
from govcomponents.identity.adapters.oidc.adapter import OpenIdConnect
from govcomponents.identity.capabilities import IdentityCapability as Can
from govcomponents.identity.jose.signing import CallableSigner
from govcomponents.identity.port import IdentityPort
from govcomponents.privacy import Secret

from .support import LEVELS, settings, with_secret


def built(own, *, is_production=None):
    transport = ScriptedTransport()
    port = OpenIdConnect.from_settings(own, Runtime(transport, is_production=is_production))
    assert transport.sent == []
    return port


def test_it_is_found_by_its_name():
    assert find_adapter(IdentityPort, "identity", "oidc", BUILT_IN, "ADAPTER") is OpenIdConnect


def test_a_plain_provider_declares_little():
    port = built(settings(levels=..., claim_scopes=...))
    assert port.capabilities >= {Can.SIGN_IN, Can.SINGLE_FACTOR, Can.SIGN_OUT}
    assert not port.capabilities & {
        Can.TWO_FACTOR, Can.LOW_CONFIDENCE, Can.MEDIUM_CONFIDENCE, Can.HIGH_CONFIDENCE, Can.PHONE, Can.ADDRESS,
        Can.PASSPORT, Can.DRIVING_PERMIT, Can.RETURN_CODES, Can.WALLET_SUBJECT,
    }  # fmt: skip
    assert port.languages == {"en"}
    assert port.provider == "OpenID Connect"


def test_what_is_set_is_declared():
    port = built(settings(name="Example ID", languages="en, cy", sign_out="none"))
    assert port.capabilities >= {Can.TWO_FACTOR, Can.MEDIUM_CONFIDENCE, Can.HIGH_CONFIDENCE, Can.PHONE, Can.ADDRESS}
    assert Can.LOW_CONFIDENCE not in port.capabilities
    assert Can.SIGN_OUT not in port.capabilities
    assert port.languages == {"en", "cy"}
    assert port.provider == "Example ID"
    assert Can.TWO_FACTOR in built(settings(levels=..., assured_authentication="two_factor")).capabilities


def test_settings_may_be_text_as_in_the_environment():
    port = built(
        settings(levels=json.dumps(LEVELS), claim_scopes='{"phone": "phone"}', id_token_algorithms="ES256,RS256")
    )
    assert Can.HIGH_CONFIDENCE in port.capabilities
    assert Can.ADDRESS not in port.capabilities


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"issuer": ...}, "ISSUER"),
        ({"issuer": "http://id.example.com"}, "ISSUER must be https"),
        ({"issuer": "https://id.example.com?x=1"}, "ISSUER"),
        ({"environment": "production"}, "ENVIRONMENT"),
        ({"client_id": ...}, "CLIENT_ID"),
        ({"redirect_url": "http://service.example.gov.uk/"}, "REDIRECT_URL"),
        ({"private_key": ...}, "PRIVATE_KEY"),
        ({"signing_algorithm": "HS256"}, "PRIVATE_KEY"),
        ({"signing_algorithm": "RS256"}, "PRIVATE_KEY"),
        ({"client_secret": "s3cret"}, "client secret is set"),
        ({"client_authentication": "none"}, "private key is set"),
        ({"client_authentication": "client_secret_basic"}, "private key is set"),
        ({"client_authentication": "client_secret_jwt"}, "private key is set"),
        (
            {
                "client_authentication": "client_secret_jwt",
                "client_secret": "x" * 31,
                "private_key": ...,
                "signing_algorithm": ...,
            },
            "CLIENT_SECRET is too short to sign with",
        ),
        ({"client_authentication": "tls_client_auth"}, "CLIENT_AUTHENTICATION: it is not one of .* no other"),
        ({"signing_algorithm": "EdDSA"}, r"PRIVATE_KEY.*EdDSA needs a key of another kind \(Ed25519\)"),
        ({"id_token_algorithms": "RS256,Ed25519"}, "ID_TOKEN_ALGORITHMS.*ES256, ES384"),
        ({"client_authentication": "client_secret_post", "private_key": ...}, "CLIENT_SECRET is not set"),
        ({"id_token_algorithms": "none"}, "ID_TOKEN_ALGORITHMS.*ES256, ES384"),  # A1
        ({"id_token_algorithms": "HS256"}, "ID_TOKEN_ALGORITHMS.*ES256, ES384"),  # A2
        ({"id_token_algorithms": "RS256,hs256"}, "ID_TOKEN_ALGORITHMS.*ES256, ES384"),
        ({"id_token_algorithms": ""}, "ID_TOKEN_ALGORITHMS"),
        ({"scopes": "email"}, "openid"),
        ({"leeway": 0}, "LEEWAY"),  # B10
        ({"leeway": 301}, "LEEWAY"),  # B10
        ({"pending_life": 8 * 86_400}, "PENDING_LIFE"),
        ({"extra_parameters": {"state": "fixed"}}, "extra parameters"),
        ({"extra_parameters": '{"code_challenge_method": "plain"}'}, "extra parameters"),  # C10
        ({"extra_parameters": "nonsense"}, "EXTRA_PARAMETERS"),
        ({"endpoint_hosts": "https://id.example.com"}, "endpoint hosts"),
        ({"endpoint_hosts": "*.example.com"}, "endpoint hosts"),
        ({"levels": {"x": {"authentication": "three_factor"}}}, "a level has"),
        ({"levels": {"x": {"assurance": "high"}}}, "LEVELS"),
        ({"claim_scopes": {"passport": "passport"}}, "claims that have a scope"),
        ({"confidence_scopes": {"medium": "m"}}, "verified attributes"),
        ({"confidence_scopes": {"best": "m"}}, "levels of confidence"),
        ({"userinfo": "attributes"}, "address and the issuer"),
        ({"userinfo": "xml"}, "USERINFO"),
        ({"assertion_audience": "token_endpoint"}, "ASSERTION_AUDIENCE"),
        ({"assertion_audience": "http://id.example.com/token"}, "ASSERTION_AUDIENCE"),
        ({"end_session_endpoint": "http://id.example.com/end"}, "END_SESSION_ENDPOINT"),
        ({"preset": "nobody"}, "PRESET"),
        ({"name": "\ud800"}, "NAME: it holds half of a surrogate pair"),  # F8
        ({"scopes": "openid \udcff"}, "SCOPES"),
        ({"languages": ["\udcff"]}, "LANGUAGES: it holds half of a surrogate pair"),
        ({"extra_parameters": {"a": "\udcff"}}, "EXTRA_PARAMETERS: it holds half of a surrogate pair"),
        ({"extra_parameters": '{"\\udcff": "a"}'}, "EXTRA_PARAMETERS: it holds half of a surrogate pair"),
        ({"levels": {"\udcff": {"authentication": "two_factor"}}}, "LEVELS: it holds half of a surrogate pair"),
        ({"key_id": "a\nb"}, "KEY_ID"),
        ({"key_id": "\ud800"}, "KEY_ID"),
        ({"private_key": Secret(7)}, "PRIVATE_KEY"),
        ({"no_such_setting": 1}, "NO_SUCH_SETTING"),
    ],
    ids=str,
)
def test_what_is_set_wrong_is_refused_at_once(change, about):
    with pytest.raises(ConfigurationError, match=about) as caught:
        built(settings(**change))
    assert caught.value.fix
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("secret", ["", " ", "with space", "with\nline", "x" * 600, "pässword"])
def test_a_secret_is_checked_and_never_shown(secret):
    own = with_secret().model_copy(update={"client_secret": secret})
    with pytest.raises(ConfigurationError) as caught:
        built(own)
    assert len(secret) < 2 or secret not in str(caught.value)


def test_a_signer_of_ones_own_may_sign():
    signer = CallableSigner("ES256", "k", lambda data: b"")
    assert built(settings(private_key=..., signer=signer))
    with pytest.raises(ConfigurationError):
        built(settings(signer=signer))


# -- presets ------------------------------------------------------------------------------------------------------


def scotaccount(**changes):
    return settings(**({
        "preset": "scotaccount", "issuer": ..., "environment": "integration", "levels": ..., "claim_scopes": ...
    } | changes))  # fmt: skip


def test_scotaccount_is_a_preset():
    port = built(scotaccount())
    assert port.provider == "ScotAccount"
    assert port.capabilities >= {Can.SINGLE_FACTOR, Can.MEDIUM_CONFIDENCE, Can.ADDRESS, Can.PHONE, Can.SIGN_OUT}
    assert not port.capabilities & {Can.TWO_FACTOR, Can.LOW_CONFIDENCE, Can.HIGH_CONFIDENCE}


def test_ones_own_settings_stand_over_a_preset():
    port = built(scotaccount(name="Sign in to Scotland", sign_out="none"))
    assert port.provider == "Sign in to Scotland"
    assert Can.SIGN_OUT not in port.capabilities


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"environment": ...}, "ENVIRONMENT is not set"),
        ({"issuer": "https://id.example.com"}, "both set"),
        ({"environment": ..., "issuer": "https://id.example.com"}, "address and the issuer"),
    ],
)
def test_a_preset_needs_a_place(change, about):
    with pytest.raises(ConfigurationError, match=about):
        built(scotaccount(**change))


def test_a_live_environment_is_for_production_only():
    assert built(scotaccount(environment="production"), is_production=True)
    with pytest.raises(ConfigurationError, match="production"):
        built(scotaccount(environment="production"), is_production=False)


def test_a_preset_may_be_used_at_another_place():
    own = scotaccount(
        environment=...,
        issuer="https://mock.example.com",
        attributes_url="https://mock.example.com/attributes",
        attributes_issuer="https://mock.example.com",
    )
    assert built(own).provider == "ScotAccount"
