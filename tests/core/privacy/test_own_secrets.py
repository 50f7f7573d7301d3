"""Settings that only an adapter knows are hidden as the others are, if their names say that they are secret."""

import pytest

from govcomponents.errors import ConfigurationError
from govcomponents.privacy import Secret
from govcomponents.settings import NotifySettings, Settings


@pytest.mark.parametrize(
    "name", ["password", "proxy_password", "signing_secret", "access_token", "second_key", "key_passphrase"]
)
def test_a_secret_of_an_adapters_own_cannot_print_itself(name):
    settings = Settings.from_environment(notify={"adapter": "theirs", name: "canary-value"})

    assert "canary-value" not in repr(settings)
    assert settings.notify is not None
    assert settings.notify.own_settings(frozenset({name})) == {name: Secret("canary-value")}


def test_other_settings_stay_as_they_are():
    settings = NotifySettings.model_validate({"adapter": "theirs", "host": "mail.example.gov.uk", "keyring": "a"})

    known = frozenset({"host", "keyring"})
    assert settings.own_settings(known) == {"host": "mail.example.gov.uk", "keyring": "a"}


def test_a_value_that_is_hidden_already_stays_so():
    settings = NotifySettings.model_validate({"password": Secret("canary-value")})

    assert settings.own_settings(frozenset({"password"})) == {"password": Secret("canary-value")}


def test_what_is_no_section_is_refused():
    with pytest.raises(ConfigurationError, match="GOVCOMPONENTS_NOTIFY: it is a section"):
        NotifySettings.model_validate("smtp")
