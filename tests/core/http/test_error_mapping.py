"""From a status and a code to a typed error: what may have been acted on is never called a refusal."""

from __future__ import annotations

import json

import pytest

from govcomponents import errors
from govcomponents.core.http.error_mapping import NOT_OWN, ErrorBody, ErrorTable, Meaning, facts_of, json_error
from govcomponents.core.http.messages import Replay, Request, Response

READ = Request("pay.get", "GET", "/orders/1", Replay.ALWAYS, lookup="get it again")
WRITE = Request("pay.create", "POST", "/orders", Replay.UNSENT, lookup="search by the reference")
KEYED = Request("pay.create", "POST", "/orders", Replay.IDEMPOTENT, lookup="call again", idempotency_key="k1")

TABLE = ErrorTable(
    "PalPay",
    codes={
        "NOT_APPROVED": Meaning(errors.Conflict, "the order is not approved yet", "send the person to approve it"),
        "BAD_AMOUNT": Meaning(errors.RequestRefused, "the amount is wrong", "give pence", field="amount"),
        "BUSY": Meaning(errors.RateLimited, "too many requests", "slow down"),
        "CLOSED": Meaning(errors.PermissionRefused, "the account is closed"),
        "DOWN": Meaning(errors.Unavailable, "it is down for repair", is_unprocessed=True),
        "BROKEN": Meaning(errors.Unavailable, "a system behind it failed", "wait"),
        "RUNNING": Meaning(errors.OutcomeUnknown, "an earlier call still runs"),
        "ODD": Meaning(errors.UnexpectedReply, "the answer is of another version"),
    },
    statuses={402: Meaning(errors.CardDeclined, "the card was refused")},
    body=json_error(code="error.code", field="error.param"),
    rate_limit_wait=2.5,
    later="see the status page",
    unknown="look the code up",
)


def answer(status, code=None, headers=None, **more):
    body = json.dumps({"error": {"code": code, **more}}).encode()
    return Response(status, {"x-request-id": "r-1", **(headers or {})}, body)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, errors.UnexpectedReply),
        (400, errors.RequestRefused),
        (401, errors.CredentialsRefused),
        (402, errors.CardDeclined),
        (403, errors.PermissionRefused),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (412, errors.Conflict),
        (418, errors.RequestRefused),
        (429, errors.RateLimited),
    ],
)
def test_a_code_that_is_not_in_the_table_is_judged_by_its_status(status, kind):
    error = TABLE.error(WRITE, answer(status, "NEW"))
    assert type(error) is kind
    assert (error.provider, error.operation, error.status, error.code, error.request_id) == (
        "PalPay",
        "pay.create",
        status,
        "NEW",
        "r-1",
    )
    if status not in (301, 402, 429):
        assert error.happened == "PalPay refused the request"
        assert error.fix == "look the code up"


def test_the_code_decides_before_the_status():
    error = TABLE.error(WRITE, answer(404, "NOT_APPROVED"))
    assert type(error) is errors.Conflict
    assert (error.happened, error.fix) == ("the order is not approved yet", "send the person to approve it")


@pytest.mark.parametrize(("named", "field"), [({"param": "currency"}, "currency"), ({}, "amount")])
def test_the_field_that_is_named_goes_before_the_one_of_the_table(named, field):
    error = TABLE.error(WRITE, answer(400, "BAD_AMOUNT", **named))
    assert error.field == field
    assert error.happened == ("the amount is wrong: currency" if named else "the amount is wrong")


@pytest.mark.parametrize(
    ("request_", "status", "code", "kind"),
    [
        (READ, 500, None, errors.Unavailable),
        (WRITE, 500, None, errors.OutcomeUnknown),
        (KEYED, 502, None, errors.OutcomeUnknown),
        (READ, 500, "BROKEN", errors.Unavailable),
        (WRITE, 500, "BROKEN", errors.OutcomeUnknown),
        (WRITE, 400, "BROKEN", errors.OutcomeUnknown),
        (WRITE, 503, "DOWN", errors.Unavailable),
        (WRITE, 500, "NOT_APPROVED", errors.OutcomeUnknown),
        (READ, 500, "NOT_APPROVED", errors.Unavailable),
        (WRITE, 500, "CLOSED", errors.PermissionRefused),
        (WRITE, 409, "RUNNING", errors.OutcomeUnknown),
        (WRITE, 400, "ODD", errors.UnexpectedReply),
    ],
)
def test_a_failure_of_the_server_is_unknown_where_it_may_have_acted(request_, status, code, kind):
    error = TABLE.error(request_, answer(status, code))
    assert type(error) is kind
    if kind is errors.OutcomeUnknown:
        assert error.lookup == request_.lookup
        assert error.idempotency_key == request_.idempotency_key
    if code is None:
        assert error.happened.startswith(f"the server failed with status {status}")
        assert "see the status page" in error.fix or kind is errors.OutcomeUnknown


@pytest.mark.parametrize(("headers", "wait"), [({}, 2.5), ({"retry-after": "7"}, 7.0)])
@pytest.mark.parametrize("response", [answer(429), answer(409, "BUSY"), Response(429, {}, b"<html>")])
def test_a_rate_limit_says_how_long_to_wait(response, headers, wait):
    error = TABLE.error(WRITE, Response(response.status, headers, response.body))
    assert type(error) is errors.RateLimited
    assert error.retry_after == wait


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"text"', b'{"error": "text"}', b"[" * 200_000, b"\xff"])
@pytest.mark.parametrize("status", [302, 400, 401, 404])
def test_an_answer_of_somebody_else_proves_nothing(status, body):
    error = TABLE.error(WRITE, Response(status, {}, body))
    assert type(error) is errors.UnexpectedReply
    assert "is not PalPay's own" in error.happened
    assert error.lookup.startswith("search by the reference; check the base URL")


def test_a_meaning_that_the_adapter_knows_goes_before_the_table():
    meaning = Meaning(errors.NotFound, "it is gone")
    assert type(TABLE.error(WRITE, answer(400, "NOT_APPROVED"), meaning=meaning)) is errors.NotFound
    assert type(TABLE.error(WRITE, Response(400, {}, b"<html>"), body=ErrorBody("BUSY"))) is errors.RateLimited


@pytest.mark.parametrize("code", ["a person's name", "x" * 200, "", 7, None, {"a": 1}])
def test_a_code_or_field_that_is_no_name_is_not_shown(code):
    assert json_error(code="code", field="who")(json.dumps({"code": code, "who": code}).encode()) == ErrorBody()


def test_paths_reach_into_lists():
    read = json_error(code="details.0.issue", field="details.0.field", form="[A-Z]+")
    assert read(b'{"details": [{"issue": "LATE", "field": "amount.value"}]}') == ErrorBody("LATE", "amount.value")
    assert read(b'{"details": [{"issue": "late"}]}') == ErrorBody()
    for body in (b'{"details": []}', b'{"details": {"0": 1}}', b'{"details": [[]]}'):
        assert read(body) == NOT_OWN


def test_a_table_needs_no_more_than_a_name():
    error = ErrorTable("PalPay").error(READ, Response(404, {}, b'{"code": "gone"}'))
    assert type(error) is errors.NotFound
    assert (error.code, error.fix) == ("gone", errors.NotFound.default_fix)


def test_the_facts_of_an_answer_go_to_any_error():
    facts = facts_of(READ, answer(429), provider="PalPay", code="quota")
    assert errors.RateLimited("the year's quota is used up", retry_after=9.0, **facts).code == "quota"
