"""The part of the pay contract that is about what is asked for: it is sent or refused, and never dropped."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import partial
from itertools import islice
from typing import Any, Final
from urllib.parse import unquote_plus

import pytest

from govcomponents.contracts.pay.subject import Call, PayCaller, PayTests
from govcomponents.contracts.suite import needs
from govcomponents.errors import InvalidInput, NotSupported, Refused
from govcomponents.money import Money
from govcomponents.pay.capabilities import PayCapability as Can
from govcomponents.pay.inputs import BillingAddress, CardholderDetails
from govcomponents.pay.states import PaymentStatus, RefundStatus
from govcomponents.privacy import Personal

_REFUSALS: Final = (InvalidInput, NotSupported, Refused)
_WORD: Final = "known-as-seven"
_FUTURE: Final = datetime(2090, 1, 1, tzinfo=UTC)
_PAST: Final = datetime(2001, 1, 1, tzinfo=UTC)
_FIT_NOTHING: Final[dict[str, Any]] = {
    "created_from": _FUTURE,
    "created_before": _PAST,
    "settled_from": date(2090, 1, 1),
    "settled_to": date(2001, 1, 1),
    "email": "nobody.at.all@example.com",
    "status": PaymentStatus.CANCELLED,
    "card_brand": "no-such-brand",
    "cardholder_name": "Nobody At All",
    "first_digits": "000000",
    "last_digits": "0000",
    "agreement_id": "noagreementhasthisid",
}


def _sent_by(caller: PayCaller) -> str:
    """What went to the provider: JSON, forms and URLs as they are read there."""
    return "\n".join(unquote_plus(f"{one.url}\n{(one.body or b'').decode()}") for one in caller.transport.sent)


class PayNothingDropped(PayTests):
    """Whatever a caller asks for is sent, or refused before anything is made."""

    @pytest.mark.parametrize(
        "option",
        [
            pytest.param({"metadata": {"case": _WORD}}, id="metadata"),
            pytest.param({"email": f"{_WORD}@example.com"}, id="email"),
            pytest.param({"extra": {"a_field_of_its_own": _WORD}}, id="extra"),
            pytest.param({"return_url": f"https://service.example.gov.uk/{_WORD}"}, id="return_url"),
        ],
    )
    def test_what_a_payment_is_given_is_sent_or_refused(self, call: Call, option: dict[str, Any]) -> None:
        caller = call()
        try:
            caller.new(**option)
        except _REFUSALS:
            assert caller.double.payments() == 0
        else:
            assert caller.double.fail is not None or _WORD in _sent_by(caller)

    @needs(Can.PREFILLED_DETAILS)
    def test_an_address_that_is_known_is_on_the_page_line_by_line(self, call: Call) -> None:
        caller = call()
        assert caller.double.page is not None, "a double of a provider that prefills its pages has `page`"
        lines = {"line1": Personal("7 First Lane"), "line2": Personal("Second Place")}
        address = BillingAddress(**lines, city=Personal("Known"), postcode=Personal("ZZ7 7ZZ"), country="VA")
        known = CardholderDetails(name=Personal("Ceri Prefilled"), billing_address=address)
        page = caller.double.page(caller.new(prefilled=known).redirect_url())
        assert 0 < page.find("7 First Lane") < page.find("Second Place")
        assert caller.double.fail is not None or re.search(r"\bVA\b", _sent_by(caller))

    @needs(Can.REFUND)
    def test_what_a_refund_is_given_is_sent_or_refused(self, call: Call) -> None:
        caller = call()
        payment = caller.paid()
        assert payment.refundable is not None
        left = payment.refundable.available
        try:
            caller.pay.refund(payment.id, Money(100), available=left, extra={"a_field_of_its_own": _WORD})
        except _REFUSALS:
            assert caller.double.refunds() == 0
        else:
            assert caller.double.fail is not None or _WORD in _sent_by(caller)

    @needs(Can.REFUND)
    def test_what_was_refunded_is_told(self, call: Call) -> None:
        caller = call()
        payment = caller.paid()
        assert payment.refundable is not None
        assert payment.refundable.submitted == Money(0)
        assert caller.pay.refund(payment.id, Money(100), available=payment.refundable.available).raw
        now = caller.pay.get(payment.id)
        assert now.refundable is not None
        assert now.refundable.submitted == Money(100)

    @needs(Can.REFUND)
    def test_a_status_of_a_refund_that_is_new_is_unknown(self, call: Call) -> None:
        caller = call()
        payment = caller.paid()
        assert payment.refundable is not None
        refund = caller.pay.refund(payment.id, Money(100), available=payment.refundable.available)
        word: bytes = re.escape(refund.raw_status).encode()
        told = re.compile(rb'("(?:status|state)"\s*:\s*")' + word + rb'(")')
        caller.transport.rewrite = partial(told.sub, rb"\1never_heard_of\2")
        found = caller.pay.get_refund(payment.id, refund.id)
        if found.raw_status == "never_heard_of":  # where that word alone decides
            assert found.status is RefundStatus.UNKNOWN

    @needs(Can.SEARCH)
    def test_a_search_drops_no_filter(self, call: Call) -> None:
        caller = call()
        made = caller.new(reference="Filtered-7")
        for name, value in _FIT_NOTHING.items():
            try:
                found = list(islice(caller.pay.search(**{name: value}), 9))
            except _REFUSALS:
                continue
            assert found == [], f"the filter {name} was dropped"
        for reference in ("filtered-7", "FILTERED-7"):  # both are the same, whatever the provider thinks of it
            assert [one.id for one in islice(caller.pay.search(reference=reference), 9)] == [made.id]

    def test_the_subject_says_how_a_decline_ends(self, call: Call) -> None:
        if call().double.decline is not None:
            assert self.subject.declined is not None, "the double has `decline`: the subject's `declined` says its end"
