"""No key, token, password or private key leaves with the error of a start that goes wrong, in any adapter."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from canary.telling import told_by_error
from govcomponents import AsyncGovComponents, GovComponents, GovComponentsError, Settings
from spellings import leaked

CANARY = "canary7d1f"
GOOD_PAY, GOOD_STRIPE = "api_test_" + CANARY * 5, "sk_test_" + CANARY * 4
PEM = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
SMALL = (
    ec.generate_private_key(ec.SECP192R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
)
IDENTITY = {"client_id": "client", "redirect_url": "https://service.example.gov.uk/in", "environment": "integration"}
SMTP = {"adapter": "smtp", "host": "mail.example.gov.uk", "sender": "a@example.gov.uk", "username": "u"}

WRONG = {
    "a pay key with a line end": {"pay": {"api_key": GOOD_PAY + "\n"}},
    "a pay key of no form": {"pay": {"api_key": CANARY * 2}},
    "a key with a letter outside ASCII": {"pay": {"api_key": GOOD_PAY + "\xe9"}},
    "a key with half of a pair": {"pay": {"api_key": GOOD_PAY + "\udce9"}},
    "a webhook secret not in UTF-8": {"pay": {"api_key": GOOD_PAY, "webhook_secrets": [CANARY * 3 + "\udce9"]}},
    "a short webhook secret": {"pay": {"api_key": GOOD_PAY, "webhook_secrets": [CANARY]}},
    "a misspelt name": {"pay": {"apikey": GOOD_PAY}},
    "a password in the base URL": {"pay": {"api_key": GOOD_PAY, "base_url": f"https://u:{CANARY}@pay.example.gov.uk"}},
    "a stripe key of no form": {"pay": {"adapter": "stripe", "api_key": "key_" + CANARY}},
    "a stripe secret of no form": {
        "pay": {"adapter": "stripe", "api_key": GOOD_STRIPE, "webhook_secrets": [CANARY * 3]}
    },
    "a notify key one letter too long": {
        "notify": {"api_key": f"{CANARY}-" + "1234abcd-12ab-4bcd-8def-1234567890ab" * 2}
    },
    "a callback token not in UTF-8": {
        "notify": {
            "api_key": "k-4a4b5c6d-1111-4222-8333-444455556666-5a4b5c6d-1111-4222-8333-444455556666",
            "callback_tokens": [CANARY * 3 + "\udce9"],
        }
    },
    "a gc notify key of no form": {"notify": {"adapter": "gc_notify", "api_key": CANARY * 3}},
    "an smtp password that cannot be sent": {"notify": {**SMTP, "password": CANARY + "\udce9"}},
    "an smtp setting too many": {"notify": {**SMTP, "password": CANARY, "passwd": CANARY}},
    "a private key cut short": {"identity": {**IDENTITY, "private_key": PEM[:-200]}},
    "a private key that is a cut JWK": {"identity": {**IDENTITY, "private_key": '{"kty": "EC", "d": "' + CANARY * 4}},
    "a private key that is a wrong JWK": {
        "identity": {
            **IDENTITY,
            "private_key": '{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "' + CANARY + '"}',
        }
    },
    "a private key on a small curve": {"identity": {**IDENTITY, "private_key": SMALL}},
    "a private key of login.gov cut short": {
        "identity": {"adapter": "login_gov", **IDENTITY, "private_key": PEM[:-200]}
    },
    "a client secret of no form": {
        "identity": {
            "adapter": "oidc",
            "client_id": "client",
            "issuer": "https://issuer.example",
            "redirect_url": "https://service.example.gov.uk/in",
            "client_secret": "",
            "clientsecret": CANARY * 3,
        }
    },
    "a section that is a text": {"pay": CANARY, "notify": CANARY},
    "an environment of no name": {"environment": CANARY, "pay": {"api_key": GOOD_PAY}},
}
SECRETS = {CANARY, PEM[100:160], SMALL[60:100], GOOD_PAY}


@pytest.mark.parametrize("components", [GovComponents, AsyncGovComponents])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_start_that_goes_wrong_shows_no_secret(wrong: str, components: type[GovComponents]) -> None:
    with pytest.raises(GovComponentsError) as caught:
        components.from_settings(Settings(**WRONG[wrong]))
    assert not leaked(SECRETS, "\n".join(told_by_error(caught.value)))


@pytest.mark.parametrize("wrong", WRONG)
def test_so_does_one_by_the_environment(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for section, values in WRONG[wrong].items():
        for name, value in values.items() if isinstance(values, dict) else [("", values)]:
            text = ",".join(value) if isinstance(value, list) else value
            variable = f"GOVCOMPONENTS_{section}__{name}" if name else f"GOVCOMPONENTS_{section}"
            monkeypatch.setenv(variable.upper(), text)
    with pytest.raises(GovComponentsError) as caught:
        GovComponents.from_settings()
    assert not leaked(SECRETS, "\n".join(told_by_error(caught.value)))
