"""The fuzzer's targets, for a moment, with hypothesis: any bytes where a provider or a browser could put them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.identity import SEEDS, TARGETS
from fuzz.targets import run

texts = st.text(max_size=12) | st.sampled_from(["ES256", "Cl.Cm", "P2", "GivenName", "2021-01-01", "A"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)
MEMBERS = (
    *("iss", "sub", "aud", "exp", "iat", "nbf", "nonce", "at_hash", "vot", "vc", "events", "azp", "alg", "kid", "crit"),
    *("keys", "id", "assertionMethod", "email", "phone_number", "https://vocab.account.gov.uk/v1/address"),
)
names = st.sampled_from(MEMBERS)
bodies = st.binary(max_size=300) | st.dictionaries(names, values, max_size=4).map(lambda v: json.dumps(v).encode())


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_any_bytes(name):
    @settings(max_examples=25, deadline=None)
    @given(bodies)
    def any_bytes(data):
        run(name, data)

    any_bytes()


@pytest.mark.parametrize(("name", "seed"), [(name, seed) for name, seeds in SEEDS.items() for seed in seeds])
def test_the_seeds(name, seed):
    run(name, seed)
