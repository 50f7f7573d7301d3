from __future__ import annotations

import os
from pathlib import Path

import pytest

from govcomponents import ConfigurationError, Settings

CANARY = "canary-7d1f"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("GOVCOMPONENTS_"):
            monkeypatch.delenv(name)


def _set(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"GOVCOMPONENTS_{name}", value)


def test_without_an_environment_nothing_is_configured() -> None:
    settings = Settings.load()
    assert (settings.environment, settings.pay, settings.notify, settings.identity) == (None, None, None, None)


def test_every_documented_name_of_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(
        monkeypatch,
        ENVIRONMENT="test",
        PAY__ADAPTER="govuk_pay",
        PAY__API_KEY=CANARY,
        PAY__BASE_URL="https://pay.example.gov.uk",
        PAY__WEBHOOK_SECRETS="old, new,",
        NOTIFY__ADAPTER="govuk_notify",
        NOTIFY__API_KEY=CANARY,
        NOTIFY__BASE_URL="https://notify.example.gov.uk",
        NOTIFY__CALLBACK_TOKENS="one",
        IDENTITY__ADAPTER="one_login",
        IDENTITY__CLIENT_ID="client",
        IDENTITY__PRIVATE_KEY="-----BEGIN",
        IDENTITY__PRIVATE_KEY_FILE="key.pem",
        IDENTITY__REDIRECT_URL="https://service.example.gov.uk/back",
        IDENTITY__ENVIRONMENT="integration",
        IDENTITY__ISSUER="https://issuer.example.gov.uk/",
    )
    settings = Settings.load()
    assert settings.environment == "test"
    pay, notify, identity = settings.pay, settings.notify, settings.identity
    assert pay is not None and notify is not None and identity is not None  # noqa: PT018
    assert pay.api_key is not None
    assert (pay.adapter, pay.api_key.reveal(), pay.base_url) == ("govuk_pay", CANARY, "https://pay.example.gov.uk")
    assert [secret.reveal() for secret in pay.webhook_secrets] == ["old", "new"]
    assert [token.reveal() for token in notify.callback_tokens] == ["one"]
    assert (identity.client_id, identity.environment) == ("client", "integration")
    assert identity.private_key is not None
    assert identity.private_key.reveal() == "-----BEGIN"
    assert identity.private_key_file == Path("key.pem")
    assert (identity.redirect_url, identity.issuer) == (
        "https://service.example.gov.uk/back",
        "https://issuer.example.gov.uk/",
    )
    assert CANARY not in repr(settings) + settings.model_dump_json()


def test_a_key_that_looks_like_json_stays_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(
        monkeypatch, IDENTITY__PRIVATE_KEY='{"kty": "EC", "d": "x"}', PAY__API_KEY="123456", PAY__WEBHOOK_SECRETS="[1]"
    )
    settings = Settings.load()
    assert settings.identity is not None
    assert settings.identity.private_key is not None
    assert settings.identity.private_key.reveal() == '{"kty": "EC", "d": "x"}'
    assert settings.pay is not None
    assert settings.pay.api_key is not None
    assert settings.pay.api_key.reveal() == "123456"
    assert [secret.reveal() for secret in settings.pay.webhook_secrets] == ["[1]"]


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, PAY__API_KEY="", ENVIRONMENT="")
    settings = Settings.load()
    assert (settings.pay, settings.environment) == (None, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", CANARY),
        ("IDENTITY__ENVIRONMENT", CANARY),
        ("PAY", CANARY),
        ("PAY", f'["{CANARY}"]'),
        ("PAY", "{"),
    ],
)
def test_a_wrong_variable_is_named_and_its_value_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    _set(monkeypatch, **{name: value})
    with pytest.raises(ConfigurationError, match=f"GOVCOMPONENTS_{name.partition('__')[0]}") as caught:
        Settings.load()
    assert CANARY not in str(caught.value)
    assert caught.value.__suppress_context__


def test_an_adapter_s_own_settings_are_given_and_others_refused() -> None:
    settings = Settings.given(pay={"adapter": "other", "region": "eu", "colour": "red"})
    assert settings.pay is not None
    assert settings.pay.own_settings("pay", frozenset({"region", "colour"})) == {"region": "eu", "colour": "red"}
    with pytest.raises(ConfigurationError, match="GOVCOMPONENTS_PAY__COLOUR") as caught:
        settings.pay.own_settings("pay", frozenset({"region"}))
    assert "region" in caught.value.fix
    assert "red" not in str(caught.value)


def test_arguments_win_over_the_environment_which_fills_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, PAY__API_KEY="from-env", PAY__BASE_URL="https://env.example.gov.uk")
    settings = Settings.load(pay={"api_key": "from-code"})
    assert settings.pay is not None
    assert settings.pay.api_key is not None
    assert (settings.pay.api_key.reveal(), settings.pay.base_url) == ("from-code", "https://env.example.gov.uk")


def test_given_settings_take_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, PAY__API_KEY=CANARY, NOTIFY__API_KEY=CANARY, ENVIRONMENT="production")
    settings = Settings.given(environment="test", pay={"base_url": "https://x.example.gov.uk"})
    assert isinstance(settings, Settings)
    assert settings.environment == "test"
    assert settings.notify is None
    assert settings.pay is not None
    assert settings.pay.api_key is None


def test_a_toml_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, NOTIFY__API_KEY="from-env")
    path = tmp_path / "settings.toml"
    path.write_text('environment = "staging"\n[pay]\napi_key = "k"\nwebhook_secrets = ["a", "b"]\n', encoding="utf-8")
    settings = Settings.from_toml(path)
    assert settings.environment == "staging"
    assert settings.pay is not None
    assert [secret.reveal() for secret in settings.pay.webhook_secrets] == ["a", "b"]
    assert settings.notify is not None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "FileNotFoundError"),
        (b"\xff\xfe", "UnicodeDecodeError"),
        (b'api_key = "canary', "TOMLDecodeError"),
        (b'[payy]\napi_key = "canary"', "GOVCOMPONENTS_PAYY"),
        (b"[pay]\napi_key = 5", "GOVCOMPONENTS_PAY__API_KEY"),
    ],
)
def test_a_toml_file_that_cannot_be_read_is_a_configuration_error(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    path = tmp_path / "settings.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=told) as caught:
        Settings.from_toml(path)
    assert "canary" not in str(caught.value)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings.given().environment = "test"  # type: ignore[misc]  # the point of the test
