"""The limits that a call keeps to if every built-in adapter is to take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from govcomponents.pay.adapters.govuk_pay import wire as govuk_pay
from govcomponents.pay.adapters.stripe import wire as stripe

if TYPE_CHECKING:
    from govcomponents.pay.limits import PayLimits

LIMITS: Final[PayLimits] = govuk_pay.LIMITS & stripe.LIMITS
