"""Stripe's API: authentication, idempotency keys and the operations, under /stripe/v1."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import itertools
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from govcomponents.pay.adapters.stripe.wire import API_VERSION
from govcomponents.sandbox.http.messages import Call, Route, json_response
from govcomponents.sandbox.providers.stripe import validation
from govcomponents.sandbox.providers.stripe.forms import Form, nest
from govcomponents.sandbox.providers.stripe.idempotency import IdempotencyKeys
from govcomponents.sandbox.providers.stripe.store import Charge, Intent, RefundRecord, Session
from govcomponents.sandbox.providers.stripe.validation import Problem, may_be_version, missing, wrong

if TYPE_CHECKING:
    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.providers.stripe.lifecycle import Lifecycle
    from govcomponents.sandbox.providers.stripe.objects import Objects
    from govcomponents.sandbox.providers.stripe.store import Store

    Act = Callable[[Form, dict[str, str]], dict[str, Any]]

R = TypeVar("R")
PREFIX: Final = "/stripe"
_SOONEST: Final = 30 * 60
_LATEST: Final = 24 * 3600
_LARGEST_PAGE: Final = 100
_EXPAND: Final[validation.Allowed] = {"expand": validation.TEXTS}
_METADATA: Final[validation.Allowed] = {"metadata": validation.TEXTS, "expand": validation.TEXTS}


class Api:
    """Answers /stripe/v1."""

    def __init__(self, store: Store, lifecycle: Lifecycle, objects: Objects, context: SandboxContext) -> None:
        self._store = store
        self._lifecycle = lifecycle
        self._objects = objects
        self._keys = IdempotencyKeys(context.clock.time)
        self._numbers = itertools.count(1)

    def routes(self) -> Iterable[Route]:
        """All operations."""
        listed = validation.LISTED
        of_intent: validation.Allowed = {**listed, "payment_intent": None}
        table: tuple[tuple[str, str, validation.Allowed, Act], ...] = (
            ("POST", "/checkout/sessions", validation.NEW_SESSION, self.create_session),
            ("GET", "/checkout/sessions", {**of_intent, "status": None}, self.list_sessions),
            ("GET", "/checkout/sessions/<id>", _EXPAND, self.get_session),
            ("POST", "/checkout/sessions/<id>", _METADATA, self.update_session),
            ("POST", "/checkout/sessions/<id>/expire", _EXPAND, self.expire_session),
            ("GET", "/payment_intents", listed, self.list_intents),
            ("GET", "/payment_intents/<id>", _EXPAND, self.get_intent),
            ("POST", "/payment_intents/<id>/capture", {**_EXPAND, "amount_to_capture": None}, self.capture_intent),
            ("POST", "/payment_intents/<id>/cancel", {**_EXPAND, "cancellation_reason": None}, self.cancel_intent),
            (
                "POST",
                "/refunds",
                {**_METADATA, "payment_intent": None, "charge": None, "amount": None, "reason": None},
                self.create_refund,
            ),
            ("GET", "/refunds", {**of_intent, "charge": None}, self.list_refunds),
            ("GET", "/refunds/<id>", _EXPAND, self.get_refund),
            ("GET", "/disputes", of_intent, self.list_disputes),
            ("GET", "/disputes/<id>", _EXPAND, self.get_dispute),
        )
        for method, path, allowed, act in table:
            yield Route(method, f"{PREFIX}/v1{path}", self._handler(method, allowed, act), f"pay.{act.__name__}")

    def refuse(self, problem: Problem, call: Call | None = None) -> Response:
        """A problem as an answer."""
        return json_response(problem.status, problem.body(), self._headers(call))

    def _headers(self, call: Call | None) -> dict[str, str]:
        # Not from the sandbox's ids: those tell whether a call has changed anything.
        asked = API_VERSION if call is None else call.headers.get("stripe-version", API_VERSION)
        version = asked if may_be_version(asked) else API_VERSION
        return {"request-id": f"req_{next(self._numbers):014d}", "stripe-version": version}

    def _handler(self, method: str, allowed: validation.Allowed, act: Act) -> Callable[[Call], Response]:
        def run(call: Call) -> tuple[Response, bool]:
            acted = False
            try:
                given = _parameters(call)
                validation.check(given, allowed)
                with self._store.lock:
                    shown = act(given, call.params)
                    acted = True
                    self._objects.expand(shown, validation.texts(given, "expand"))
            except Problem as problem:
                return self.refuse(problem, call), problem.is_stored or acted
            return json_response(200, shown, self._headers(call)), True

        def handler(call: Call) -> Response:
            try:
                self._authenticate(call)
                key = call.headers.get("idempotency-key")
                if method == "GET" or key is None:
                    return run(call)[0]
                fingerprint = (call.path, hashlib.sha256(call.body).digest())
                return self._keys.run(key, fingerprint, lambda: run(call))
            except Problem as problem:
                return self.refuse(problem, call)

        return handler

    def _authenticate(self, call: Call) -> None:
        asked = call.headers.get("stripe-version")
        if asked is not None and not may_be_version(asked):
            raise Problem(400, f"Invalid Stripe API version: {asked[:40]}", is_stored=False)
        scheme, _, value = call.headers.get("authorization", "").partition(" ")
        given = value.strip()
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(given, validate=True).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                given = ""
        if not given or scheme.lower() not in ("bearer", "basic"):
            raise Problem(401, "You did not provide an API key.", is_stored=False)
        if not hmac.compare_digest(given.encode(), self._store.world.secret_key.encode()):
            raise Problem(401, "Invalid API Key provided.", is_stored=False)

    def _session(self, identifier: str) -> Session:
        return self._lifecycle.settle(_found(self._store.sessions, identifier, "checkout.session", "session"))

    def _intent(self, identifier: str) -> Intent:
        found = _found(self._store.intents, identifier, "payment_intent", "intent")
        self._lifecycle.settle(self._lifecycle.of(found))
        return found

    def _refund(self, identifier: str) -> RefundRecord:
        return self._lifecycle.settle_refund(_found(self._store.refunds, identifier, "refund", "refund"))

    def create_session(self, given: Form, _path: dict[str, str]) -> dict[str, Any]:
        """POST /v1/checkout/sessions, for payments only."""
        if validation.text(given, "mode", required=True) != "payment":
            raise wrong("The sandbox makes Sessions of the mode payment only.", None, "mode")
        amount, currency = self._price(given)
        now = self._lifecycle.now()
        expires_at = validation.whole(given, "expires_at")
        if expires_at is not None and not now + _SOONEST <= expires_at <= now + _LATEST:
            raise wrong("The `expires_at` timestamp must be from 30 minutes to 24 hours from now.", None, "expires_at")
        intent = {
            "capture_method": validation.text(given, "payment_intent_data", "capture_method"),
            "description": validation.text(given, "payment_intent_data", "description", longest=1000),
            "metadata": validation.metadata(given, "payment_intent_data", "metadata"),
        }
        if intent["capture_method"] not in (None, "automatic", "automatic_async", "manual"):
            raise wrong("Invalid capture_method", None, "payment_intent_data[capture_method]")
        mode = "live" if self._store.world.is_live else "test"
        session = Session(
            id=self._lifecycle.new_id(f"cs_{mode}", 32),
            created=now,
            expires_at=now + _LATEST if expires_at is None else expires_at,
            amount=amount,
            currency=currency,
            given={
                "success_url": self._url(given, "success_url", required=True),
                "cancel_url": self._url(given, "cancel_url"),
                "client_reference_id": validation.text(given, "client_reference_id", longest=200),
                "customer_email": self._email(given),
                "locale": validation.text(given, "locale"),
                "payment_method_types": validation.texts(given, "payment_method_types"),
                "payment_intent_data": intent,
            },
            metadata=validation.metadata(given, "metadata"),
        )
        self._lifecycle.created(session)
        return self._objects.session(session)

    def _price(self, given: Form) -> tuple[int, str]:
        items = validation.find(given, "line_items")
        if not isinstance(items, dict) or not items:
            raise wrong("Missing required param: line_items.", "parameter_missing", "line_items")
        total, currency = 0, ""
        for number in items:
            price = ("line_items", number, "price_data")
            validation.text(given, *price, "product_data", "name", required=True)
            each = validation.whole(given, *price, "unit_amount", required=True) or 0
            currency = (validation.text(given, *price, "currency", required=True) or "").lower()
            total += each * (validation.whole(given, "line_items", number, "quantity", required=True) or 0)
        validation.price(total, currency, self._store.world.minimum, next(iter(items)))
        return total, currency

    def _url(self, given: Form, name: str, *, required: bool = False) -> str | None:
        url = validation.text(given, name, required=required)
        if url is not None and not url.startswith(("https://", "http://")):
            raise wrong("Not a valid URL", "url_invalid", name)
        return url

    def _email(self, given: Form) -> str | None:
        email = validation.text(given, "customer_email", longest=800)
        if email is not None and "@" not in email:
            raise wrong("Invalid email address", "email_invalid", "customer_email")
        return email

    def get_session(self, _given: Form, path: dict[str, str]) -> dict[str, Any]:
        """GET /v1/checkout/sessions/{id}."""
        return self._objects.session(self._session(path["id"]))

    def update_session(self, given: Form, path: dict[str, str]) -> dict[str, Any]:
        """POST /v1/checkout/sessions/{id}: metadata, merged by name; an empty text takes a name away."""
        session = self._session(path["id"])
        for name, value in validation.metadata(given, "metadata").items():
            if value == "":
                session.metadata.pop(name, None)
            else:
                session.metadata[name] = value
        return self._objects.session(session)

    def expire_session(self, _given: Form, path: dict[str, str]) -> dict[str, Any]:
        """POST /v1/checkout/sessions/{id}/expire."""
        session = self._session(path["id"])
        self._lifecycle.expire(session)
        return self._objects.session(session)

    def get_intent(self, _given: Form, path: dict[str, str]) -> dict[str, Any]:
        """GET /v1/payment_intents/{id}."""
        return self._objects.intent(self._intent(path["id"]))

    def capture_intent(self, given: Form, path: dict[str, str]) -> dict[str, Any]:
        """POST /v1/payment_intents/{id}/capture."""
        intent = self._intent(path["id"])
        self._lifecycle.capture(intent, validation.whole(given, "amount_to_capture"))
        return self._objects.intent(intent)

    def cancel_intent(self, given: Form, path: dict[str, str]) -> dict[str, Any]:
        """POST /v1/payment_intents/{id}/cancel."""
        intent = self._intent(path["id"])
        self._lifecycle.cancel(intent, validation.text(given, "cancellation_reason"))
        return self._objects.intent(intent)

    def create_refund(self, given: Form, _path: dict[str, str]) -> dict[str, Any]:
        """POST /v1/refunds."""
        refund = self._lifecycle.refund(
            self._charge(given),
            validation.whole(given, "amount"),
            reason=validation.text(given, "reason"),
            metadata=validation.metadata(given, "metadata"),
        )
        return self._objects.refund(refund)

    def _charge(self, given: Form) -> Charge:
        if (identifier := validation.text(given, "charge")) is not None:
            return _found(self._store.charges, identifier, "charge", "charge")
        identifier = validation.text(given, "payment_intent")
        if identifier is None:
            raise wrong("One of charge or payment_intent is needed.", "parameter_missing", "payment_intent")
        intent = self._intent(identifier)
        if intent.charge_id is None:
            raise Problem(400, "This PaymentIntent does not have a successful charge to refund.")
        return self._store.charges[intent.charge_id]

    def get_refund(self, _given: Form, path: dict[str, str]) -> dict[str, Any]:
        """GET /v1/refunds/{id}."""
        return self._objects.refund(self._refund(path["id"]))

    def get_dispute(self, _given: Form, path: dict[str, str]) -> dict[str, Any]:
        """GET /v1/disputes/{id}."""
        return self._objects.dispute(_found(self._store.disputes, path["id"], "dispute", "dispute"))

    def list_sessions(self, given: Form, _path: dict[str, str]) -> dict[str, Any]:
        """GET /v1/checkout/sessions."""
        self._lifecycle.settle_all()
        shown = [self._objects.session(one) for one in self._store.sessions.values()]
        return _page(given, "/v1/checkout/sessions", shown, "payment_intent", "status")

    def list_intents(self, given: Form, _path: dict[str, str]) -> dict[str, Any]:
        """GET /v1/payment_intents."""
        self._lifecycle.settle_all()
        return _page(given, "/v1/payment_intents", [self._objects.intent(one) for one in self._store.intents.values()])

    def list_refunds(self, given: Form, _path: dict[str, str]) -> dict[str, Any]:
        """GET /v1/refunds."""
        self._lifecycle.settle_all()
        shown = [self._objects.refund(one) for one in self._store.refunds.values()]
        return _page(given, "/v1/refunds", shown, "payment_intent", "charge")

    def list_disputes(self, given: Form, _path: dict[str, str]) -> dict[str, Any]:
        """GET /v1/disputes."""
        shown = [self._objects.dispute(one) for one in self._store.disputes.values()]
        return _page(given, "/v1/disputes", shown, "payment_intent")


def _found(records: Mapping[str, R], identifier: str, kind: str, param: str) -> R:
    found = records.get(identifier)
    if found is None:
        raise missing(kind, identifier, param)
    return found


def _page(given: Form, url: str, items: list[dict[str, Any]], *filters: str) -> dict[str, Any]:
    """One page, newest first, after or before the item that a cursor names. Each filter is a field's name."""
    size = validation.whole(given, "limit")
    size = 10 if size is None else size
    if not 1 <= size <= _LARGEST_PAGE:
        raise wrong("Invalid integer: limit must be from 1 to 100", "parameter_invalid_integer", "limit")
    wanted = {name: value for name in filters if (value := validation.text(given, name)) is not None}
    items = [
        item
        for item in reversed(items)
        if _in_time(given, item["created"]) and all(item[name] == value for name, value in wanted.items())
    ]
    ids = [item["id"] for item in items]
    after, before = validation.text(given, "starting_after"), validation.text(given, "ending_before")
    for cursor, name in ((after, "starting_after"), (before, "ending_before")):
        if cursor is not None and cursor not in ids:
            raise missing("object", cursor, name)
    start = ids.index(after) + 1 if after is not None else 0
    if before is not None:
        end = ids.index(before)
        start = max(0, end - size)
        return {"object": "list", "url": url, "has_more": start > 0, "data": items[start:end]}
    chosen = items[start : start + size]
    return {"object": "list", "url": url, "has_more": start + size < len(items), "data": chosen}


_HOLDS: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def _in_time(given: Form, created: int) -> bool:
    for name, holds in _HOLDS.items():
        limit = validation.whole(given, "created", name)
        if limit is not None and not holds(created, limit):
            return False
    return True


def _parameters(call: Call) -> Form:
    try:
        return nest(call.query if call.method in ("GET", "HEAD") else call.form)
    except ValueError:
        raise wrong("The parameters cannot be read.", None, "") from None
