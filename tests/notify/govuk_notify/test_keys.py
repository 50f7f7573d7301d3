"""API keys are read strictly from the right, and tokens are signed as the docs' example is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcomponents import ConfigurationError, Secret
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.notify.adapters.govuk_notify.adapter import GovUkNotify
from govcomponents.notify.adapters.govuk_notify.wire import KEY_SHAPE, ServiceKey
from govcomponents.settings import NotifySettings

SERVICE = "11111111-2222-4333-8444-555555555555"
SECRET = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
SETTING = "GOVCOMPONENTS_NOTIFY__API_KEY"


def test_the_token_verifies_with_an_independent_library_and_has_only_the_two_claims():
    import jwt

    token = ServiceKey.parse(Secret(f"my-key-{SERVICE}-{SECRET}")).token(1_700_000_000.9)

    claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_iat": False})
    assert claims == {"iss": SERVICE, "iat": 1_700_000_000}
    assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": "HS256"}


@given(name=st.text(min_size=1, max_size=40).map(str.strip).filter(bool))
def test_a_name_may_hold_anything_and_is_cut_off_from_the_left(name):
    key = ServiceKey.parse(Secret(f"{name}-{SERVICE}-{SECRET}"))

    assert KEY_SHAPE.fullmatch(f"{name}-{SERVICE}-{SECRET}")
    assert (key.name, key.service_id, key.secret.reveal()) == (name, SERVICE, SECRET)


def test_a_key_without_a_name_is_whole():
    assert KEY_SHAPE.fullmatch(f"{SERVICE}-{SECRET}")
    assert ServiceKey.parse(Secret(f"{SERVICE}-{SECRET}")).name == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "key",
        SECRET,
        f"key-{SERVICE}-{SECRET} ",
        f"key-{SERVICE}-{SECRET}\n",
        f" key-{SERVICE}-{SECRET}",
        f"key-{SERVICE}-{SECRET[:-1]}",
        f"key-{SERVICE}-{SECRET}0",
        f"key-{SERVICE}_{SECRET}",
        f"key_{SERVICE}-{SECRET}",
        f"key-{SERVICE.replace('2', 'x')}-{SECRET}",
    ],
)
def test_a_key_that_is_not_whole_is_a_configuration_error_that_does_not_show_it(text):
    with pytest.raises(ConfigurationError) as caught:
        GovUkNotify.from_settings(NotifySettings(api_key=Secret(text)), Runtime(ScriptedTransport()))

    assert SETTING in str(caught.value)
    assert SECRET[:8] not in repr(caught.value)


def test_the_secret_does_not_print():
    assert SECRET not in repr(ServiceKey.parse(Secret(f"key-{SERVICE}-{SECRET}")))
