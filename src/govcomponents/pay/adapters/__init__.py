"""The pay adapters that come with the package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

BUILT_IN: Final[Mapping[str, str]] = {
    "govuk_pay": "govcomponents.pay.adapters.govuk_pay.adapter:GovUkPay",
    "stripe": "govcomponents.pay.adapters.stripe.adapter:Stripe",
}
