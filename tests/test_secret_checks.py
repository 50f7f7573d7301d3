"""What proves something is never empty, weak, published or of the wrong world: it is refused at the start, unshown."""

from __future__ import annotations

import base64
import json
import logging
import secrets
import time
import uuid
from typing import Any

import pytest

from govcomponents import ConfigurationError, GovComponents
from govcomponents.core.guessing import is_guessable
from govcomponents.identity import new_private_key
from govcomponents.identity.jose.jwk import thumbprint
from govcomponents.sandbox.app import Sandbox
from govcomponents.secret_checks import _PUBLISHED_KEYS, _tell_that_nothing_is_set
from govcomponents.settings import Settings

ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
PAY = {"api_key": "api_test_" + "a" * 40}
STRIPE = {"adapter": "stripe", "api_key": "sk_test_" + "a" * 24}
NOTIFY = {"api_key": f"service-{ID}-{ID}"}
GC = {"adapter": "gc_notify", "api_key": f"gcntfy-service-{ID}-{ID}"}
IDENTITY = {"client_id": "client", "redirect_url": "https://service.example.gov.uk/in"}
KEY = new_private_key()

LISTS = [
    ("pay", PAY, "webhook_secrets", "webhook_test_only0for0the0tests"),
    ("pay", STRIPE, "webhook_secrets", "whsec_only0for0the0tests"),
    ("notify", NOTIFY, "callback_tokens", "a-token-only-for-the-tests"),
    ("notify", GC, "callback_tokens", "a-token-only-for-the-tests"),
]
GUESSABLE = {
    "one letter again and again": "a" * 40,
    "a word again and again": "changeme" * 4,
    "few letters": "abababcababdeabababababa",
    "a sequence": "abcdefghijklmnopqrstuvwxyz",
    "digits again and again": "0123456789" * 3,
    "digits again, but for the last": "1234567890123456",
    "a word twice": "passwordpassword",
    "a word and its digits": "administrator1234",
    "a word with signs for letters": "Passw0rdPassw0rd",
    "a walk over the keyboard": "qwertyuiopasdfgh",
    "a walk up and down the keyboard": "1qaz2wsx3edc4rfv",
    "two sequences in turns": "a1b2c3d4e5f6g7h8",
    "known words": "correcthorsebattery",
    "a word again, with something after it": "changeme-changeme-1",
    "zeros": "0" * 64,
}
WEAK = {
    "empty": "",
    "blank": " ",
    "a tab": "\t",
    "an unbreakable space": "\u00a0",
    "one letter": "x",
    "short": "c4n4ry-15-chars",
    "not UTF-8": "webhook_test_c4n4ry\udce9secret",
    "an accent": "webhook_test_c4n4rysécretsecret",
    "a space before": " webhook_test_c4n4ry0secret0secret",
    "a line end after": "webhook_test_c4n4ry0secret0secret\n",
    "NUL": "webhook_test_c4n4ry\0secret0secret",
}


def start(component: str, values: dict[str, Any], environment: str | None = "test") -> None:
    GovComponents.from_settings(Settings(environment=environment, **{component: values})).close()


def refused(component: str, values: dict[str, Any], environment: str | None = "test") -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        start(component, values, environment)
    return caught.value


@pytest.mark.parametrize("weak", WEAK.values(), ids=WEAK)
@pytest.mark.parametrize(("component", "base", "name", "good"), LISTS)
def test_what_proves_a_callback_is_never_weak(component, base, name, good, weak):
    start(component, {**base, name: [good]})
    for values in ([weak], [good, weak], [weak, good]):
        error = refused(component, {**base, name: values})
        assert f"GOVCOMPONENTS_{component.upper()}__{name.upper()}" in str(error)
        assert "c4n4ry" not in f"{error}{error!r}{error.__dict__}"


@pytest.mark.parametrize("guessable", GUESSABLE.values(), ids=GUESSABLE)
@pytest.mark.parametrize(("component", "base", "name", "good"), LISTS)
def test_what_proves_a_callback_is_no_simple_rule(component, base, name, good, guessable):
    prefix = good.partition("_only0")[0] + "_" if "_only0" in good else ""
    if prefix:
        guessable = "".join(letter for letter in guessable if letter.isalnum())
    error = refused(component, {**base, name: [good, prefix + guessable]})
    assert "guessed" in str(error)
    assert guessable not in f"{error}{error!r}{error.__dict__}"


WORDS = [
    *("my-secret-callback-token", "notify-callback-token", "ThisIsASecretTokenForNotify", "SuperSecretPassword123"),
    *("ministryofjustice2024", "governmentdigitalservice", "elephantgiraffezebra", "Change-Me-Please-Now"),
    *("replace-me-with-a-real-token", "stripe-webhook-secret-live", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"),
    *("hmrc-callback-token-production", "Passw0rd!2024Secret", "mynameisjohnsmith", "for-tests-of-notify-only"),
]


@pytest.mark.parametrize("words", WORDS)
def test_production_takes_no_token_that_is_made_of_words(words):
    joined = "".join(letter for letter in words if letter.isalnum()).lower()
    live = {"api_key": "api_live_" + "a" * 40, "webhook_secrets": [f"webhook_live_{joined}"]}
    stripe = {"adapter": "stripe", "api_key": "sk_live_" + "aB3" * 12, "webhook_secrets": [f"whsec_{joined}"]}
    for component, values in (
        ("notify", {**NOTIFY, "callback_tokens": [words]}),
        ("notify", {**GC, "callback_tokens": [words]}),
        ("pay", live),
        ("pay", stripe),
    ):
        error = refused(component, values, "production")
        assert "guessed" in str(error)
        assert "secrets.token_hex" in error.fix
        assert words not in f"{error}{error!r}{error.__dict__}"
    start("notify", {**NOTIFY, "callback_tokens": [words]})


@pytest.mark.parametrize(
    ("base", "secret"), [(PAY, "webhook_test_a1b2c3"), (STRIPE, "whsec_a1b2c3d4e5"), (PAY, "webhook_live_0z")]
)
def test_what_every_secret_begins_with_makes_none_longer(base, secret):
    assert "fewer than 16" in str(refused("pay", {**base, "webhook_secrets": [secret]}))


@pytest.mark.parametrize("environment", ["production", "test", None])
def test_a_webhooks_secret_is_of_the_same_world(environment):
    is_production = environment == "production"
    own, other = ("live", "test") if is_production else ("test", "live")
    values = {"api_key": f"api_{own}_" + "a" * 40, "webhook_secrets": [f"webhook_{own}_k3j5h8f2d9s1a7g4"]}
    start("pay", values, environment)
    secret = f"webhook_{other}_k3j5h8f2d9s1a7g4"
    error = refused("pay", {**values, "webhook_secrets": [*values["webhook_secrets"], secret]}, environment)
    assert "WEBHOOK_SECRETS" in str(error)
    assert secret not in f"{error}{error!r}"


@pytest.mark.parametrize(
    "guessable",
    [bytes(32), b"a" * 32, bytes(range(32)), b"0123456789abcdef" * 2, b"the key that seals the cookies!!"],
)
def test_a_key_that_seals_is_no_simple_rule(guessable):
    from govcomponents.durable.storage.sealing import PayloadKeys
    from govcomponents.identity import PendingCookie
    from govcomponents.privacy import Secret

    for make in (lambda key: PayloadKeys([key]), lambda key: PendingCookie([Secret(key)])):
        with pytest.raises(ConfigurationError):
            make(base64.urlsafe_b64encode(guessable).decode())


def test_random_secrets_are_taken():
    for _ in range(1000):
        assert not is_guessable(secrets.token_hex(16))
        assert not is_guessable(secrets.token_urlsafe(24))
        assert not is_guessable(secrets.token_bytes(32))
        assert not is_guessable(str(uuid.uuid4()))


def test_judging_what_is_long_takes_no_time():
    began = time.process_time()
    for text in ("a" * 100_000, "password" * 12_500, secrets.token_hex(50_000), "qwertyuiop" * 10_000):
        is_guessable(text)
    assert time.process_time() - began < 1


def test_the_accounts_of_names_are_checked_too_and_named():
    error = refused("pay", {**PAY, "accounts": {"moto": {"api_key": "api_test_b", "webhook_secrets": [""]}}})
    assert "GOVCOMPONENTS_PAY__ACCOUNTS__MOTO__WEBHOOK_SECRETS" in str(error)
    assert error.account == "moto"


@pytest.mark.parametrize(
    ("base", "secret"),
    [(PAY, "whsec_only0for0the0tests"), (STRIPE, "webhook_test_only0for0the0tests"), (PAY, "a" * 32)],
)
def test_a_secret_has_the_form_of_its_provider(base, secret):
    assert "form" in str(refused("pay", {**base, "webhook_secrets": [secret]}))


def test_an_empty_secret_of_an_adapter_of_its_own_is_refused():
    oidc = {**IDENTITY, "adapter": "oidc", "issuer": "https://id.example.gov.uk", "client_secret": " "}
    oidc["client_authentication"] = "client_secret_basic"
    assert "CLIENT_SECRET" in str(refused("identity", oidc))


def published() -> list[tuple[str, str, str]]:
    """Each secret that the sandbox hands out, by component and setting."""
    found = []
    settings = Sandbox().settings()
    for section in (settings.pay, settings.notify, settings.identity):
        found += [(own.component, n, s.reveal()) for own in section.by_account().values() for n, s in own.secrets()]
    from govcomponents.sandbox.providers import govuk_notify, govuk_pay

    found.append(("pay", "webhook_secrets", govuk_pay._SECRET))
    found.append(("notify", "callback_tokens", govuk_notify._TOKEN))
    return found


@pytest.mark.parametrize(("component", "name", "secret"), published())
def test_what_the_sandbox_publishes_is_refused_in_production(component, name, secret):
    live = {"api_key": "api_live_" + "a" * 40} if component == "pay" else NOTIFY
    value = secret if name == "api_key" else [secret]
    error = refused(component, {**live, name: value}, "production")
    assert "sandbox" in str(error) or "for tests" in str(error)
    assert secret not in f"{error}{error!r}"


SHOWN = [
    ("pay", {"api_key": "api_live_" + "a" * 40}, "webhook_secrets", "webhook_live_d0sjdkwn1edjals029dd91odndi21fn"),
    (
        "pay",
        {"adapter": "stripe", "api_key": "sk_live_" + "aB3" * 12},
        "webhook_secrets",
        "whsec_DaLRHCRs35vEXqOE8uTEAXGLGUOnyaFf",
    ),
    ("notify", {}, "api_key", "my_test_key-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0"),
    ("notify", {}, "api_key", f"another-name-{ID}-3d844edf-8d35-48ac-975b-e847b4f122b0"),
]


@pytest.mark.parametrize(("component", "base", "name", "secret"), SHOWN)
def test_so_is_what_a_provider_s_page_shows(component, base, name, secret):
    value = secret if name == "api_key" else [secret]
    error = refused(component, {**base, name: value}, "production")
    assert "page" in str(error)
    assert secret not in f"{error}{error!r}"


# Their public halves, so that no private key is written here.
PUBLIC = {
    "One Login's simulator": (
        "mXXR3EsRvUMVhEJMtQ1wexJjfQ00Q0MQ7ARfShN53BnOQEPFnS_I8ntBddkKdE3q-vMTI72w6Fv3SsMM-ciR2LIHdEQfKgsLt6PGNcV1kG6G"
        "G_3nSW3psW8w65Q3fmy81P1748qezDrVfaGrF4PDXALzX1ph-nz8mpKmck6aY6LEUJ4B-TIfYzlKmmwFe3ri0spSW-J5wE9mmT3VkR2ySuHR"
        "YHQlxlF9dfX7ltOTsbgJFzN6TO01ZQDhY0iLwzdGwhSxO6R6N_ZINYHCKFPaQD-tdKsrw7QDIYnx0IiXFnkGnizl3UtqSmXAaceTvPM2Pz84"
        "x2JiwHrp2Sml6RYLCQ"
    ),
    "RFC 7517": (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA"
        "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8awapJzKnqDKgw"
    ),
}


@pytest.mark.parametrize("modulus", PUBLIC.values(), ids=PUBLIC)
def test_a_private_key_that_is_published_is_known_by_its_public_half(modulus):
    assert thumbprint({"kty": "RSA", "n": modulus, "e": "AQAB"}) in _PUBLISHED_KEYS


def test_a_private_key_whose_factors_are_close_is_refused():
    error = refused("identity", {**IDENTITY, "environment": "integration", "private_key": close_factors()})
    assert "factors" in str(error)


def close_factors() -> str:
    """An RSA key whose factors are primes that nearly follow one another: anybody finds them from the public key."""
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import rsa

    p = int(
        "d5cc8070156b79becb3bdac6c66d191fe381c482ad364a1b9b6bfec70e880bd2b07ccaf74d55d394070c283c1ec729c856e485ca7fa8"
        "2022a8b76f52cd38b6eb11781144b9efd9439464957bd96ca09e9d80679f2e8eef2d02f46957fbf68372d51e7a1f1dcaa36c14ebe6d7"
        "bdaed54aeb73fcdb8a8a455ac96afcffb956f86f",
        16,
    )
    q = p + 194
    d = pow(65537, -1, (p - 1) * (q - 1))
    parts = (d % (p - 1), d % (q - 1), pow(q, -1, p))
    key = rsa.RSAPrivateNumbers(p, q, d, *parts, rsa.RSAPublicNumbers(65537, p * q)).private_key()
    return key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()).decode()


@pytest.mark.parametrize("section", ["stripe", "gc_notify", "smtp"])
def test_so_is_what_it_publishes_of_the_providers_that_a_world_may_have(section):
    sandbox = Sandbox({section: {}})
    try:
        settings = sandbox.settings()
        component = "pay" if section == "stripe" else "notify"
        given = sandbox.provider(section).client_settings()
        secrets_of_it = [(name, secret.reveal()) for name, secret in getattr(settings, component).secrets()]
    finally:
        sandbox.close()
    assert secrets_of_it
    for name, secret in secrets_of_it:
        others = {
            other: "x" * 40 if other == "password" else value
            for other, value in given.items()
            if other not in ("base_url", "callback_tokens", "webhook_secrets")
        }
        if section == "stripe":
            others["api_key"] = "sk_live_" + "aB3" * 12
        if section == "gc_notify":
            others["api_key"] = given["api_key"][:-36] + "0f9d1b52-9d3b-4a3c-8a3e-6f0b6c1d2e3f"
        value = [secret] if name in ("callback_tokens", "webhook_secrets") else secret
        error = refused(component, {**others, name: value}, "production")
        assert "sandbox publishes" in str(error) or "for tests" in str(error), (name, error)
        assert secret not in f"{error}{error!r}"


def sandbox_key() -> dict[str, str]:
    with GovComponents.sandbox() as gov:
        return json.loads(gov.simulator.settings().identity.private_key.reveal())


@pytest.mark.parametrize("form", ["jwk", "spaced", "renamed", "pem", "file"])
def test_the_sandbox_s_private_key_is_refused_in_production_in_every_form(form, tmp_path):
    from cryptography.hazmat.primitives import serialization as s
    from jwt.algorithms import RSAAlgorithm

    jwk = sandbox_key()
    pem = RSAAlgorithm.from_jwk(jwk).private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()).decode()
    text = {"jwk": json.dumps(jwk), "spaced": json.dumps(jwk, indent=4), "renamed": json.dumps({**jwk, "kid": "mine"})}
    values: dict[str, Any] = {"private_key": text.get(form, pem)}
    if form == "file":
        (tmp_path / "key.pem").write_text(pem, encoding="ascii")
        (tmp_path / "key.pem").chmod(0o600)
        values = {"private_key_file": tmp_path / "key.pem"}
    base = {**IDENTITY, "environment": "production", **values}
    assert "sandbox" in str(refused("identity", base, "production"))
    start("identity", {**base, "environment": "integration"})


@pytest.mark.parametrize("environment", ["production", "test", None])
def test_keys_of_the_wrong_world_are_refused(environment):
    wrong = "test" if environment == "production" else "live"
    for prefix, base in (("api", PAY), ("sk", STRIPE), ("rk", STRIPE), ("sk_org", STRIPE)):
        values = {**base, "api_key": f"{prefix}_{wrong}_" + "a" * 40}
        error = refused("pay", values, environment)
        assert "API_KEY" in str(error)
        assert values["api_key"] not in f"{error}{error!r}"


@pytest.mark.parametrize("host", ["127.0.0.1:8910", "localhost:8910", "[::1]:8910", "127.0.0.1"])
def test_loopback_is_no_provider_in_production(host):
    live = {"api_key": "api_live_" + "a" * 40}
    assert "BASE_URL" in str(refused("pay", {**live, "base_url": f"http://{host}"}, "production"))
    assert "BASE_URL" in str(refused("notify", {**NOTIFY, "base_url": f"https://{host}"}, "production"))
    identity = {**IDENTITY, "private_key": KEY, "issuer": f"http://{host}"}
    assert "ISSUER" in str(refused("identity", identity, "production"))
    start("pay", {**PAY, "base_url": f"http://{host}"})


@pytest.mark.parametrize(
    "host",
    [
        *("0.0.0.0", "[::]", "[::ffff:127.0.0.1]", "[::ffff:0.0.0.0]", "127.9.9.9", "169.254.169.254", "[fe80::1]"),
        *("sandbox.localhost", "localhost.localdomain", "ip6-localhost", "LOCALHOST6"),
    ],
)
def test_this_machine_by_any_name_is_no_provider_in_production(host):
    live = {"api_key": "api_live_" + "a" * 40}
    stripe = {"adapter": "stripe", "api_key": "sk_live_" + "a" * 40}
    for component, base in (("pay", live), ("pay", stripe), ("notify", NOTIFY), ("notify", GC)):
        assert "BASE_URL" in str(refused(component, {**base, "base_url": f"https://{host}"}, "production"))
    assert "ISSUER" in str(
        refused("identity", {**IDENTITY, "private_key": KEY, "issuer": f"https://{host}"}, "production")
    )


@pytest.mark.parametrize(
    ("adapter", "issuer"),
    [
        ("one_login", "https://oidc.account.gov.uk"),
        ("login_gov", "https://secure.login.gov"),
        ("oidc", "https://oidc.account.gov.uk"),
        ("oidc", "https://SECURE.login.gov/"),
        ("oidc", "https://authz.scotaccount.service.gov.scot"),
    ],
)
@pytest.mark.parametrize("environment", ["test", "staging", None])
def test_a_live_provider_is_for_production_only_however_it_is_named(adapter, issuer, environment):
    values = {**IDENTITY, "adapter": adapter, "private_key": KEY, "issuer": issuer}
    assert "ISSUER" in str(refused("identity", values, environment))


def test_a_live_environment_of_a_provider_is_refused_where_nothing_is_set():
    error = refused("identity", {**IDENTITY, "private_key": KEY, "environment": "production"}, None)
    assert "GOVCOMPONENTS_IDENTITY__ENVIRONMENT" in str(error)


def test_that_nothing_is_set_is_said_once(caplog):
    _tell_that_nothing_is_set.cache_clear()
    with caplog.at_level(logging.WARNING, "govcomponents"):
        for environment in ("test", None, None):
            start("pay", PAY, environment)
    [record] = caplog.records
    assert "GOVCOMPONENTS_ENVIRONMENT is not set" in record.getMessage()
