"""The Stripe adapter fulfils the contract over the sandbox."""

from govcomponents.contracts.pay.suite import PaySubject, PaySuite
from govcomponents.money import Money
from govcomponents.pay.states import PaymentStatus
from govcomponents.sandbox import payer

from .context import BEYOND_THE_LIMITS, KEY, MONTH, SECRET, build, connect

CREATE = {
    "amount": Money.gbp("145.00"),
    "reference": "RENEW-7",
    "description": "Renew a licence",
    "return_url": "https://service.example.gov.uk/return/canary-token",
    "email": "canary@example.com",
    "language": "en",
    "metadata": {"cost_centre": "canary-metadata", "fast": False, "batch": 18},
}


class TestOverTheSandbox(PaySuite):
    subject = PaySubject(
        build=build,
        connect=connect,
        create=CREATE,
        bad_input=[*BEYOND_THE_LIMITS, {"extra": {"metadata": {"reference": "another"}}}],
        canaries=(KEY, SECRET, "canary@example.com", "canary-token", "canary-metadata", "/c/pay/", "_secret_"),
        card=payer.GOOD_CARD,
        declined=PaymentStatus.STARTED,
        expires_after=MONTH,
        webhooks_hold_for=301,
        unknown_id="cs_test_nobody",
    )
