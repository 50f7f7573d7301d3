"""The section `pay` of a world file: what is wrong is named with its place."""

import pytest

from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.app import Sandbox
from pay.govuk_pay.context import KEY, world


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"api_keys": []}, "pay.services.0.api_keys"),
        ({"api_keys": [{"key": "secret-key"}]}, "pay.services.0.api_keys.0.key"),
        ({"api_keys": [{"key": "api_test_a"}, {"key": "api_live_a"}]}, "pay.services.0: api_keys"),
        ({"api_keys": [{"key": "api_test_a"}, {"key": "api_test_a"}]}, "pay: services"),
        ({"webhooks": [{"url": "nowhere", "secret": "webhook_test_a"}]}, "pay.services.0.webhooks.0.url"),
        ({"webhooks": [{"url": "https://a.example/", "secret": "secret-key"}]}, "pay.services.0.webhooks.0.secret"),
        ({"colour": "green"}, "pay.services.0.colour"),
        ({"payments": [{"reference": "a", "amount": 0}]}, "pay.services.0.payments.0.amount"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named_and_never_shown(changed, place):
    with pytest.raises(ConfigurationError) as caught:
        Sandbox(world(**changed))
    assert place in str(caught.value)
    assert "secret-key" not in str(caught.value)


def test_comments_are_for_people():
    Sandbox(world(**{"$comment": "nothing", "$comment2": "more"}))


def test_a_section_that_is_no_object_is_refused():
    with pytest.raises(ConfigurationError):
        Sandbox({"pay": {}})


def test_without_a_section_there_is_no_pay():
    sandbox = Sandbox({"notify": None})
    assert sandbox.settings().pay is None
    assert sandbox.visit(sandbox.base_url + "/v1/payments").status == 404
    with pytest.raises(ConfigurationError, match=r"no GOV\.UK Pay"):
        _ = sandbox.pay


def test_clients_get_the_first_service():
    sandbox = Sandbox(world(api_keys=[{"key": "api_test_gone", "revoked": True}, {"key": KEY}]))
    settings = sandbox.settings().pay
    assert settings.api_key.reveal() == KEY
    assert settings.base_url == sandbox.base_url
    assert [fact.value for fact in sandbox.pay.summary()] == ["0 payments, 0 refunds"]


def test_a_service_may_have_only_revoked_keys():
    sandbox = Sandbox(world(api_keys=[{"key": "api_test_gone", "revoked": True}]))
    assert sandbox.pay.client_settings()["api_key"] == "api_test_gone"


def test_the_default_world_has_pay():
    assert Sandbox().pay.client_settings()["api_key"].startswith("api_test_")


def test_a_service_that_is_no_object_is_named():
    with pytest.raises(ConfigurationError) as caught:
        Sandbox({"pay": {"services": [7]}})
    assert "pay.services.0" in str(caught.value)


def test_what_is_beside_the_card_pages_is_not_there():
    sandbox = Sandbox(world())
    for path in ("/secure", "/secure/a/b", "/card_details/a/b/c"):
        assert sandbox.visit(sandbox.base_url + path).status in (404, 405)
