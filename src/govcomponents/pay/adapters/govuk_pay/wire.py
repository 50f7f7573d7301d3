"""GOV.UK Pay's API: its paths and limits (GOV.UK Pay docs: API reference)."""

from __future__ import annotations

from typing import Final

from govcomponents.pay.limits import AmountLimits, PayLimits

PROVIDER: Final = "GOV.UK Pay"
PAYMENTS: Final = "/v1/payments"
REFUNDS: Final = "/v1/refunds"
PAYMENT: Final = "/v1/payments/{payment_id}"
PAYMENT_REFUNDS: Final = f"{PAYMENT}/refunds"
AGREEMENTS: Final = "/v1/agreements"
AGREEMENT: Final = "/v1/agreements/{agreement_id}"
DISPUTES: Final = "/v1/disputes"
AUTH: Final = "/v1/auth"
LARGEST_PAGE: Final = 500
RATE_LIMIT_WAIT: Final = 1.0  # it sends no Retry-After, and counts by the second of the clock (docs: rate limits)
LIMITS: Final = PayLimits(
    amounts={"GBP": AmountLimits(least=1, most=10_000_000)},
    only_these_currencies=True,
    reference=255,
    description=255,
    user_identifier=255,
    return_url=2000,
    email=254,
    cardholder_name=255,
    card_brand=20,
    address_line=255,
    postcode=25,
    # By the API itself (pay-publicapi, source). The firewall in front may refuse quotation marks and backslashes too,
    # in any text (docs: error codes, P0920): whether it does is not known, so they are sent, and its refusal is told.
    excluded="<>|",
    metadata_entries=15,
    metadata_name=30,
    metadata_text=100,
    metadata_names_differ_by_more_than_case=True,
)
"""GOV.UK Pay docs: API reference; pay-publicapi, source."""
