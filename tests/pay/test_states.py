"""The state model never claims more than is known, whatever the order in which the news comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcomponents.pay.adapters.govuk_pay.parsing import read_state
from govcomponents.pay.states import (
    AgreementStatus,
    DisputeStatus,
    FailureReason,
    PaymentState,
    PaymentStatus,
    RefundStatus,
    merge_states,
)


def state(status, code=None, *, captured=False, can_retry=None):
    part = {"status": status}
    if code is not None:
        part["code"] = code
    if can_retry is not None:
        part["can_retry"] = can_retry
    return read_state(part, is_captured=captured)


CREATED, STARTED, SUBMITTED, CAPTURABLE = (state(name) for name in ("created", "started", "submitted", "capturable"))
PAID, TAKEN = state("success"), state("success", captured=True)
LIVES = [
    [CREATED, STARTED, SUBMITTED, PAID, TAKEN],
    [CREATED, STARTED, SUBMITTED, CAPTURABLE, PAID, TAKEN],
    [CREATED, STARTED, SUBMITTED, CAPTURABLE, state("failed", "P0020")],
    [CREATED, STARTED, state("failed", "P0010")],
    [CREATED, STARTED, SUBMITTED, state("failed", "P0030")],
    [CREATED, STARTED, state("cancelled", "P0040")],
    [CREATED, STARTED, SUBMITTED, PAID, state("error", "P0050")],
    [CREATED, STARTED, state("failed", "P0010", can_retry=False)],
    [CREATED, STARTED, state("failed", "P0010", can_retry=True)],
]
ANY_STATE = st.builds(
    PaymentState,
    st.sampled_from(list(PaymentStatus)),
    st.text(max_size=3),
    st.booleans(),
    st.booleans(),
    st.none() | st.sampled_from(list(FailureReason)),
    st.none() | st.booleans(),
    st.none() | st.sampled_from(["P0010", "P0040"]),
    st.none() | st.text(max_size=3),
)


@given(st.sampled_from(LIVES), st.data())
def test_every_order_of_events_with_duplicates_ends_in_the_same_true_state(life, data):
    heard = data.draw(st.permutations(life + data.draw(st.lists(st.sampled_from(life), max_size=5))))
    known = None
    for number, news in enumerate(heard, start=1):
        known = news if known is None else known.merge(news)
        told = heard[:number]
        assert known in told
        assert known.is_paid <= any(one.is_paid for one in told)
        assert known.is_captured <= any(one.is_captured for one in told)
        assert known.is_finished <= any(one.is_finished for one in told)
    assert known == life[-1]


@given(ANY_STATE, ANY_STATE, ANY_STATE)
def test_merging_is_without_order_and_repeatable(one, two, three):
    assert one.merge(one) == one
    assert one.merge(two) == two.merge(one)
    assert one.merge(two).merge(three) == one.merge(two.merge(three))
    assert merge_states([one, two, three]) == merge_states([three, one, two, two])


def test_nothing_is_known_of_nothing():
    assert merge_states([]) is None


def test_what_ends_a_payment_outranks_a_success_whose_money_was_not_taken():
    assert PAID.merge(state("error", "P0050")).status is PaymentStatus.ERROR
    assert TAKEN.merge(state("error", "P0050")) == TAKEN


def test_that_a_card_must_not_be_tried_again_outranks_that_it_may_be():
    unsure, again, never = (
        PaymentState(PaymentStatus.FAILED, "failed", True, failure=FailureReason.DECLINED, can_retry=can_retry)
        for can_retry in (None, True, False)
    )
    assert unsure.merge(again) == again
    assert again.merge(never) == never
    assert unsure.merge(never) == never


def test_a_cancellation_by_nobody_knows_whom_gives_way_to_one_that_says():
    vague = PaymentState(PaymentStatus.FAILED, "cancelled", True, False, FailureReason.CANCELLED)
    by_person, by_service = state("failed", "P0030"), state("cancelled", "P0040")
    assert vague.merge(by_person) == by_person
    assert vague.merge(by_service) == by_service


@pytest.mark.parametrize(
    ("known", "finished", "paid", "captured"),
    [
        (CREATED, False, False, False),
        (CAPTURABLE, False, False, False),
        (PAID, True, True, False),
        (TAKEN, True, True, True),
        (state("failed", "P0010", captured=True), True, False, False),
        (state("something new"), False, False, False),
    ],
    ids=str,
)
def test_each_state_says_what_is_known(known, finished, paid, captured):
    assert (known.is_finished, known.is_paid, known.is_captured) == (finished, paid, captured)


def test_a_status_that_is_not_known_keeps_its_text_and_what_the_provider_says_of_its_end():
    found = read_state({"status": "on_the_moon", "finished": True}, is_captured=True)
    assert (found.status, found.raw_status, found.is_finished) == (PaymentStatus.UNKNOWN, "on_the_moon", True)
    assert (found.is_paid, found.is_captured, found.failure) == (False, False, None)


def test_a_failure_with_a_code_that_is_not_known_is_a_failure_still():
    assert state("failed", "P0077").failure is FailureReason.UNKNOWN
    assert state("failed").failure is FailureReason.UNKNOWN


def test_the_other_states_say_when_they_end():
    assert [one for one in RefundStatus if one.is_finished] == [RefundStatus.SUCCEEDED, RefundStatus.ERROR]
    assert [one for one in AgreementStatus if one.can_be_charged] == [AgreementStatus.ACTIVE]
    assert [one for one in AgreementStatus if one.is_finished] == [AgreementStatus.CANCELLED, AgreementStatus.INACTIVE]
    assert [one for one in DisputeStatus if one.is_finished] == [DisputeStatus.WON, DisputeStatus.LOST]
