"""Every request of the adapter and every answer of the sandbox agrees with the published description of the API,
save the differences listed here, each with its reason."""

from datetime import UTC, date, datetime

import pytest

from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.http.runtime import Runtime
from govcomponents.errors import GovComponentsError
from govcomponents.money import Money
from govcomponents.pay.service import PayService
from govcomponents.pay.states import AgreementStatus, DisputeStatus, PaymentStatus
from govcomponents.sandbox import payer
from govcomponents.sandbox.app import Sandbox
from pay.govuk_pay.context import provider_of, world
from pay.govuk_pay.recorded import golden
from pay.govuk_pay.test_contract import CREATE, build

from . import openapi

pytestmark = golden.needs_specification

NULLS = "the service sends null for card details that it does not know; the description lets nothing be null"
LINKS = "a search sends null for a link that is not there; the description lets nothing be null"
PARAMS = "the service sends strings as values of params; the description wants objects"
MODE = "the service answers with the mode `agreement`; the description's list of modes in answers lacks it"
STATUS = "the service answers with this status; the description lacks it, or its body"
RETURN_URL = "the modes moto_api and agreement forbid return_url; the description demands it in every mode"

_CREATED, _FOUND, _LISTED = (
    "POST /v1/payments 201",
    "GET /v1/payments/{paymentId} 200",
    "GET /v1/payments 200 results.*.",
)
_NULLABLE = ("card_type", "expiry_date", "first_digits_card_number", "last_digits_card_number")
# place: reason. A place is "<method> <path> <status> <where in the body>: <rule>", with * for any index.
DIFFERENCES = {
    **{f"{_CREATED} card_details.{name}: type": NULLS for name in _NULLABLE},
    f"{_FOUND} card_details.billing_address.line2: type": NULLS,
    f"{_FOUND} card_details.wallet_type: type": NULLS,
    f"{_FOUND} card_details.wallet_type: enum": NULLS,
    f"{_LISTED}card_details.billing_address: type": NULLS,
    f"{_LISTED}card_details.billing_address.line2: type": NULLS,
    f"{_LISTED}card_details.wallet_type: type": NULLS,
    f"{_LISTED}card_details.wallet_type: enum": NULLS,
    f"{_LISTED}_links.cancel: type": LINKS,
    f"{_LISTED}_links.capture: type": LINKS,
    f"{_LISTED}authorisation_mode: enum": MODE,
    f"{_CREATED} _links.next_url_post.params.chargeTokenId: type": PARAMS,
    f"{_CREATED} _links.auth_url_post.params.one_time_token: type": PARAMS,
    f"{_FOUND} _links.next_url_post.params.chargeTokenId: type": PARAMS,
    "POST /v1/payments 200: status not described": STATUS,
    "POST /v1/payments 409: status not described": STATUS,
    "POST /v1/payments/{paymentId}/refunds 202: body not described": STATUS,
    "POST /v1/payments/{paymentId}/refunds 400: status not described": STATUS,
    "POST /v1/payments/{paymentId}/refunds 412: body not described": STATUS,
    "POST /v1/payments request : required": RETURN_URL,
}


@pytest.fixture(scope="module")
def exchanges():
    """Everything that the adapter asks of a sandbox, and what that answers."""
    sandbox = Sandbox(world(payment_provider="stripe", corporate_surcharge=250))
    seen = []
    provider = provider_of(sandbox)

    class Witness:
        async def send(self, request):
            answer = await provider.transport.send(request)
            seen.append((request, answer))
            return answer

        async def sleep(self, seconds):
            assert seconds == 1.0, "only a key that was used is asked for again"

        async def aclose(self):
            pass

    runtime = Runtime(Witness(), clock=provider.clock, retry=RetryPolicy.none())
    pay = PayService(build(runtime), runtime)
    _do_everything(pay, provider)
    return seen


def refused(act):
    with pytest.raises(GovComponentsError):
        act()


def _do_everything(pay, provider):
    payment = pay.create(**{**CREATE, "language": "cy", "moto": True})
    plain = pay.create(Money(3000), "R-1", "A thing", "https://service.example.gov.uk/return")
    pay.list_events(plain.id)
    refused(lambda: pay.refund(plain.id, Money(1), available=plain.amount))
    provider.pay(pay.get(plain.id).next_url.reveal())
    provider.pay(payment.next_url.reveal())
    held = pay.create(Money(3000), "R-2", "Held", "https://service.example.gov.uk/return", delayed_capture=True)
    provider.pay(held.next_url.reveal())
    pay.get(held.id)
    list(pay.search())
    pay.capture(held.id)
    provider.later(5 * 86_400)
    left = pay.get(plain.id).refundable.available
    refund = pay.refund(plain.id, Money(100), available=left)
    refused(lambda: pay.refund(plain.id, Money(100), available=left))
    pay.get_refund(plain.id, refund.id)
    provider.later(5 * 86_400)
    pay.list_refunds(plain.id)
    gone = pay.create(Money(3000), "R-3", "Cancelled", "https://service.example.gov.uk/return")
    pay.cancel(gone.id)
    refused(lambda: pay.cancel(gone.id))
    declined = pay.create(Money(3000), "R-4", "Declined", "https://service.example.gov.uk/return")
    provider.decline(declined.next_url.reveal())
    pay.get(declined.id)
    disputed = pay.create(Money(3000), "R-5", "Disputed", "https://service.example.gov.uk/return")
    from govcomponents.sandbox.browser import FormBrowser

    payer.pay_by_card(
        FormBrowser(provider.pay.__closure__[0].cell_contents._visit), disputed.next_url.reveal(), "4000000000000259"
    )
    provider.later(30 * 86_400)
    phone = pay.create_by_telephone(Money(3000), "R-6", "By telephone")
    card = {"card_number": "4242424242424242", "cvc": "123", "expiry": "12/39", "cardholder_name": "Sam Example"}
    pay.authorise(phone.one_time_token, **card)
    refused(lambda: pay.authorise(phone.one_time_token, **card))
    agreement = pay.create_agreement("A-1", "Instalments", user_identifier="user-1")
    saving = pay.create(
        Money(3000),
        "R-7",
        "Saves a card",
        "https://service.example.gov.uk/return",
        set_up_agreement=agreement.id,
        agreement_payment_type="instalment",
    )
    provider.pay(saving.next_url.reveal())
    pay.get_agreement(agreement.id)
    pay.charge_agreement(agreement.id, Money(500), "R-8", "Instalment 1", idempotency_key="one")
    pay.charge_agreement(agreement.id, Money(500), "R-8", "Instalment 1", idempotency_key="one")
    refused(lambda: pay.charge_agreement(agreement.id, Money(501), "R-8", "Instalment 1", idempotency_key="one"))
    provider.later(60)
    _search_everything(pay, agreement)
    pay.cancel_agreement(agreement.id)
    pay.get_agreement(agreement.id)
    refused(lambda: pay.cancel_agreement(agreement.id))
    for act in (pay.get, pay.list_events, pay.cancel, pay.capture, pay.list_refunds, pay.get_agreement):
        refused(lambda act=act: act("nobody"))


def _search_everything(pay, agreement):
    times = {
        "created_from": datetime(2020, 1, 1, tzinfo=UTC),
        "created_before": datetime(2040, 1, 1, tzinfo=UTC),
        "settled_from": date(2020, 1, 1),
        "settled_to": date(2040, 1, 1),
    }
    list(pay.search(page_size=2))
    list(pay.search(**times))
    list(
        pay.search(
            reference="R-1",
            email="canary",
            status=PaymentStatus.SUCCEEDED,
            card_brand="visa",
            cardholder_name="canary",
            first_digits="424242",
            last_digits="4242",
            agreement_id=agreement.id,
        )
    )
    assert list(pay.search_refunds(**times, page_size=1))
    assert list(pay.search_disputes(status=DisputeStatus.LOST, **times))
    assert list(pay.search_disputes(page_size=1))
    assert list(pay.search_agreements(reference="A-1", status=AgreementStatus.ACTIVE))


def test_everything_agrees_save_what_is_listed(exchanges):
    found = set()
    for request, answer in exchanges:
        found |= openapi.request_problems(request) | openapi.answer_problems(request, answer)
    assert sorted(found - DIFFERENCES.keys()) == []
    assert sorted(DIFFERENCES.keys() - found) == [], "these differences are no more: take them off the list"


def test_all_sixteen_endpoints_were_asked(exchanges):
    from urllib.parse import urlsplit

    asked = {openapi.operation_of(request.method, urlsplit(request.url).path)[0] for request, _ in exchanges}
    assert len(asked) == 16
