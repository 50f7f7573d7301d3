"""The fuzzer's targets of pay, notify, the sandbox and what all share, for a moment, with hypothesis; every seed."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.parsers import SEEDS, TARGETS
from fuzz.targets import TARGETS as ALL
from fuzz.targets import run

texts = st.text(max_size=12) | st.sampled_from(["PAYMENT", "delivered", "sms", "2026-01-01T00:00:00Z", "<host>", "gbp"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)
names = st.sampled_from(
    [
        *(
            "webhook_message_id",
            "created_date",
            "resource_id",
            "event_type",
            "resource",
            "resource_type",
            "object",
            "data",
        ),
        *("id", "type", "created", "status", "reference", "to", "notification_type", "template_id", "completed_at"),
        *("services", "clients", "people", "keys", "templates", "api_keys", "pay", "notify", "one_login", "livemode"),
    ]
)
bodies = (
    st.binary(max_size=300)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.dictionaries(names, values, max_size=5).map(lambda value: json.dumps(value).encode())
    | st.lists(st.sampled_from([*"[]()*^#\n\r\x1e=? ,\"'&;<>", "((x))", "=?utf-8?q?", "http://"]), max_size=60).map(
        lambda parts: "".join(parts).encode()
    )
)


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_any_bytes(name):
    @settings(max_examples=60, deadline=None)
    @given(bodies)
    def any_bytes(data):
        run(name, data)

    any_bytes()


@pytest.mark.parametrize(("name", "seed"), [(name, seed) for name, seeds in SEEDS.items() for seed in seeds])
def test_the_seeds(name, seed):
    run(name, seed)


def test_every_target_of_these_has_seeds_and_all_are_run():
    assert set(SEEDS) == set(TARGETS)
    assert set(TARGETS) < set(ALL)
