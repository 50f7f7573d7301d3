"""GOV.UK Pay, through its public API (version 1). What reads its answers is imported when the first one comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.lazy import lazy_exports

if TYPE_CHECKING:
    from govcomponents.pay.adapters.govuk_pay.parsing import (
        AGREEMENT_READER as AGREEMENT_READER,
        DISPUTE_READER as DISPUTE_READER,
        EVENT_READER as EVENT_READER,
        PAYMENT_READER as PAYMENT_READER,
        REFUND_READER as REFUND_READER,
        refund_of as refund_of,
    )

_HOMES = {
    "pay.adapters.govuk_pay.parsing": (
        "AGREEMENT_READER DISPUTE_READER EVENT_READER PAYMENT_READER REFUND_READER refund_of"
    ),
}

if not TYPE_CHECKING:
    __all__, __getattr__, __dir__ = lazy_exports(__name__, _HOMES)
