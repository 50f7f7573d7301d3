"""Requests of a stranger's adapter: ids in paths, and when a write may be sent again."""

import asyncio

import pytest
from pydantic import TypeAdapter

from govcomponents import Conflict, GovComponentsError, Money, RetryPolicy, UnexpectedReply
from govcomponents.adapters import (
    ErrorTable,
    HttpClient,
    HttpPayAdapter,
    Meaning,
    PayCapability,
    Reader,
    Replay,
    Response,
    Runtime,
    Wire,
    json_error,
    read_request,
    write_request,
)
from govcomponents.pay import AsyncPayService, PaymentId, PayService, Refund, RefundId, RefundStatus
from govcomponents.testing import Mode, ScriptedTransport

BUSY, DONE = Response(409, {}, b'{"code": "BUSY"}'), Response(200, {}, b'{"id": "r1", "pence": 100}')


class Answer(Wire):
    id: str
    pence: int


def to_refund(answer, raw):
    if answer.pence == 0:
        raise ValueError("a refund of nothing")
    paid, status = PaymentId("p1"), RefundStatus.SUCCEEDED
    return Refund(
        id=RefundId(answer.id), payment_id=paid, amount=Money(answer.pence), status=status, raw_status="done", raw=raw
    )


class Refunds(HttpPayAdapter):
    provider = "Example Pay"
    capabilities = frozenset({PayCapability.REFUND, PayCapability.IDEMPOTENCY_KEYS})
    errors = ErrorTable(
        "Example Pay", codes={"BUSY": Meaning(Conflict, "it is being worked on", "wait")}, body=json_error(code="code")
    )
    rate_limit_wait = 0.5

    def __init__(self, runtime):
        self.http = HttpClient(runtime, provider=self.provider, base_url="https://pay.example.com")

    @classmethod
    def from_settings(cls, settings, runtime):
        return cls(runtime)

    def is_at_work(self, error):
        return error.code == "BUSY"

    async def refund(self, new):
        fields = {"pence": new.amount.minor}
        request = write_request(
            "pay.refund", "/payments/{id}/refunds", {"id": new.payment_id}, fields, key=new.idempotency_key
        )
        return await self.one(request, Reader(TypeAdapter(Answer), to_refund))


def refund(mode, *answers, key="key-1"):
    """Refund over a script of answers, blocking or with asyncio; gives the result, or the error, and the transport."""
    transport = ScriptedTransport(answers)
    runtime = Runtime(transport, retry=RetryPolicy.none())
    arguments = {"payment_id": "p1", "amount": Money(100), "available": Money(100), "idempotency_key": key}
    try:
        if mode is Mode.BLOCKING:
            return PayService(Refunds(runtime), runtime).refund(**arguments), transport
        return asyncio.run(AsyncPayService(Refunds(runtime), runtime).refund(**arguments)), transport
    except GovComponentsError as error:
        return error, transport


both = pytest.mark.parametrize("mode", Mode)


@both
def test_a_request_goes_to_the_path_of_its_ids_with_its_key(mode):
    made, transport = refund(mode, DONE)
    (sent,) = transport.sent
    assert (made.id, made.amount) == ("r1", Money(100))
    assert (sent.url, sent.body) == ("https://pay.example.com/payments/p1/refunds", b'{"pence":100}')
    assert (sent.headers["Idempotency-Key"], sent.headers["Content-Type"]) == ("key-1", "application/json")


@both
def test_while_an_earlier_attempt_is_at_work_it_is_asked_once_more(mode):
    made, transport = refund(mode, BUSY, DONE)
    assert made.id == "r1"
    assert ([request.headers["Idempotency-Key"] for request in transport.sent], transport.waits) == (
        ["key-1", "key-1"],
        [0.5],
    )
    error, transport = refund(mode, BUSY, BUSY)
    assert (type(error), len(transport.sent)) == (Conflict, 2)


@both
def test_without_a_key_nothing_is_asked_again(mode):
    error, transport = refund(mode, BUSY, key=None)
    assert (type(error), len(transport.sent), transport.waits) == (Conflict, 1, [])


@both
def test_what_cannot_be_said_with_certainty_is_no_result(mode):
    error, _ = refund(mode, Response(200, {}, b'{"id": "r1", "pence": 0}'))
    assert type(error) is UnexpectedReply
    assert "a refund of nothing" in str(error)


def test_a_write_may_be_sent_again_only_with_a_key_or_where_it_acts_once():
    plain, keyed = write_request("pay.cancel", "/{id}/void", {"id": "p1"}), write_request("pay.refund", "/r", key="k")
    once = write_request("pay.capture", "/{id}/capture", {"id": "p1"}, acts_once=True)
    assert [request.replay for request in (plain, keyed, once)] == [
        Replay.UNSENT,
        Replay.IDEMPOTENT,
        Replay.IDEMPOTENT,
    ]
    assert (plain.body, plain.headers, keyed.idempotency_key) == (None, {}, "k")


def test_a_provider_may_call_the_header_of_its_key_otherwise_and_take_forms():
    fields = {"a": {"b": "c d"}, "yes": True}
    request = write_request("pay.create", "/p", fields=fields, key="k", key_header="PalPay-Request-Id", is_form=True)
    assert request.headers == {"Content-Type": "application/x-www-form-urlencoded", "PalPay-Request-Id": "k"}
    assert request.body == b"a%5Bb%5D=c+d&yes=true"


def test_a_read_may_be_sent_again():
    request = read_request("pay.get", "/payments/{id}", {"id": "p/1"}, query={"expand": ["a", "b"]})
    assert (request.method, request.replay) == ("GET", Replay.ALWAYS)
    assert (request.url, request.template) == ("/payments/p%2F1?expand%5B0%5D=a&expand%5B1%5D=b", "/payments/{id}")
