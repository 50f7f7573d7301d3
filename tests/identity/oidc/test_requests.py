"""What a plain OpenID provider is asked for, and how the client proves who it is."""

import base64

import pytest

from govcomponents.errors import (
    InvalidInput,
)
from govcomponents.identity.levels import Authentication, Claim, Confidence

from .support import (
    CLIENT,
    MEDIUM,
    PROVED,
    SINGLE,
    STRONG,
    SURE,
    asked,
    desk,
    profile,
    settings,
    sign_in,
    token_form,
    with_secret,
)


def test_scopes_follow_what_is_asked_for():
    _, service = desk()
    assert asked(service)["scope"] == "openid email"
    assert asked(service, claims=[Claim.PHONE])["scope"] == "openid email phone"
    assert asked(service, **MEDIUM, claims=[Claim.ADDRESS, Claim.PHONE])["scope"] == "openid email address phone"
    _, service = desk(settings(scopes="openid,profile"))
    assert asked(service)["scope"] == "openid profile"


@pytest.mark.parametrize(
    ("ask", "levels"),
    [
        (SINGLE, None),
        ({}, STRONG),
        (MEDIUM, PROVED),
        ({"confidence": Confidence.HIGH}, SURE),
        ({"confidence": [Confidence.HIGH, Confidence.MEDIUM]}, f"{PROVED} {SURE}"),
    ],
)
def test_levels_are_asked_for_by_their_names(ask, levels):
    _, service = desk()
    assert asked(service, **ask).get("acr_values") == levels


def test_levels_may_be_asked_for_as_vectors_of_trust():
    _, service = desk(settings(level_parameter="vtr", level_claim="vot"))
    assert asked(service, **MEDIUM)["vtr"] == f'["{PROVED}"]'
    assert "acr_values" not in asked(service, **MEDIUM)


def test_levels_need_not_be_asked_for():
    _, service = desk(settings(level_parameter="none"))
    assert not {"acr_values", "vtr"} & asked(service, **MEDIUM).keys()


def test_the_language_and_what_else_is_set_are_asked_for():
    _, service = desk(settings(languages="en,cy", extra_parameters={"prompt": "select_account"}))
    assert asked(service, language="cy")["ui_locales"] == "cy"
    assert asked(service)["prompt"] == "select_account"


def test_a_level_that_nobody_has_is_refused_unsent():
    levels = {PROVED: {"confidence": "medium"}, STRONG: {"authentication": "two_factor"}}
    fake, service = desk(settings(levels=levels))
    with pytest.raises(InvalidInput, match="no level") as caught:
        service.start(**MEDIUM)
    assert caught.value.field == "confidence"
    assert fake.sent == []
    assert asked(service, **SINGLE, **MEDIUM)["acr_values"] == PROVED


def test_what_every_sign_in_is_counts_for_each_level():
    own = settings(levels={PROVED: {"confidence": "medium"}}, assured_authentication="two_factor")
    fake, service = desk(own)
    assert "acr_values" not in asked(service)
    assert asked(service, **MEDIUM)["acr_values"] == PROVED
    identity = sign_in(fake, service, **MEDIUM)
    assert (identity.authentication, identity.confidence) == (Authentication.TWO_FACTOR, Confidence.MEDIUM)


def test_a_private_key_proves_who_the_client_is():
    fake, service = desk()
    sign_in(fake, service, **MEDIUM)
    form, headers = token_form(fake)
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert "Authorization" not in headers
    assert "client_secret" not in form


def test_a_secret_may_go_in_the_header():
    """RFC 6749, 2.3.1: both parts are encoded as a form is, before they are joined."""
    fake, service = desk(with_secret(client_id="licences:2"), profile())
    fake.profile = profile(id_token={"acr": PROVED, "aud": "licences:2"})
    sign_in(fake, service, **MEDIUM)
    form, headers = token_form(fake)
    kind, _, pair = headers["Authorization"].partition(" ")
    assert kind == "Basic"
    assert base64.b64decode(pair) == b"licences%3A2:s3cret%3Aof%2Fthe%2Bclient"
    assert not {"client_secret", "client_id", "client_assertion"} & form.keys()


def test_a_secret_may_go_in_the_form():
    fake, service = desk(with_secret("client_secret_post"))
    sign_in(fake, service, **MEDIUM)
    form, headers = token_form(fake)
    assert (form["client_id"], form["client_secret"]) == (CLIENT, "s3cret:of/the+client")
    assert "Authorization" not in headers


def test_a_public_client_has_pkce_alone():
    fake, service = desk(settings(client_authentication="none", private_key=...))
    sign_in(fake, service, **MEDIUM)
    form, headers = token_form(fake)
    assert form["client_id"] == CLIENT
    assert len(form["code_verifier"]) >= 43
    assert not {"client_secret", "client_assertion"} & form.keys()
    assert "Authorization" not in headers
