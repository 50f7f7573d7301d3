"""Endpoints of the public API, one handler each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from govcomponents.core.http.messages import Response
from govcomponents.sandbox.http.messages import Call, Route, text_response
from govcomponents.sandbox.providers.govuk_pay import responses, search, validation
from govcomponents.sandbox.providers.govuk_pay.cards import CardProblem, Outcome, look_up
from govcomponents.sandbox.providers.govuk_pay.lifecycle import RECURRING_SECONDS
from govcomponents.sandbox.providers.govuk_pay.store import AgreementRecord, Charge, IdempotentCall, SavedCard
from govcomponents.sandbox.providers.govuk_pay.validation import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.providers.govuk_pay.lifecycle import Lifecycle
    from govcomponents.sandbox.providers.govuk_pay.store import Account, AccountStore

_KEY_SECONDS = 86_400.0
_DONE = Response(204, responses.NO_STORE)


class Api:
    """The handlers of /v1. Every call is made under the store's lock."""

    def __init__(self, store: AccountStore, lifecycle: Lifecycle, context: SandboxContext) -> None:
        self._store = store
        self._lifecycle = lifecycle
        self._context = context

    def routes(self) -> Iterable[Route]:
        """All 17 endpoints."""
        endpoints: tuple[tuple[str, str, Callable[[Account, Call], Response]], ...] = (
            ("POST", "/v1/payments", self.create),
            ("GET", "/v1/payments", self.search),
            ("GET", "/v1/payments/<payment_id>", self.get),
            ("GET", "/v1/payments/<payment_id>/events", self.events),
            ("POST", "/v1/payments/<payment_id>/cancel", self.cancel),
            ("POST", "/v1/payments/<payment_id>/capture", self.capture),
            ("POST", "/v1/payments/<payment_id>/refunds", self.refund),
            ("GET", "/v1/payments/<payment_id>/refunds", self.list_refunds),
            ("GET", "/v1/payments/<payment_id>/refunds/<refund_id>", self.get_refund),
            ("GET", "/v1/refunds", self.search_refunds),
            ("POST", "/v1/agreements", self.create_agreement),
            ("GET", "/v1/agreements", self.search_agreements),
            ("GET", "/v1/agreements/<agreement_id>", self.get_agreement),
            ("POST", "/v1/agreements/<agreement_id>/cancel", self.cancel_agreement),
            ("GET", "/v1/disputes", self.search_disputes),
            ("POST", "/v1/payment_notification", self.record_telephone_payment),
        )
        for method, path, endpoint in endpoints:
            yield Route(method, path, self._with_key(endpoint), f"pay.{endpoint.__name__}")
        yield Route("POST", "/v1/auth", self._authorise_locked, "pay.authorise")

    def _with_key(self, endpoint: Callable[[Account, Call], Response]) -> Callable[[Call], Response]:
        def handler(call: Call) -> Response:
            account = self._store.account_of(call.headers.get("authorization"))
            if account is None:
                refused = text_response(401, "Credentials are required to access this resource.")
                return Response(401, {**refused.headers, "www-authenticate": 'Bearer realm="realm"'}, refused.body)
            if call.method == "POST" and call.body and not _is_json(call):
                return responses.framework_error(415, "HTTP 415 Unsupported Media Type")
            with self._store.lock:
                try:
                    return endpoint(account, call)
                except Refusal as refusal:
                    return refusal.response

        return handler

    def _shown(self, account: Account, charge: Charge, call: Call) -> dict[str, Any]:
        token = None
        payable = charge.mode != "agreement" and not charge.finished and charge.status != "capturable"
        if payable:  # every read makes a new one, as at Pay
            token = self._store.mint(self._context.ids.uuid(), account, charge)
        return responses.payment(charge, account.service.payment_provider, call.base_url, token=token)

    def _charge(self, account: Account, call: Call, code: str) -> Charge:
        charge = account.charges.get(call.params["payment_id"])
        if charge is None:
            raise Refusal(responses.error(404, code, "Not found"))
        return self._lifecycle.settle(account, charge)

    def create(self, account: Account, call: Call) -> Response:
        """POST /v1/payments."""
        key = call.headers.get("idempotency-key")
        body = validation.payment_request(call.body)
        validation.idempotency_key(key)
        mode = body.get("authorisation_mode", "web")
        if mode != "agreement":
            key = None  # Pay honours it for charges to agreements only
        replayed = None if key is None else self._replayed(account, key, body)
        if replayed is not None:
            return responses.in_json(200, self._shown(account, replayed, call), responses.NO_STORE_JSON)
        validation.payment_for(account, body)
        charge = self._make(account, body, mode)
        if key is not None:
            account.idempotent[key] = IdempotentCall(json.dumps(body, sort_keys=True), charge.id, charge.created_at)
        shown = self._shown(account, charge, call)
        return responses.in_json(201, shown, {**responses.NO_STORE_JSON, "location": shown["_links"]["self"]["href"]})

    def _replayed(self, account: Account, key: str, body: dict[str, Any]) -> Charge | None:
        earlier = account.idempotent.get(key)
        if earlier is None or earlier.at + _KEY_SECONDS < self._lifecycle.now():
            return None
        if earlier.request != json.dumps(body, sort_keys=True):
            told = "The `Idempotency-Key` you sent in the request header has already been used to create a payment."
            raise Refusal(responses.error(409, "P0191", told))
        return self._lifecycle.settle(account, account.charges[earlier.charge_id])

    def _make(self, account: Account, body: dict[str, Any], mode: str) -> Charge:
        agreement_id = body.get("set_up_agreement") or body.get("agreement_id")
        now = self._lifecycle.now()
        charge = Charge(
            id=self._context.ids.base32(),
            amount=body["amount"],
            reference=body["reference"],
            description=body["description"],
            created_at=now,
            mode=mode,
            return_url=body.get("return_url"),
            email=body.get("email"),
            language=body.get("language", "en"),
            delayed_capture=body.get("delayed_capture", False),
            moto=body.get("moto", False) or mode == "moto_api",
            metadata=body.get("metadata"),
            prefilled=body.get("prefilled_cardholder_details"),
            agreement_id=agreement_id,
            agreement_payment_type=body.get("agreement_payment_type", "recurring") if agreement_id else None,
            saves_card="set_up_agreement" in body,
            charges_at=now + RECURRING_SECONDS if mode == "agreement" else None,
        )
        self._lifecycle.created(account, charge)
        return charge

    def get(self, account: Account, call: Call) -> Response:
        """GET /v1/payments/{id}."""
        charge = self._charge(account, call, "P0200")
        return responses.in_json(200, self._shown(account, charge, call), responses.NO_STORE_JSON)

    def events(self, account: Account, call: Call) -> Response:
        """GET /v1/payments/{id}/events."""
        return responses.in_json(200, responses.events(self._charge(account, call, "P0300"), call.base_url))

    def cancel(self, account: Account, call: Call) -> Response:
        """POST /v1/payments/{id}/cancel."""
        charge = self._charge(account, call, "P0500")
        if charge.finished or charge.mode == "agreement":
            raise Refusal(responses.error(400, "P0501", "Cancellation of payment failed"))
        self._lifecycle.cancel(account, charge)
        return _DONE

    def capture(self, account: Account, call: Call) -> Response:
        """POST /v1/payments/{id}/capture. Repeating it is a success."""
        charge = self._charge(account, call, "P1000")
        is_queued = charge.mode != "web" and not charge.delayed_capture and charge.captured_at is None
        if charge.status == "success" and not is_queued:  # also one that waited for nobody (DelayedCaptureService)
            return _DONE
        if charge.status != "capturable":
            raise Refusal(responses.error(409, "P1003", "Payment cannot be captured"))
        self._lifecycle.take(account, charge)
        return _DONE

    def search(self, account: Account, call: Call) -> Response:
        """GET /v1/payments."""
        filters = search.read_filters(call.query, search.PAYMENT_NAMES, "P0401")
        self._lifecycle.settle_all(account)
        today = responses.day(self._lifecycle.now())
        found = search.newest_first(account.charges.values())
        if filters.keys() - {"page", "display_size"}:
            found = [charge for charge in found if search.payment_fits(charge, filters, today)]
        base = call.base_url
        provider = account.service.payment_provider
        page = search.page_of(
            found,
            filters,
            lambda charge: responses.payment(charge, provider, base, today=today),
            url=base + call.path,
            past_end="P0402",
            empty_links=False,
        )
        return responses.in_json(200, page, responses.NO_STORE_JSON)

    def refund(self, account: Account, call: Call) -> Response:
        """POST /v1/payments/{id}/refunds."""
        amount, available = validation.refund_request(call.body)
        charge = self._charge(account, call, "P0600")
        left = charge.total - charge.refunded
        validation.refundable(account, charge.refund_status, disputed=charge.dispute is not None)
        if available is not None and available != left:
            raise Refusal(responses.error(412, "P0604", "Refund amount available mismatch."))
        if amount > left:
            raise validation.not_available("amount_not_available")
        record = self._lifecycle.refund(account, charge, amount)
        return responses.in_json(202, responses.refund(record, call.base_url, created=True))

    def list_refunds(self, account: Account, call: Call) -> Response:
        """GET /v1/payments/{id}/refunds."""
        return responses.in_json(200, responses.refund_list(self._charge(account, call, "P0800"), call.base_url))

    def get_refund(self, account: Account, call: Call) -> Response:
        """GET /v1/payments/{id}/refunds/{refund_id}."""
        charge = self._charge(account, call, "P0700")
        for record in charge.refunds:
            if record.id == call.params["refund_id"]:
                return responses.in_json(200, responses.refund(record, call.base_url))
        raise Refusal(responses.error(404, "P0700", "Not found"))

    def search_refunds(self, account: Account, call: Call) -> Response:
        """GET /v1/refunds."""
        filters = search.read_filters(call.query, search.REFUND_NAMES, "P1101")
        self._lifecycle.settle_all(account)
        today = responses.day(self._lifecycle.now())
        found = [
            record
            for record in search.newest_first(account.refunds)
            if search.created_between(filters, record.created_at)
            and search.settled_between(filters, record.settled_on, today)
        ]
        base = call.base_url
        page = search.page_of(
            found,
            filters,
            lambda record: responses.refund(record, base, searched=True),
            url=base + call.path,
            past_end="P1100",
        )
        return responses.in_json(200, page)

    def create_agreement(self, account: Account, call: Call) -> Response:
        """POST /v1/agreements."""
        body = validation.agreement_request(call.body)
        if not account.service.allow_recurring:
            raise validation.recurring_disabled()
        record = AgreementRecord(
            self._context.ids.base32(),
            body["reference"],
            body["description"],
            body.get("user_identifier"),
            self._lifecycle.now(),
        )
        account.agreements[record.id] = record
        self._context.timeline.record("pay", "The service created an agreement", record.reference)
        return responses.in_json(201, responses.agreement(record))

    def _agreement(self, account: Account, call: Call, code: str) -> AgreementRecord:
        self._lifecycle.settle_all(account)
        record = account.agreements.get(call.params["agreement_id"])
        if record is None:
            raise Refusal(responses.error(404, code, "Not found"))
        return record

    def get_agreement(self, account: Account, call: Call) -> Response:
        """GET /v1/agreements/{id}."""
        return responses.in_json(200, responses.agreement(self._agreement(account, call, "P2200")))

    def cancel_agreement(self, account: Account, call: Call) -> Response:
        """POST /v1/agreements/{id}/cancel."""
        record = self._agreement(account, call, "P2500")
        if record.status != "active":
            raise Refusal(responses.error(400, "P2501", "Cancellation of agreement failed"))
        record.status, record.cancelled_at = "cancelled", self._lifecycle.now()
        self._context.timeline.record("pay", "The service cancelled the agreement", record.reference)
        return _DONE

    def search_agreements(self, account: Account, call: Call) -> Response:
        """GET /v1/agreements. Without `display_size` a page has 20, not 500 (pay-ledger, AgreementSearchParams)."""
        filters = search.read_filters(call.query, search.AGREEMENT_NAMES, "P2401")
        self._lifecycle.settle_all(account)
        found = [
            record
            for record in search.newest_first(account.agreements.values())
            if filters.get("status", record.status) == record.status
            and filters.get("reference", record.reference).lower() == record.reference.lower()
        ]
        page = search.page_of(
            found,
            filters,
            responses.agreement,
            url=call.base_url + call.path,
            past_end="P2402",
            default_size=20,
        )
        return responses.in_json(200, page)

    def search_disputes(self, account: Account, call: Call) -> Response:
        """GET /v1/disputes. The links are under `links`, not `_links` (pay-publicapi, DisputesSearchResults)."""
        filters = search.read_filters(call.query, search.DISPUTE_NAMES, "P0401")
        self._lifecycle.settle_all(account)
        today = responses.day(self._lifecycle.now())
        found = [
            record
            for record in search.newest_first(account.disputes)
            if filters.get("status", record.status) == record.status
            and search.created_between(filters, record.created_at)
            and search.settled_between(filters, record.settled_on, today)
        ]
        base = call.base_url
        page = search.page_of(
            found,
            filters,
            lambda record: responses.dispute(record, base),
            url=base + call.path,
            past_end="P0402",
            links="links",
        )
        return responses.in_json(200, page)

    def record_telephone_payment(self, account: Account, call: Call) -> Response:
        """POST /v1/payment_notification. No account here may use it, as hardly any real one may: it is undocumented."""
        raise validation.telephone_disabled()

    def _authorise_locked(self, call: Call) -> Response:
        if call.body and not _is_json(call):
            return responses.framework_error(415, "HTTP 415 Unsupported Media Type")
        with self._store.lock:
            try:
                return self.authorise(call)
            except Refusal as refusal:
                return refusal.response

    def authorise(self, call: Call) -> Response:
        """POST /v1/auth. Nothing of a card that is not a documented test card is kept."""
        body = validation.authorisation_request(call.body, self._lifecycle.now())
        token = self._store.tokens.get(body["one_time_token"])
        if token is None or token.account.charges[token.charge_id].mode != "moto_api":
            raise Refusal(responses.error(400, "P1211", "The one_time_token is not valid"))
        account = token.account
        charge = account.charges[token.charge_id]
        self._lifecycle.settle(account, charge)
        if token.used or charge.finished or charge.status == "capturable":
            raise Refusal(responses.error(400, "P1212", "The one_time_token has already been used"))
        token.used = True
        number = body["card_number"]
        card = look_up(number, account.service.payment_provider)
        if isinstance(card, CardProblem):
            self._lifecycle.refuse_card(account, charge)
            told = "The card_number is not a valid card number"
            raise Refusal(responses.error(402, "P0010", told))
        saved = SavedCard(card, number[:6], number[-4:], body["expiry_date"], body["cardholder_name"], None)
        self._lifecycle.authorise(account, charge, saved, card.outcome)
        if card.outcome is Outcome.DECLINED:
            raise Refusal(responses.error(402, "P0010", "The payment was rejected"))
        if card.outcome is Outcome.ERROR:
            raise Refusal(responses.error(500, "P0050", "There was an error authorising the payment"))
        self._lifecycle.confirm(account, charge)
        return _DONE


def _is_json(call: Call) -> bool:
    told = call.headers.get("content-type", "")
    return told == "application/json" or told.partition(";")[0].strip().lower() == "application/json"
