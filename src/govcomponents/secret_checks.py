"""Checks of secrets and keys at the start: nothing is empty, weak, published, or of the wrong world."""

from __future__ import annotations

import hashlib
import logging
import re
from functools import cache
from typing import TYPE_CHECKING, Final

from govcomponents.core.guessing import PLAIN, STRONG, is_guessable
from govcomponents.core.ports.port import SecretForm
from govcomponents.core.validation import is_on_this_machine, url_parts
from govcomponents.errors import ConfigurationError
from govcomponents.privacy import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.ports.port import AnyPort
    from govcomponents.settings import IdentitySettings, NotifySettings, PaySettings, Settings

    AnySection = PaySettings | NotifySettings | IdentitySettings

log = logging.getLogger("govcomponents")

_ANY_SECRET: Final = SecretForm(
    re.compile(r"\S(?:.*\S)?", re.DOTALL), "copy it again, without spaces round it", least=1
)
_LONG_SECRET: Final = SecretForm(_ANY_SECRET.shape, "give a random one of at least 16 characters, without spaces")
_USUAL: Final = {"webhook_secrets": _LONG_SECRET, "callback_tokens": _LONG_SECRET}
_MAKE_ONE: Final = 'python -c "import secrets; print(secrets.token_hex(32))" prints one'
_UUID: Final = 36
_LIVE_KEY: Final = re.compile(r"[a-z]+(?:_[a-z]+)*_live_")
_TEST_KEY: Final = re.compile(r"[a-z]+(?:_[a-z]+)*_test_")
# SHA-256 of what the sandbox publishes, so that the secrets themselves are written in one place only; and of what the
# providers' pages, specifications and clients show as examples, the secret of a Notify key alone.
_PUBLISHED: Final = frozenset(
    {
        "2cafc0970149a84f3b9e62eaf169f36f59907a3b3e31f7b82e68c69cd27f7326",
        "3d22a68446c3cbea522992e3606239d90057d816f62525e610f8a4ac5dc8ae39",
        "571215b3857dda3ae4045baaacbe2a50393ea9cbe4c471f2a0f36166473ee389",
        "60022d51660847c4ebe29d4403c14814462bb4359e8e135ae6dee950dfff1fcb",
        "7215ed9755c6434e640c424d687be504bd11aba724589dec46aa381257adc0f0",
        "7a200eb89adb0904fd5bc5ac4cac4f9528b0ac7bf03cbc2aa1508c26b055776f",
        "85f423487776931272dbeec961c2a5d7b6348fbc48c526412cd866c3ad03315e",
        "8c0a2ffe91827478d476ff2ad29b223f1138b6c07888e31f82dcfd276f1e81d4",
        "b2539d5b9fc74cbb78be38763802e0776a5103b4b2a50f873a2afa9302b13716",
        "10af4d39f11ee6e5429f2f9e6b203afe58735faafaaf986de9dbdb2503d19a9f",
        "13e6e5cf494222eedf73cb7425db430951aa535770f6c2e412b64abf825f9b70",
        "15f60c5b11deb83c96a320b567d0548779f6e41e3bc6aa93546265f820840c71",
        "16e24336bbc6aa8af52ad6dc3219092a8e7db13eb505fb8d81ccce0e543c1316",
        "30e06429c581850c6c09e9ca4ba80724aabca34b6d9e97551fb18f5055d6bc0e",
        "31bc72ed3f0a5c6833e5be9d8c3ce335455b3a0453950ffd641b94e85d7f380c",
        "51e56d6caadec2657751a3e7c66e30b7f9966322116f714bc989d9ab04782652",
        "7e851b98cb71545b0ab9d9ccae6dfda054230be7b667adefc411c81e53482554",
        "80b0e01ebd540079acbcb16a3e038df03323b4f78791e2ed33d632bd0b7e364c",
        "82f26739d4ba86ed8976c0acd2893852b6680368b0f7a78dd4fa062887a41149",
        "86737875840920745c5f03455dacd2f44142c9f2080e6c3681f6961a6a8c0314",
        "c6f126f04d2f41eae85c8e57805d739abcfe381ee53b2c9d2179decc83b460d0",
        "d07d39e277a7f6222a25c88d8307823900f8a8d40620be9729861f5f2fdfdcb7",
        "d13df224aaf4b46be8151e88969429501925fa39c11afed3eaeb09f6ce9d80d3",
        "e197ae5cdb17ba42b4f9083c2a8e88c6335d0b68810d22b3fa2904800d037ecc",
        "fff637b04a4abe45502d82cc9f7bf747d952ed30689a6989512b57274c1c98a6",
    }
)
_PUBLISHED_KEYS: Final = frozenset(
    {
        "Ey-aSgIzXx3oFMiywOduhpQDBjU3CQe9Auxrfnsx1X8",  # the sandbox had these two once
        "JOItUXl7uk3iNS_bU2GLsmpCZ_nMR52GiTZ1N094TaE",
        "GUfgNsCyxytNAMUkg-YtXClfFV0OdF2yWURRozRTEEk",  # GOV.UK One Login's simulator and its Node example
        "7sNhEt22V6oldQSCWeCFQKUh1rKIqkQ6Uk2Z_jPGUF0",  # GOV.UK One Login's .NET example
        "oGDmHqCJ7yzMkWEkrlZVHkvrHIyQwtlDmeq5ForUHeY",  # the page that many decode tokens with
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",  # RFC 7517
        "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s",
        "IsUn6_e04MaShXFIISMp4kG62LWzMIPy_MvSA5pJgX8",  # RFC 7515
        "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U",
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",  # RFC 8037
    }
)
"""The thumbprints (RFC 7638) of private keys that were published."""


def check_secrets(settings: Settings, ports: Mapping[tuple[str, str], AnyPort]) -> None:
    """Check the secrets and keys of every account. Raises ConfigurationError, which names the setting, never a value.

    `ports` are the adapters that were built, by component and account. A process that says nothing of its environment
    is not production, and is told so once.
    """
    if settings.environment is None and ports:
        _tell_that_nothing_is_set()
    is_production = settings.environment == "production"
    for section in (settings.pay, settings.notify, settings.identity):
        for account, own in section.by_account().items() if section is not None else ():
            try:
                for name, secret in own.secrets():
                    form = ports[own.component, account].secret_forms.get(name) or _USUAL.get(name, _ANY_SECRET)
                    strong_secret(secret, setting=own.variable(name), form=form, is_production=is_production)
                _check_world(own, is_production=is_production)
            except ConfigurationError as error:
                error.account = account
                raise


def strong_secret(secret: Secret, *, setting: str, form: SecretForm, is_production: bool) -> None:
    """Check one secret, token or key. Raises ConfigurationError.

    Production takes none that is made of words. Elsewhere a few words will do, so that tests can say what a token is.
    """
    text = secret.reveal()
    if not text.strip():
        raise ConfigurationError(f"{setting} is empty: anybody could forge what it proves", fix=form.told)
    if not text.isascii() or not all(letter.isprintable() or letter in "\r\n" for letter in text):
        raise ConfigurationError(
            f"{setting} holds a character that no such secret has", fix=f"use printable ASCII: {form.told}"
        )
    found = form.shape.fullmatch(text)
    random = text if found is None else found.groupdict().get("random", text)
    if len(random) < form.least:
        raise ConfigurationError(
            f"{setting} has fewer than {form.least} characters that others do not know: it could be guessed",
            fix=form.told,
        )
    if found is None:
        raise ConfigurationError(f"{setting} has not the form of such a secret", fix=form.told)
    if is_published_secret(text):
        if is_production:
            raise _published(setting)
    elif form.least > 1 and is_guessable(random, fewest=STRONG if is_production else PLAIN):
        raise ConfigurationError(
            f"{setting} is made of words or by a simple rule: it could be guessed", fix=f"{form.told}; {_MAKE_ONE}"
        )


def is_published_secret(text: str) -> bool:
    """Whether a secret, or the secret part of a Notify key, is one that the sandbox or a provider's page publishes."""
    return any(hashlib.sha256(part.encode()).hexdigest() in _PUBLISHED for part in (text, text[-_UUID:]))


def _published(setting: str) -> ConfigurationError:
    return ConfigurationError(
        f"{setting} is one that the sandbox publishes, or a provider's page: everybody has it",
        fix="set your own, which the provider gave you or you made; or set GOVCOMPONENTS_ENVIRONMENT to what this is",
    )


def _check_world(section: AnySection, *, is_production: bool) -> None:
    """Check that production has nothing for tests, and that nothing else has what is live."""
    key = getattr(section, "api_key", None)
    text = key.reveal() if section.component == "pay" and key is not None else ""
    if is_production and _TEST_KEY.match(text):
        raise ConfigurationError(
            f"{section.variable('api_key')} is a key for tests, and this process is production",
            fix="set the live key, or set GOVCOMPONENTS_ENVIRONMENT to what this process is",
        )
    if not is_production and _LIVE_KEY.match(text):
        raise ConfigurationError(
            f"{section.variable('api_key')} is a live key, and this process is not production: "
            "it would take real money",
            fix="use a key for tests, or set GOVCOMPONENTS_ENVIRONMENT to production",
        )
    wrong = "webhook_test_" if is_production else "webhook_live_"
    for name, secret in section.secrets() if section.component == "pay" else ():
        if secret.reveal().startswith(wrong):
            raise ConfigurationError(
                f"{section.variable(name)} holds one that begins with {wrong}, and this process is "
                f"{'' if is_production else 'not '}production",
                fix="use the signing secret of this environment's webhook, or set GOVCOMPONENTS_ENVIRONMENT",
            )
    for name in ("base_url", "issuer"):
        host = getattr(url_parts(getattr(section, name, None)), "hostname", None)
        if is_production and host is not None and is_on_this_machine(host):
            raise ConfigurationError(
                f"{section.variable(name)} is on this machine, and this process is production: no provider is there",
                fix="leave it out, or set GOVCOMPONENTS_ENVIRONMENT to what this process is",
            )
        if not is_production and name == "issuer" and host is not None and _is_live(host):
            raise ConfigurationError(
                f"{section.variable(name)} is a live provider, and this process is not production: "
                "real people would sign in",
                fix="use the provider's environment for tests, or set GOVCOMPONENTS_ENVIRONMENT to production",
            )
    if is_production and section.component == "identity" and _has_published_key(section):
        raise ConfigurationError(
            f"{section.variable('private_key')} is a sandbox's key, or one that was published",
            fix="make a key with `govcomponents identity new-key` and register its public half; "
            "or set GOVCOMPONENTS_ENVIRONMENT to what this is",
        )


def _is_live(host: str) -> bool:
    from govcomponents.identity.adapters.live_hosts import live_hosts

    return host in live_hosts()


def _has_published_key(section: AnySection) -> bool:
    """Whether the private key is one that a sandbox made or published, in whatever form it is written."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from govcomponents.identity.jose.jwk import public_members, thumbprint
    from govcomponents.identity.jose.own_keys import SANDBOX_EXPONENT
    from govcomponents.identity.jose.signing import read_key_file, read_private_key

    setting = section.variable("private_key")
    key, file = getattr(section, "private_key", None), getattr(section, "private_key_file", None)
    try:
        if file is not None:
            key = Secret(read_key_file(file, setting=setting))
        if key is None:
            return False
        public = read_private_key(key, setting=setting)[0].public_key()
    except ConfigurationError:
        return False  # said where the adapter is built
    exponent = public.public_numbers().e if isinstance(public, RSAPublicKey) else 0
    return exponent == SANDBOX_EXPONENT or thumbprint(public_members(public)) in _PUBLISHED_KEYS


@cache
def _tell_that_nothing_is_set() -> None:
    log.warning(
        "GOVCOMPONENTS_ENVIRONMENT is not set, so this process counts as not being production: live keys are refused"
    )
