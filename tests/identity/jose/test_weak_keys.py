"""RSA keys whose factors anybody can compute are no keys: neither a provider's nor our own."""

import pytest

from govcomponents.core.canonical_json import decode_base64url
from govcomponents.errors import ConfigurationError
from govcomponents.identity.jose.jwk import Unfit, is_weakly_made, public_key
from govcomponents.identity.jose.keys import read_jwks
from govcomponents.identity.jose.own_keys import new_private_key, signer_of

# Of Project Wycheproof's vector rejectsKeyWithRocaVulnerability.
ROCA = (
    "AanFpofbj7KjD4Lf-N2hVMKR7yewSyXhhbirIMTGpfYEhZ_lnt5UoK98DnKIgArXGTu3MaW_HhFw16HGaTDUHqPrId"
    "7fe4r11CqRw09yBFuW79V8sYIwHdzCaWflUI6auImYbVfoN9_nD5n8N8SY9DwXw7mwZM9wREPXoDPgOoIWl6q_MPsp"
    "7n0zs3Z5ZaiQWOOzl1S9OhwAfSiiOwz6efnXEaxuTEtPd7BjSx7NaFka8Dx9U7YqXy2RFj1O9PjyaDGuRh7YXsX3iM"
    "USP_wSyHQg_c_qHRtKUsNSGCT7OZg0hzm2KphtjnayKJvC64vAbROBR4Ubg6Bxg9IQVZ-QYyE"
)


def test_s8_a_key_of_the_roca_kind_is_no_key():
    with pytest.raises(Unfit, match="ROCA"):
        public_key({"kty": "RSA", "n": ROCA, "e": "AQAB"})


def test_it_hides_no_good_key_beside_it():
    good = signer_of(new_private_key()).public_jwk()
    found = read_jwks({"keys": [{"kty": "RSA", "n": ROCA, "e": "AQAB", "kid": "weak"}, good]})
    assert list(found) == [good["kid"]]


def test_ordinary_keys_are_not_taken_for_such():
    keys = [signer_of(new_private_key())._key.public_key().public_numbers().n for _ in range(3)]
    assert not any(is_weakly_made(n) for n in keys)


def test_a_service_s_own_key_is_refused_too(monkeypatch):
    monkeypatch.setattr("govcomponents.identity.jose.signing.is_weakly_made", lambda _n: True)
    with pytest.raises(ConfigurationError, match="ROCA"):
        signer_of(new_private_key())
    assert is_weakly_made(int.from_bytes(decode_base64url(ROCA.encode()), "big"))
