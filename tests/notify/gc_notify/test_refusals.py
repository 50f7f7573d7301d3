"""GC Notify's refusals: limits told apart, failures that may have acted, and no value of the caller's in any text."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle

import pytest

from govcomponents import (
    CredentialsRefused,
    DailyLimitReached,
    GovComponentsError,
    NotFound,
    OutcomeUnknown,
    PermissionRefused,
    RateLimited,
    RequestRefused,
    Unavailable,
    UnexpectedReply,
)
from govcomponents.contracts.faults import EVERY, Fault, FaultyTransport
from govcomponents.core.http.messages import Response
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.observe import as_observer
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.notify.adapters.gc_notify.adapter import GcNotify
from govcomponents.notify.async_service import AsyncNotifyService
from govcomponents.notify.service import NotifyService
from govcomponents.settings import NotifySettings

from .support import KEY, MESSAGE, SECRET, TEMPLATE, errors, notify_on
from .test_requests import accepted

DAY = 86_400.0
MIDNIGHT_IN = 9 * 3600.0  # from 15:00 UTC


def refused(response: Response) -> GovComponentsError:
    notify, transport = notify_on(response)
    with pytest.raises(GovComponentsError) as caught:
        notify.send_email("amala.roy@example.com", TEMPLATE)
    assert len(transport.sent) == 1
    return caught.value


def test_the_rate_limit_is_told_at_once_because_a_refused_request_counts_too():
    notify, transport = notify_on(
        errors(429, "RateLimitError", "Exceeded rate limit for key type LIVE of 1000 requests per 60 seconds"),
        attempts=3,
    )

    with pytest.raises(RateLimited) as caught:
        notify.send_email("amala.roy@example.com", TEMPLATE)

    assert caught.value.retry_after is None
    assert len(transport.sent) == 1


def test_a_rate_limit_that_says_when_it_passes_is_waited_for_and_the_message_is_sent_once():
    notify, transport = notify_on(
        Response(429, {"retry-after": "3"}, b"<html>slow down</html>"),
        accepted(subject="Subject", from_email="permits@example.com"),
        attempts=2,
    )

    assert notify.send_email("amala.roy@example.com", TEMPLATE).id == MESSAGE
    assert len(transport.sent) == 2


@pytest.mark.parametrize(
    "kind",
    ["TooManyRequestsError", "LiveServiceTooManyEmailRequestsError", "TrialServiceTooManySMSRequestsError", "NewQuota"],
)
def test_the_days_limit_is_not_waited_for_and_says_when_it_resets(kind):
    notify, transport = notify_on(errors(429, kind, "Exceeded"), attempts=3)

    with pytest.raises(DailyLimitReached) as caught:
        notify.send_email("amala.roy@example.com", TEMPLATE)

    assert len(transport.sent) == 1
    assert caught.value.retry_after == MIDNIGHT_IN
    assert caught.value.resets_at.isoformat() == "2026-03-03T00:00:00+00:00"


def test_the_years_limit_lasts_until_the_first_of_april():
    error = refused(errors(429, "LiveServiceRequestExceedsEmailAnnualLimitError", "Exceeded annual"))

    assert type(error) is RateLimited
    assert error.retry_after == MIDNIGHT_IN + 29 * DAY
    assert "1 April" in error.fix


def test_a_429_without_a_type_is_a_rate_limit_with_the_time_that_it_gives():
    error = refused(Response(429, {"retry-after": "7"}, b"<html>slow down</html>"))

    assert type(error) is RateLimited
    assert error.retry_after == 7


def test_a_daily_limit_told_as_400_is_the_same_error():
    error = refused(
        errors(400, "BadRequestError", "You only have 50 remaining messages before you reach your daily limit. …")
    )

    assert type(error) is DailyLimitReached


def test_a_file_store_that_fails_has_taken_nothing():
    error = refused(errors(503, "BadRequestError", "document download failed"))

    assert type(error) is Unavailable


def test_a_failing_server_may_have_accepted_the_message():
    notify, transport = notify_on(Response(500, {}, b'{"result": "error", "message": "Internal server error"}'))

    with pytest.raises(OutcomeUnknown) as caught:
        notify.send_email("amala.roy@example.com", TEMPLATE, reference="PERMIT-12")

    assert len(transport.sent) == 1
    assert "reference" in caught.value.lookup


@pytest.mark.parametrize(
    ("status", "kind", "message", "expected", "says"),
    [
        (403, "AuthError", "Invalid token: Enter your full API key", CredentialsRefused, "whole"),
        (403, "AuthError", "something new", CredentialsRefused, "was refused"),
        (403, "BadRequestError", "Service is suspended", PermissionRefused, "suspended"),
        (403, "BadRequestError", "something new", PermissionRefused, "may not"),
        (400, "BadRequestError", "Missing personalisation: name, date", RequestRefused, "name, date"),
        (400, "BadRequestError", "Content for template has a character count greater than the limit of 612",
         RequestRefused, "too long"),
        (400, "ValidationError", "File number exceed allowed limits of 10 with number of 11.", RequestRefused, "many"),
        (400, "ValidationError", "Personalisation variables size of 60000 bytes is greater than", RequestRefused,
         "too long"),
        (400, "BadRequestError", "Not a valid local number", RequestRefused, "phone number"),
        (400, "ValidationError", "email_address Not a valid email address", RequestRefused, "email address"),
        (404, "NoResultFound", "Not a valid email address", NotFound, "email address"),
        (400, "SomethingNew", "nobody knows", RequestRefused, "check the arguments"),
    ],
)  # fmt: skip
def test_known_messages_make_the_error_exact(status, kind, message, expected, says):
    error = refused(errors(status, kind, message))

    assert type(error) is expected
    assert says in str(error)
    assert (error.status, error.code) == (status, kind)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"errors": "none"}', b'{"message": ["a"]}', b'{"errors": [1, {"error": "not a code!"}]}', b"["],
)
def test_a_refusal_in_no_known_form_is_still_typed(body):
    assert type(refused(Response(400, {}, body))) is RequestRefused


def test_a_redirect_is_no_answer():
    assert type(refused(Response(302, {"location": "https://example.com"}, b""))) is UnexpectedReply


@pytest.mark.parametrize("body", [b"", b"null", b"[" * 100_000, b'{"id": 1}', b'{"half": '])
def test_an_answer_that_cannot_be_read_says_how_to_learn_the_outcome(body):
    notify, _ = notify_on(Response(201, {}, body))

    with pytest.raises(UnexpectedReply) as caught:
        notify.send_email("amala.roy@example.com", TEMPLATE, reference="PERMIT-12")

    assert "search for the message's reference" in caught.value.lookup


def test_a_time_that_is_none_is_an_unexpected_reply():
    body = {
        "id": MESSAGE,
        "type": "sms",
        "status": "new",
        "template": {"id": TEMPLATE, "version": 1},
        "created_at": "x",
    }
    notify, _ = notify_on(Response(200, {}, json.dumps(body).encode()))

    with pytest.raises(UnexpectedReply, match="a time"):
        notify.get(MESSAGE)


def test_an_unknown_status_and_channel_keep_their_text():
    body = {
        "id": MESSAGE,
        "type": "push",
        "status": "teleported",
        "template": {"id": TEMPLATE, "version": 1},
        "created_at": "2026-06-15 12:30:00.000000",
    }
    notify, _ = notify_on(Response(200, {}, json.dumps(body).encode()))

    found = notify.get(MESSAGE)

    assert (found.status.value, found.raw_status, found.channel.value) == ("unknown", "teleported", "unknown")
    assert found.may_change
    assert found.created_at.isoformat() == "2026-06-15T12:30:00+00:00"


FAULTS = {
    Fault.TIME_OUT_BEFORE: OutcomeUnknown,
    Fault.TIME_OUT_AFTER: OutcomeUnknown,
    Fault.DROPPED_BEFORE: OutcomeUnknown,
    Fault.DROPPED_AFTER: OutcomeUnknown,
    Fault.TOO_MANY_REQUESTS: RateLimited,
    Fault.SERVER_ERROR: OutcomeUnknown,
    Fault.BAD_GATEWAY: OutcomeUnknown,
    Fault.MALFORMED: UnexpectedReply,
}


@pytest.mark.parametrize("asyncio_caller", [False, True], ids=("blocking", "asyncio"))
@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_goes_wrong_the_service_has_the_message_at_most_once_and_no_value_is_shown(
    fault, asyncio_caller, caplog
):
    caplog.set_level(logging.DEBUG)
    inner = ScriptedTransport([lambda _: accepted(from_number="+16135550100")] * 3)
    faulty = FaultyTransport(inner, {EVERY: fault})
    events: list[object] = []
    runtime = Runtime(faulty, retry=RetryPolicy(), observers=(as_observer(events.append),))
    port = GcNotify.from_settings(NotifySettings(api_key=KEY), runtime)

    def send() -> None:
        arguments = ("+16135550199", TEMPLATE, {"name": "Canary Person"})
        if asyncio_caller:
            asyncio.run(AsyncNotifyService(port, runtime).send_sms(*arguments))
        else:
            NotifyService(port, runtime).send_sms(*arguments)

    with pytest.raises(FAULTS[fault]) as caught:
        send()

    assert len(inner.sent) == (1 if fault.acted else 0)
    shown = f"{caught.value!r} {caplog.text} {events!r} {pickle.dumps(caught.value)!r} {faulty.sent!r}"
    for canary in (SECRET, "6135550199", "Canary"):
        assert canary not in shown
