from __future__ import annotations

import copy
import os
import pickle
from pathlib import Path

import pytest

from govcomponents import ConfigurationError, GovComponents, Secret, Settings
from govcomponents.settings import IdentitySettings, PaySettings

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
    settings = Settings.from_environment()
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
    settings = Settings.from_environment()
    assert settings.environment == "test"
    pay, notify, identity = settings.pay, settings.notify, settings.identity
    assert None not in (pay, notify, identity)
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
    settings = Settings.from_environment()
    assert settings.identity is not None
    assert settings.identity.private_key is not None
    assert settings.identity.private_key.reveal() == '{"kty": "EC", "d": "x"}'
    assert settings.pay is not None
    assert settings.pay.api_key is not None
    assert settings.pay.api_key.reveal() == "123456"
    assert [secret.reveal() for secret in settings.pay.webhook_secrets] == ["[1]"]


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, PAY__API_KEY="", ENVIRONMENT="")
    settings = Settings.from_environment()
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
        Settings.from_environment()
    assert CANARY not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("GOVCOMPONENTS_PAY_API_KEY", "GOVCOMPONENTS_PAY__API_KEY"),
        ("govcomponents_pay_api_key", "GOVCOMPONENTS_PAY__API_KEY"),
        ("GOVCOMPONENT_PAY__API_KEY", "GOVCOMPONENTS_PAY__API_KEY"),
        ("GOV_COMPONENTS_PAY_API_KEY", "GOVCOMPONENTS_PAY__API_KEY"),
        ("GOVCOMPONENTS__PAY__API_KEY", "GOVCOMPONENTS_PAY__API_KEY"),
        ("GOVCOMPONENTS_PAYY__API_KEY", "GOVCOMPONENTS_PAY__API_KEY"),
        ("GOVCOMPONENTS_PAYMENTS__WEBHOOK_SECRET", "GOVCOMPONENTS_PAY__WEBHOOK_SECRETS"),
        ("GOVCOMPONENTS_NOTFIY_HOST", "GOVCOMPONENTS_NOTIFY__HOST"),
        ("GOVCOMPONENTS_ENVIROMENT", "GOVCOMPONENTS_ENVIRONMENT"),
        ("GOVCOMPONENTS_ENV", "GOVCOMPONENTS_ENVIRONMENT"),
        ("GOVCOMPONENTS_API_KEY", "GOVCOMPONENTS_PAY__API_KEY or GOVCOMPONENTS_NOTIFY__API_KEY"),
        ("GOVCOMPONENTS_CLIENT_ID", "GOVCOMPONENTS_IDENTITY__CLIENT_ID"),
        ("GOVCOMPONENTS_PAY__ACCOUNT__MOTO__API_KEY", "GOVCOMPONENTS_PAY__ACCOUNTS__MOTO__API_KEY"),
        ("GOVCOMPONENTS_PAY_ACCOUNTS_MY_MOTO_API_KEY", "GOVCOMPONENTS_PAY__ACCOUNTS__MY_MOTO__API_KEY"),
        ("GOVCOMPONENTS_PAY__ACCOUNTS__MOTO_API_KEY", "GOVCOMPONENTS_PAY__ACCOUNTS__MOTO__API_KEY"),
        ("GOVCOMPONENTS_PAY__ACCOUNTS__MOTO", None),
        ("GOVCOMPONENTS_PAY__API_KEY__MOTO", "GOVCOMPONENTS_PAY__API_KEY_MOTO"),
        ("GOVCOMPONENTS_PAY", None),
        ("GOVCOMPONENTS_CARDS__API_KEY", None),
        ("GOVCOMPONENTS_ENVIRONMENT_NAME", None),
    ],
)
def test_a_variable_that_looks_like_a_setting_and_is_none_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str | None
) -> None:
    monkeypatch.setenv(name, CANARY)
    with pytest.raises(ConfigurationError, match=rf": {name}") as caught:
        Settings.from_environment()
    assert CANARY not in str(caught.value)
    assert f"{name} (is {meant} meant?)" in str(caught.value) if meant else "meant" not in str(caught.value)
    monkeypatch.setenv(name, "")
    assert Settings.from_environment() == Settings()


@pytest.mark.parametrize(
    "name", ["GOVCOMPONENTS_SHARED", "GOVCOMPONENTS_OIDC_PROVIDER", "GOVCOMPONENT", "GOVERNMENT_PAY__API_KEY", "PAY"]
)
def test_a_variable_that_is_somebody_elses_is_let_alone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, CANARY)
    assert Settings.from_environment() == Settings()


def test_an_adapter_s_own_settings_are_given_and_others_refused() -> None:
    settings = Settings(pay={"adapter": "other", "region": "eu", "colour": "red"})
    assert settings.pay is not None
    assert settings.pay.own_settings({"region", "colour"}) == {"region": "eu", "colour": "red"}
    with pytest.raises(ConfigurationError, match="GOVCOMPONENTS_PAY__COLOUR") as caught:
        settings.pay.own_settings({"region"})
    assert "region" in caught.value.fix
    assert "red" not in str(caught.value)


def test_an_adapter_that_asks_for_no_settings_of_its_own_has_none() -> None:
    settings = PaySettings.model_validate({"region": "eu"})
    with pytest.raises(ConfigurationError, match="GOVCOMPONENTS_PAY__REGION"):
        settings.check_all_claimed()
    settings.own_settings({"region"})
    settings.check_all_claimed()


@pytest.mark.parametrize("name", ["api_keyy", "apikey", "API_KEY", "webhook_secret"])
def test_a_misspelt_setting_is_named_with_the_right_one_and_never_shown(name: str) -> None:
    for value in (CANARY, {"deep": CANARY}, [CANARY]):
        settings = Settings(pay={name: value})
        assert settings.pay is not None
        assert CANARY not in repr(settings) + str(settings) + settings.model_dump_json() + repr(settings.model_dump())
        with pytest.raises(ConfigurationError, match=rf"{name.upper()} \(is GOVCOMPONENTS_PAY__\w+ meant") as caught:
            settings.pay.own_settings()
        assert CANARY not in str(caught.value)


def test_arguments_win_over_the_environment_which_fills_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, PAY__API_KEY="from-env", PAY__BASE_URL="https://env.example.gov.uk")
    for over in ({"api_key": "from-code"}, PaySettings(api_key=Secret("from-code"))):
        settings = Settings.from_environment(pay=over)
        assert settings.pay is not None
        assert settings.pay.api_key is not None
        assert (settings.pay.api_key.reveal(), settings.pay.base_url) == ("from-code", "https://env.example.gov.uk")


def test_settings_are_exactly_their_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, PAY__API_KEY=CANARY, NOTIFY__API_KEY=CANARY, ENVIRONMENT="production")
    settings = Settings(environment="test", pay={"base_url": "https://x.example.gov.uk"})
    assert settings.environment == "test"
    assert settings.notify is None
    assert settings.pay is not None
    assert settings.pay.api_key is None
    assert Settings().pay is Settings().environment is None


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
        (None, "settings.toml' cannot be read: No such file"),
        (b"a = 1\n\xff\xfe", r"settings.toml' is not UTF-8 \(at byte 6\)"),
        (b"a = 1\napi_key = canary", r"settings.toml' is not TOML \(at line 2, column 11\)"),
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
        Settings().environment = "test"


def test_accounts_are_read_from_the_environment_and_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _set(
        monkeypatch,
        PAY__API_KEY="own",
        PAY__ACCOUNTS__MOTO__API_KEY="[1]",
        PAY__ACCOUNTS__MOTO__WEBHOOK_SECRETS="a,b",
        PAY__ACCOUNTS__MY_FEES__API_KEY="fees",
    )
    path = tmp_path / "settings.toml"
    path.write_text('[pay.accounts.moto]\nbase_url = "https://moto.example.gov.uk"\n', encoding="utf-8")
    settings = Settings.from_toml(path)
    assert settings.pay is not None
    accounts = settings.pay.by_account()
    assert list(accounts) == ["default", "moto", "my_fees"]
    moto = accounts["moto"]
    assert moto.api_key is not None
    assert (moto.api_key.reveal(), moto.base_url) == ("[1]", "https://moto.example.gov.uk")
    assert [secret.reveal() for secret in moto.webhook_secrets] == ["a", "b"]
    assert moto.variable("api_key") == "GOVCOMPONENTS_PAY__ACCOUNTS__MOTO__API_KEY"
    assert accounts["default"].variable("api_key") == "GOVCOMPONENTS_PAY__API_KEY"
    assert accounts["my_fees"].webhook_secrets == ()


GUARD = {"allowed_recipients": ("@example.gov.uk",), "redirect_emails_to": "a@example.gov.uk"}
PACE = {"requests_per_minute": 60, "templates_file": "templates.toml", "base_url": "https://notify.example.gov.uk"}


@pytest.mark.parametrize(
    ("account", "taken_over"),
    [
        ({}, {*GUARD, *PACE, "adapter"}),
        ({"adapter": "govuk_notify"}, {*GUARD, *PACE}),
        ({"adapter": "smtp"}, {*GUARD}),
        ({"requests_per_minute": 5, "redirect_emails_to": "b@example.gov.uk"}, {*GUARD, *PACE, "adapter"}),
    ],
)
def test_an_account_takes_over_what_is_the_services_own(account: dict[str, object], taken_over: set[str]) -> None:
    own = {"api_key": "k", "callback_tokens": ("t",), "host": "x", "adapter": "govuk_notify", **GUARD, **PACE}
    settings = Settings(notify={**own, "accounts": {"letters": {"api_key": "other", **account}}})
    assert settings.notify is not None
    letters = settings.notify.by_account()["letters"]
    assert letters.model_fields_set == {"api_key"} | account.keys() | taken_over
    for name in letters.model_fields_set - {"api_key"} - account.keys():
        assert getattr(letters, name) == getattr(settings.notify, name)
    assert letters.model_extra == {}


def test_an_account_of_identity_says_which_issuer_or_takes_over_the_sections() -> None:
    accounts = {"one": {"client_id": "a"}, "two": {"client_id": "b", "environment": "production"}}
    settings = Settings(
        identity={"client_id": "c", "issuer": "https://i.example/", "redirect_url": "https://x/", "accounts": accounts}
    )
    assert settings.identity is not None
    one, two = (settings.identity.by_account()[name] for name in accounts)
    assert (one.issuer, one.environment, one.redirect_url) == ("https://i.example/", None, "https://x/")
    assert (two.issuer, two.environment, two.redirect_url) == (None, "production", "https://x/")


def test_a_section_without_settings_of_its_own_is_no_account() -> None:
    named = {"accounts": {"moto": {"api_key": "k"}}}
    for own, names in (
        ({}, ["moto"]),
        ({"adapter": "stripe", "base_url": "https://x.example.gov.uk"}, ["moto"]),
        ({"api_key": "other"}, ["default", "moto"]),
        ({"region": "eu"}, ["default", "moto"]),
    ):
        settings = PaySettings.model_validate({**own, **named})
        assert list(settings.by_account()) == names
    assert list(PaySettings().by_account()) == ["default"]


@pytest.mark.parametrize(
    ("pay", "told"),
    [
        ({"accounts": {"default": {"api_key": "k"}}}, "those outside the accounts"),
        ({"accounts": {"Moto": {"api_key": "k"}}}, "small letters"),
        ({"accounts": {"a__b": {"api_key": "k"}}}, "small letters"),
        ({"accounts": {"moto": {"accounts": {"deep": {}}}}}, "moto has accounts itself"),
        ({"accounts": {"moto": CANARY}}, "GOVCOMPONENTS_PAY__ACCOUNTS__MOTO: it is a section"),
        ({"accounts": CANARY}, "GOVCOMPONENTS_PAY__ACCOUNTS: it is a section"),
        ({"accounts": {"moto": {"api_key": 5}}}, "GOVCOMPONENTS_PAY__ACCOUNTS__MOTO__API_KEY: it is not a text"),
        ({"api_key": CANARY, "accounts": {"moto": {"api_key": CANARY}}}, "default and moto have the same API key"),
        (
            {"webhook_secrets": ["other", CANARY], "accounts": {"moto": {"webhook_secrets": [CANARY]}}},
            "default and moto have the same webhook secret",
        ),
        ({"accounts": {"a": {"api_key": CANARY}, "b": {"api_key": CANARY}}}, "a and b have the same API key"),
    ],
)
def test_accounts_that_cannot_be_are_refused(pay: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        Settings(pay=pay)
    assert CANARY not in str(caught.value)


PASSWORD = "canary-password"


@pytest.mark.parametrize(
    "url",
    [
        f"https://user:{PASSWORD}@api.example.gov.uk",
        f"https://{PASSWORD}@api.example.gov.uk/v1",
        f"HTTPS://u%40v:{PASSWORD}@[::1]:8080/",
        f"user:{PASSWORD}@api.example.gov.uk",
        f"//user:{PASSWORD}@api.example.gov.uk",
        f"https://user:\n{PASSWORD}@api.example.gov.uk",
        f"https://a@b:{PASSWORD}@api.example.gov.uk",
    ],
)
def test_a_password_in_a_url_is_not_shown(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "pay": {"base_url": url, "api_key": CANARY},
        "notify": {"base_url": url, "accounts": {"x": {"base_url": url}}},
    }
    given["identity"] = {"issuer": url, "redirect_url": url, "token_endpoint": url}
    made = [Settings(**given), Settings(pay=PaySettings(base_url=url), identity=IdentitySettings(issuer=url))]
    monkeypatch.setenv("GOVCOMPONENTS_PAY__BASE_URL", url)
    made.append(Settings.from_environment())
    for settings in made:
        for one in (
            settings,
            settings.pay,
            settings.identity,
            *(settings.notify.accounts.values() if settings.notify else ()),
        ):
            told = f"{one!r} {one} {vars(one) if one else ''} {dict(one or ())} {copy.copy(one)!r} {list(one or ())}"
            told += pickle.dumps(one).decode("latin-1")
            if one is not None:
                told += (
                    f"{one.model_dump()} {one.model_dump_json()} {one.__pydantic_extra__} {list(one.__repr_args__())}"
                )
            assert PASSWORD not in told
            assert CANARY not in told


def test_an_address_with_a_password_is_refused_by_whoever_reads_it() -> None:
    settings = Settings(environment="test", pay={"api_key": "api_test_x", "base_url": "https://u:p@api.example.gov.uk"})
    with pytest.raises(ConfigurationError, match="GOVCOMPONENTS_PAY__BASE_URL is not a base URL"):
        GovComponents.from_settings(settings)
    kept = "https://service.example.gov.uk/in?who=a@b.example"
    assert IdentitySettings(redirect_url=kept).redirect_url == kept
