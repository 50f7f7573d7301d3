"""The settings of GOV.UK One Login: its environments, and what is refused at the start."""

import pytest

from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import (
    ConfigurationError,
)
from govcomponents.identity.adapters.one_login.adapter import OneLogin
from govcomponents.identity.adapters.one_login.wire import ENVIRONMENTS, endpoints_of
from govcomponents.identity.jose.signing import CallableSigner
from identity.kit import port_of, settings
from identity.kit import test_key as service_key


def test_k22_the_environments_are_constants_and_never_mixed():
    for name, domain in (("integration", "integration.account.gov.uk"), ("production", "account.gov.uk")):
        at = ENVIRONMENTS[name]
        assert at.issuer == f"https://oidc.{domain}/"
        assert at.authorize == f"https://oidc.{domain}/authorize"
        assert at.token == f"https://oidc.{domain}/token"
        assert at.userinfo == f"https://oidc.{domain}/userinfo"
        assert at.jwks == f"https://oidc.{domain}/.well-known/jwks.json"
        assert at.logout == f"https://oidc.{domain}/logout"
        assert at.did == f"did:web:identity.{domain}"
        assert at.did_document == f"https://identity.{domain}/.well-known/did.json"
        assert at.identity_issuer == f"https://identity.{domain}/"


def test_an_issuer_gives_every_other_address():
    at = endpoints_of("http://localhost:3000")
    assert (at.issuer, at.token) == ("http://localhost:3000/", "http://localhost:3000/token")
    assert at.did == "did:web:localhost%3A3000"
    assert at.did_document == "http://localhost:3000/.well-known/did.json"
    assert endpoints_of("https://a.example.com/one/login").did == "did:web:a.example.com:one:login"


ODD_ENDS = [
    "?",
    "#",
    "/..",
    "/a/../b",
    "/%2e%2e",
    "\\.evil.example",
    ":0",
    ":",
    "..",
    "%00.evil.example",
    ".",
    "@evil.example",
]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"client_id": None}, "CLIENT_ID"),
        ({"client_id": "two words"}, "CLIENT_ID"),
        ({"client_id": ""}, "CLIENT_ID"),
        ({"redirect_url": None}, "REDIRECT_URL"),
        ({"redirect_url": "http://service.example.gov.uk/"}, "REDIRECT_URL"),
        ({"redirect_url": "https://user@service.example.gov.uk/"}, "REDIRECT_URL"),
        ({"redirect_url": "https://service.example.gov.uk/#part"}, "REDIRECT_URL"),
        ({"redirect_url": "https://[broken"}, "REDIRECT_URL"),
        ({"redirect_url": "javascript:alert(1)"}, "REDIRECT_URL"),
        *(({"redirect_url": f"https://service.example.gov.uk{end}"}, "REDIRECT_URL") for end in ODD_ENDS),
        *(({"issuer": f"https://oidc.example.gov.uk{end}"}, "ISSUER") for end in ODD_ENDS),
        ({"private_key": None}, "PRIVATE_KEY"),
        ({"private_key": "canary"}, "PRIVATE_KEY"),
        ({"private_key_file": "/nonexistent/key.pem"}, "PRIVATE_KEY"),
        ({"private_key": None, "private_key_file": "/nonexistent/key.pem"}, "PRIVATE_KEY_FILE"),
        ({"issuer": None}, "ENVIRONMENT"),
        ({"environment": "integration"}, "ISSUER"),
        ({"issuer": "http://op.example.com"}, "ISSUER"),
        ({"issuer": "nonsense"}, "ISSUER"),
        ({"id_token_algorithm": "none"}, "ID_TOKEN_ALGORITHM"),
        ({"id_token_algorithm": "HS256"}, "ID_TOKEN_ALGORITHM"),
        ({"signing_algorithm": "ES256"}, "PRIVATE_KEY"),
        ({"signing_algorithm": "HS256"}, "PRIVATE_KEY"),
        ({"leeway": 0}, "LEEWAY"),
        ({"leeway": -1}, "LEEWAY"),
        ({"leeway": 301}, "LEEWAY"),
        ({"leeway": "soon"}, "LEEWAY"),
        ({"pending_life": 1}, "PENDING_LIFE"),
        ({"key_id": ""}, "KEY_ID"),
        ({"colour": "blue"}, "COLOUR"),
        ({"signer": object()}, "PRIVATE_KEY"),
        ({"signer": object(), "private_key": None}, "signer"),
        ({"signer": CallableSigner("ES256", "k", bytes), "private_key": None}, "signer"),
    ],
    ids=lambda value: str(value).partition(" object at")[0],
)
def test_b10_p5_wrong_settings_are_refused_at_the_start(changes, word):
    with pytest.raises(ConfigurationError) as caught:
        port_of(**changes)
    assert word in str(caught.value)
    assert "canary" not in str(caught.value)
    assert caught.value.fix


def test_settings_may_be_text_as_in_the_environment(tmp_path):
    path = tmp_path / "key"
    path.write_text(service_key())
    path.chmod(0o600)
    assert port_of(private_key=None, private_key_file=path, leeway="60", high_confidence="true", pending_life="600")


def test_the_guard_against_production():
    runtime = Runtime(ScriptedTransport(), is_production=False)
    with pytest.raises(ConfigurationError):
        OneLogin.from_settings(settings(issuer=None, environment="production"), runtime)
    for allowed in (None, True):
        assert OneLogin.from_settings(
            settings(issuer=None, environment="production"), Runtime(ScriptedTransport(), is_production=allowed)
        )
    assert OneLogin.from_settings(settings(issuer=None, environment="integration"), runtime)
