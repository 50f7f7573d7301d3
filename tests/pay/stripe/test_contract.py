"""The Stripe adapter fulfils the contract over the sandbox."""

import pytest

from govcomponents.contracts.pay.suite import PaySubject, PaySuite
from govcomponents.money import Money

from .ground import KEY, SECRET, build, connect

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
    @pytest.fixture
    def subject(self):
        return PaySubject(
            build=build,
            connect=connect,
            create=CREATE,
            canaries=(KEY, SECRET, "canary@example.com", "canary-token", "canary-metadata", "/c/pay/", "_secret_"),
            unknown_id="cs_test_nobody",
            decline_ends_the_payment=False,
            clashing_extra={"metadata": {"reference": "another"}},
        )
