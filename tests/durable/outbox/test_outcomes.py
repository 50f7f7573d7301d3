"""Each error of a call or a look-up, and what becomes of its row: a table of states, waits, pauses and counts."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime
from typing import Any

import pytest

from govcomponents.core.ports.doubt import Doubt
from govcomponents.durable.outbox.outcomes import (
    Outcome,
    after_looking,
    after_sending,
    back_off,
    dead,
    done,
    given_back,
    left_to_another,
    told,
)
from govcomponents.durable.outbox.rows import Claimed
from govcomponents.durable.storage.schema import State
from govcomponents.errors import (
    CardDeclined,
    ConfigurationError,
    Conflict,
    CredentialsRefused,
    DailyLimitReached,
    InvalidInput,
    NotFound,
    NotSent,
    NotSupported,
    OutcomeUnknown,
    PermissionRefused,
    RateLimited,
    RequestRefused,
    Unavailable,
    UnexpectedReply,
)

DOUBT = Doubt(visible_after=35.0)
TOMORROW = datetime(2026, 12, 1, tzinfo=UTC)
DAY_IS_OVER = DailyLimitReached("no more", resets_at=TOMORROW, retry_after=7200.0, code="TooManyRequests")
DAY_WITHOUT_END = DailyLimitReached("no more", resets_at=TOMORROW, retry_after=0.0)


def row(**changes: Any) -> Claimed:
    made = {
        "id": 7, "account": "default", "operation": "notify.send_email", "reference": "R-1", "journey": None,
        "payload": b"{}", "state": State.SENDING, "attempts": 0, "claims": 3, "doubt_since": None,
        "give_up_at": 2000.0, "created_at": 1000.0, "owner": "me", "now": 1000.0,
    }  # fmt: skip
    return Claimed(**(made | changes))


@pytest.mark.parametrize(
    "error",
    [
        NotSent("no connection"),
        Unavailable("the provider is away"),
        ConfigurationError("a key is missing"),
    ],
)
def test_what_was_certainly_not_sent_is_tried_again_later(error: Exception) -> None:
    found = after_sending(error, row(), DOUBT)
    assert 0.0 <= found.wait <= 5.0
    assert found == Outcome(state=State.PENDING, problem=type(error).__name__, wait=found.wait, answered=True)


@pytest.mark.parametrize(
    "error",
    [
        NotFound("there is none", code="NoResultFound"),
        RequestRefused("the request is wrong", code="BadRequestError"),
        PermissionRefused("the account may not"),
        InvalidInput(field="to", problem="it is no address", fix="give one"),
        NotSupported("letters", provider="Toy"),
        CardDeclined("the card was declined", code="P0010"),
        Conflict("it is in another state", code="P0501"),
    ],
)
def test_what_is_refused_ends(error: Exception) -> None:
    code = getattr(error, "code", None)
    problem = type(error).__name__ + (f" {code}" if code else "")
    assert after_sending(error, row(), DOUBT) == Outcome(state=State.REFUSED, problem=problem)


@pytest.mark.parametrize(
    "error", [OutcomeUnknown("the answer was lost"), UnexpectedReply("it cannot be read"), KeyError("canary")]
)
def test_whatever_is_not_known_to_be_harmless_is_in_doubt(error: Exception) -> None:
    assert after_sending(error, row(), DOUBT) == Outcome(
        state=State.IN_DOUBT, problem=type(error).__name__, wait=35.0, answered=True, is_new_doubt=True
    )


def test_a_conflict_after_a_doubt_may_mean_that_the_first_request_had_worked() -> None:
    found = after_sending(Conflict("it was cancelled"), row(doubt_since=900.0), DOUBT)
    assert found == Outcome(state=State.IN_DOUBT, problem="Conflict", wait=35.0, answered=True, is_new_doubt=True)
    assert after_sending(NotFound("there is none"), row(doubt_since=900.0), DOUBT).state is State.REFUSED


@pytest.mark.parametrize(
    ("error", "wait", "pauses"),
    [
        (CredentialsRefused("the key was refused"), 300.0, "notify."),
        (RateLimited("too many", retry_after=12.0), 12.0, "notify."),
        (RateLimited("too many", retry_after=None), 1.0, "notify."),
        (DAY_IS_OVER, 7200.0, "notify.send_email"),
        (DAY_WITHOUT_END, 3600.0, "notify.send_email"),
    ],
)
def test_what_holds_for_more_than_this_row_pauses_the_others(error: Exception, wait: float, pauses: str) -> None:
    assert after_sending(error, row(), DOUBT) == Outcome(
        state=State.PENDING, problem=told(error), wait=wait, pauses=pauses
    )


@pytest.mark.parametrize("error", [Unavailable("away"), NotFound("none", code="gone"), KeyError("canary")])
def test_a_row_that_could_not_be_looked_up_stays_in_doubt(error: Exception) -> None:
    found = after_looking(error, row(state=State.IN_DOUBT))
    assert 0.0 <= found.wait <= 5.0
    assert found == Outcome(
        state=State.IN_DOUBT, problem=told(error), wait=found.wait, claims=2, answered=True, pauses=None
    )


def test_a_look_up_with_a_refused_key_pauses_its_component() -> None:
    assert after_looking(CredentialsRefused("no"), row(operation="pay.refund")) == Outcome(
        state=State.IN_DOUBT, problem="CredentialsRefused", wait=300.0, claims=2, answered=True, pauses="pay."
    )


@pytest.mark.parametrize(("asked", "least", "most"), [(12.0, 12.0, 12.0), (None, 0.0, 5.0), (0.5, 0.5, 5.0)])
def test_a_look_up_waits_as_long_as_it_is_asked_to(asked: float | None, least: float, most: float) -> None:
    waits = [after_looking(RateLimited("too many", retry_after=asked), row()).wait for _ in range(200)]
    assert least <= min(waits) < least + 0.9
    assert max(waits) <= most
    assert after_looking(RateLimited("too many", retry_after=asked), row()).pauses is None


def test_the_ends_and_what_is_given_back() -> None:
    assert done("n-1") == Outcome(state=State.DONE, provider_id="n-1")
    assert dead("TooLate") == Outcome(state=State.DEAD, problem="TooLate")
    assert given_back(row()) == Outcome(state=State.PENDING, claims=2)
    assert given_back(row(state=State.IN_DOUBT)) == Outcome(state=State.IN_DOUBT, claims=2)


@pytest.mark.parametrize(
    ("attempts", "bound"),
    [(0, 5), (1, 10), (2, 20), (9, 2560), (10, 3600), (21, 3600), (5000, 3600)],
)
def test_the_wait_is_random_and_its_bound_doubles_up_to_an_hour(attempts: int, bound: float) -> None:
    waits = [back_off(attempts) for _ in range(400)]
    assert 0.0 <= min(waits) < bound * 0.1
    assert bound * 0.9 < max(waits) <= bound
    assert statistics.mean(waits) == pytest.approx(bound / 2, rel=0.2)


def test_each_of_these_waits_grows_with_the_tries() -> None:
    tries = 8
    for waits in (
        [after_sending(NotSent("no"), row(attempts=tries), DOUBT).wait for _ in range(100)],
        [after_looking(Unavailable("away"), row(attempts=tries)).wait for _ in range(100)],
    ):
        assert 640.0 < max(waits) <= 1280.0


def test_an_operator_is_told_the_class_and_the_code_and_never_a_text() -> None:
    assert told(ValueError("canary")) == "ValueError"
    assert told(NotFound("canary", code="")) == "NotFound"
    assert told(NotFound("canary", code="P0200")) == "NotFound P0200"
    assert told(NotFound("canary", code="c" * 200)) == "NotFound " + "c" * 111


@pytest.mark.parametrize(("state", "left"), [(State.SENDING, State.PENDING), (State.IN_DOUBT, State.IN_DOUBT)])
def test_a_row_for_which_something_is_missing_waits_for_who_has_it(state: State, left: State) -> None:
    found = left_to_another(row(state=state), "KeyMissing")
    assert 0.0 <= found.wait <= 5.0
    assert found == Outcome(state=left, claims=2, problem="KeyMissing", wait=found.wait, answered=True)
    waits = [left_to_another(row(attempts=30), "KeyMissing").wait for _ in range(200)]
    assert 200.0 < max(waits) <= 300.0


def test_a_row_for_which_something_is_missing_is_given_up_when_its_time_is_over() -> None:
    assert left_to_another(row(now=2000.0), "KeyMissing") == dead("KeyMissing")
    assert left_to_another(row(now=1999.0), "KeyMissing") != dead("KeyMissing")
