"""No id leads a request elsewhere: whatever is no id is refused, in every operation of every adapter that takes one."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from govcomponents import GovComponents, InvalidInput, Money, NotSupported, Settings
from govcomponents.core.transports.scripted import ScriptedTransport

PLAIN = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", min_size=1)
SETTINGS: dict[str, dict[str, Any]] = {
    "govuk_pay": {"pay": {"api_key": "api_test_" + "a" * 40}},
    "stripe": {"pay": {"adapter": "stripe", "api_key": "sk_test_" + "a" * 30}},
    "govuk_notify": {
        "notify": {"api_key": "k-4a4b5c6d-1111-4222-8333-444455556666-5a4b5c6d-1111-4222-8333-444455556666"}
    },
    "gc_notify": {
        "notify": {
            "adapter": "gc_notify",
            "api_key": "gcntfy-k-4a4b5c6d-1111-4222-8333-444455556666-5a4b5c6d-1111-4222-8333-444455556666",
        }
    },
}
GOOD = "5ab1ec0d-0000-4000-8000-000000000101"
OTHERS: dict[str, Any] = {
    "amount": Money(100),
    "available": Money(100),
    "reference": "R",
    "description": "D",
    "return_url": "https://service.example.gov.uk/back",
    "callback": "https://service.example.gov.uk/back",
    "to": "a@example.gov.uk",
    "address": ["A", "1 Street", "SW1A 1AA"],
    "personalisation": {},
    "rows": [{"email address": "a@example.gov.uk"}],
    "channel": "email",
    "batch": "B",
    "name": "N",
}
IDS = ("payment_id", "refund_id", "agreement_id", "notification_id", "notification_ids", "set_up_agreement", "template",
       "older_than", "sender", "reply_to")  # fmt: skip


def calls() -> list[tuple[str, str, str]]:
    """Every operation of every adapter, with each of its arguments that is an id."""
    found = []
    for adapter, sections in SETTINGS.items():
        with GovComponents.from_settings(Settings(**sections), transport=ScriptedTransport()) as gov:
            for component in sections:
                service = getattr(gov, component)
                for operation, method in inspect.getmembers(type(service), inspect.isfunction):
                    named = () if operation.startswith("_") else inspect.signature(method).parameters
                    found += [(adapter, f"{component}.{operation}", one) for one in IDS if one in named]
    return found


def _is_id(text: str) -> bool:
    return 0 < len(text) <= 255 and all(one.isascii() and (one.isalnum() or one in "_-") for one in text)


@pytest.mark.parametrize(("adapter", "operation", "argument"), calls())
@example("..")
@example(".")
@example("")
@example(" ")
@example("../x")
@example("..\\x")
@example("a/b")
@example("%2e%2e")
@example("%2E.")
@example("a?b=c")
@example("a#b")
@example("a\n")
@example("a;b")
@example("\uff0e\uff0e")
@example("\u2024\u2024")
@example("a" * 256)
@settings(max_examples=20)
@given(st.text(max_size=12) | st.tuples(PLAIN, st.sampled_from("/\\?#.%;:@ \r\n\x00"), PLAIN).map("".join))
def test_what_is_no_id_is_refused_and_nothing_is_sent(adapter: str, operation: str, argument: str, text: str) -> None:
    if _is_id(text):
        return
    wire = ScriptedTransport()
    with GovComponents.from_settings(Settings(**SETTINGS[adapter]), transport=wire) as gov:
        component, _, name = operation.partition(".")
        method = getattr(getattr(gov, component), name)
        given_ids: dict[str, Any] = {}
        for one, parameter in inspect.signature(method).parameters.items():
            if one == argument:
                given_ids[one] = [text] if one == "notification_ids" else text
            elif parameter.default is inspect.Parameter.empty or one == "available":
                given_ids[one] = OTHERS.get(one, GOOD)
        try:
            result = method(**given_ids)
            if hasattr(result, "__next__"):
                list(result)
        except (InvalidInput, NotSupported):
            pass
        else:
            pytest.fail(f"{text!r} was taken as {argument}")
    assert not wire.sent
