"""Checking GOV.UK One Login: what it publishes, compared with what the adapter expects."""

import json

import pytest

from govcomponents.core.http.messages import Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import SignInUnavailable
from govcomponents.identity.adapters.one_login.adapter import OneLogin
from identity.kit import HOST, service_of, settings


def test_the_environment_is_checked_against_discovery(desk):
    assert desk.identity.check() is None


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"issuer": HOST}, "issuer"),
        ({"token_endpoint": "https://evil.example.com/token"}, "token_endpoint"),
        ({"jwks_uri": None}, "jwks_uri"),
        ({"id_token_signing_alg_values_supported": ["RS256"]}, "ES256"),
        ({"code_challenge_methods_supported": ["plain"]}, "S256"),
        ({"response_types_supported": "code"}, "response_types_supported"),
    ],
)
def test_c10_t12_t13_what_differs_is_named(desk, change, word):
    from govcomponents.errors import ConfigurationError
    from govcomponents.sandbox.providers.one_login.responses import discovery

    document = discovery(desk.port._endpoints) | change
    handle = desk.transport._handle

    def answer(request):
        if "openid-configuration" in request.url:
            return Response(200, {"content-type": "application/json"}, json.dumps(document).encode())
        return handle(request)

    desk.transport._handle = answer
    with pytest.raises(ConfigurationError) as caught:
        desk.identity.check()
    assert word in str(caught.value)
    assert "evil" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [Response(403), Response(200, {}, b"<html>"), Response(200, {}, b"[]")],
    ids=lambda value: str(value).partition(" at 0x")[0],
)
def test_a_provider_that_cannot_be_asked(desk, answer):
    service = service_of(OneLogin.from_settings(settings(), Runtime(ScriptedTransport([answer] * 3))))
    with pytest.raises(SignInUnavailable):
        service.check()
