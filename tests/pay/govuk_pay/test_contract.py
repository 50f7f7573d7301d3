"""The GOV.UK Pay adapter fulfils the contract over the sandbox."""

from govcomponents.contracts.pay.suite import PaySubject, PaySuite
from govcomponents.money import Money
from govcomponents.pay.adapters.govuk_pay.adapter import GovUkPay
from govcomponents.pay.inputs import BillingAddress, CardholderDetails
from govcomponents.pay.states import PaymentStatus
from govcomponents.privacy import Personal
from govcomponents.sandbox import payer
from govcomponents.settings import PaySettings

from .context import BEYOND_THE_LIMITS, KEY, MONTH, SECRET, connect

CREATE = {
    "amount": Money.gbp("145.00"),
    "reference": "RENEW-7",
    "description": "Renew a licence",
    "return_url": "https://service.example.gov.uk/return/canary-token",
    "email": "canary@example.com",
    "language": "en",
    "metadata": {"cost_centre": "canary-metadata", "fast": False, "batch": 18},
    "prefilled": CardholderDetails(
        name=Personal("Canary Nightingale"),
        billing_address=BillingAddress(
            line1=Personal("1 Canary Wharf Lane"),
            line2=Personal("Canary Flat"),
            city=Personal("Canaryton"),
            postcode=Personal("CN1 1CN"),
            country="GB",
        ),
    ),
}
CANARIES = (
    KEY,
    SECRET,
    "canary@example.com",
    "canary-token",
    "canary-metadata",
    "Canary Wharf",
    "Canary Flat",
    "Canaryton",
    "CN1 1CN",
    "/secure/",
)


def build(runtime):
    settings = PaySettings(api_key=KEY, webhook_secrets=(SECRET,))
    return GovUkPay.from_settings(settings, runtime)


class TestOverTheSandbox(PaySuite):
    subject = PaySubject(
        build=build,
        connect=connect,
        create=CREATE,
        bad_input=[*BEYOND_THE_LIMITS, {"extra": {"amount": 1}}],
        canaries=CANARIES,
        card=payer.GOOD_CARD,
        declined_card=payer.DECLINED_CARD,
        declined=PaymentStatus.FAILED,
        expires_after=MONTH,
    )
