"""Every error class is reached through a public call: one row for each, and no class without a row."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from govcomponents import GovComponents, GovComponentsError, Money, Secret, Settings, errors
from govcomponents.core.http.messages import Response
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.transports.scripted import ScriptedTransport, Step
from govcomponents.durable import Durable
from govcomponents.identity.levels import Claim, Confidence
from govcomponents.sandbox.browser import FormBrowser

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents.core.http.messages import Request

BACK = "https://service.example.gov.uk/back"
SERVICE, KEY = "4a4b5c6d-1111-4222-8333-444455556666", "5a4b5c6d-1111-4222-8333-444455556666"
TEMPLATE = "6a4b5c6d-1111-4222-8333-444455556666"
BASES = {"GovComponentsError", "Refused", "SignInError"}  # for `except`, never raised themselves


def _gov(*steps: Step) -> GovComponents:
    settings = Settings(pay={"api_key": "api_test_" + "a" * 40}, notify={"api_key": f"live-{SERVICE}-{KEY}"})
    return GovComponents.from_settings(settings, transport=ScriptedTransport(steps), retry=RetryPolicy.none())


def _create(*steps: Step) -> object:
    return _gov(*steps).pay.create(Money.gbp("1.00"), "R-1", "Renew", BACK)


def _create_at(base_url: str) -> object:
    settings = Settings(pay={"api_key": "api_test_" + "a" * 40, "base_url": base_url})
    with GovComponents.from_settings(settings, retry=RetryPolicy.none()) as gov:
        return gov.pay.create(Money.gbp("1.00"), "R-1", "Renew", BACK)


def _pay(status: int, body: bytes) -> Response:
    return Response(status, {"content-type": "application/json"}, body)


def _notify(status: int, kind: bytes, message: bytes) -> Response:
    body = b'{"status_code": %d, "errors": [{"error": "%s", "message": "%s"}]}' % (status, kind, message)
    return Response(status, {"content-type": "application/json"}, body)


def _email(*steps: Step) -> object:
    return _gov(*steps).notify.send_email("sam@example.com", TEMPLATE, {}, "R-1")


def _ended(outcome: str, **asked: object) -> object:
    """Sign in on the sandbox and let the person choose how it ends."""
    gov = GovComponents.sandbox()
    sign_in = gov.identity.start(confidence=Confidence.MEDIUM, **asked)
    person = FormBrowser(gov.simulator.visit)
    back = person.send(person.open(sign_in.url).form_with("person"), person="SAM", outcome=outcome).url
    return gov.identity.complete(sign_in.pending, back)


def _rejected() -> object:
    gov = GovComponents.sandbox()
    pending = gov.identity.start().pending
    return gov.identity.complete(pending, "https://service.example.gov.uk/signed-in?code=a&state=of-somebody-else")


def _suspends() -> object:
    class Suspending(ScriptedTransport):
        async def send(self, request: Request) -> Response:
            await asyncio.sleep(0)
            return await super().send(request)

    gov = GovComponents.from_settings(Settings(pay={"api_key": "api_test_" + "a" * 40}), transport=Suspending())
    return gov.pay.create(Money.gbp("1.00"), "R-1", "Renew", BACK)


def _reused() -> object:
    with tempfile.TemporaryDirectory() as folder, GovComponents.sandbox() as gov:
        later = Durable(gov, f"sqlite:///{folder}/store.db")
        try:
            later.pay.cancel("a1", reference="R-1")
            return later.pay.cancel("a2", reference="R-1")
        finally:
            later.engine.dispose()


@dataclass(frozen=True)
class Way:
    """How an error is reached, and what else it then says."""

    reach: Callable[[], object]
    also: tuple[str, ...] = ()


ANOTHER = (
    b'{"payment_id": "b2", "amount": 9900, "reference": "OTHER-9", "description": "x", "state": {"status": "created", '
    b'"finished": false}}'
)
DAY = b"Exceeded send limits (email: 250) for today"
WAYS = {
    "ConfigurationError": Way(lambda: GovComponents.from_settings(Settings()).pay),
    "InvalidInput": Way(lambda: _gov().pay.create(Money.gbp("1.00"), "", "Renew", BACK), ("field", "problem")),
    "NotSupported": Way(lambda: GovComponents.sandbox().identity.start(confidence=Confidence.HIGH), ("capability",)),
    "NotSent": Way(lambda: _create_at("http://127.0.0.1:9")),
    "OutcomeUnknown": Way(lambda: _create(_pay(500, b"")), ("lookup",)),
    "UnexpectedReply": Way(lambda: _create(_pay(201, b"<html>")), ("lookup", "status")),
    "UnreadableItems": Way(
        lambda: list(_gov(_pay(200, b'{"total": 1, "results": [{"payment_id": "a1"}]}')).pay.search()),
        ("ids", "status"),
    ),
    "WrongAnswer": Way(
        lambda: _gov(_pay(200, ANOTHER)).pay.get("a1"),
        ("lookup",),
    ),
    "Unavailable": Way(lambda: _gov(_pay(503, b"")).pay.get("a1")),
    "CredentialsRefused": Way(lambda: _create(_pay(401, b"Credentials are required")), ("status",)),
    "PermissionRefused": Way(
        lambda: _create(_pay(403, b'{"code": "P0930", "description": "not allowed"}')), ("status",)
    ),
    "RequestRefused": Way(
        lambda: _create(_pay(422, b'{"code": "P0102", "field": "amount", "description": "wrong"}')),
        ("status", "code", "field"),
    ),
    "NotFound": Way(
        lambda: _gov(_pay(404, b'{"code": "P0200", "description": "Not found"}')).pay.get("a1"),
        ("status", "code"),
    ),
    "CardDeclined": Way(
        lambda: _gov(_pay(402, b'{"code": "P0010", "description": "declined"}')).pay.authorise(
            Secret("token"), card_number="4000000000000002", cvc="123", expiry="12/30", cardholder_name="Sam Example"
        ),
        ("status", "code"),
    ),
    "Conflict": Way(
        lambda: _gov(_pay(400, b'{"code": "P0501", "description": "Cancellation failed"}')).pay.cancel("a1"),
        ("status", "code"),
    ),
    "RateLimited": Way(
        lambda: _email(Response(429, {"retry-after": "7"}, b"")),
        ("retry_after",),
    ),
    "ReferenceReused": Way(_reused, ("field", "problem")),
    "DailyLimitReached": Way(lambda: _email(_notify(429, b"TooManyRequestsError", DAY)), ("retry_after", "resets_at")),
    "CallbackRefused": Way(lambda: GovComponents.sandbox().pay.parse_callback(b"{}", {"pay-signature": "0" * 64})),
    "SignInRejected": Way(_rejected, ("reason",)),
    "SignInDenied": Way(lambda: _ended("left"), ("reason", "code")),
    "SignInUnavailable": Way(lambda: _ended("unavailable"), ("reason", "code")),
    "IdentityNotProved": Way(
        lambda: _ended("not_proved", claims=[Claim.RETURN_CODES]), ("reason", "subject", "return_codes")
    ),
    "AdapterSuspended": Way(_suspends),
}


def test_no_error_class_is_without_a_way() -> None:
    classes = {name for name in errors.__all__ if issubclass(getattr(errors, name), Exception)}
    assert set(WAYS) == classes - BASES


@pytest.mark.parametrize("name", WAYS)
def test_every_error_is_reached_and_says_how_to_fix_it(name: str) -> None:
    way = WAYS[name]
    with pytest.raises(GovComponentsError) as caught:
        way.reach()
    error = caught.value
    assert type(error).__name__ == name
    assert error.fix
    assert "sam@example.com" not in str(error)
    if name not in ("ConfigurationError", "AdapterSuspended"):
        assert error.operation
    for attribute in way.also:
        assert getattr(error, attribute) is not None, attribute
