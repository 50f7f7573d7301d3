"""Identifiers of payments, refunds, agreements and disputes: distinct types, so that none is passed for another."""

from __future__ import annotations

from typing import NewType

PaymentId = NewType("PaymentId", str)
"""The provider's id of a payment. Store it with what the person is paying for."""

RefundId = NewType("RefundId", str)
"""The provider's id of a refund."""

AgreementId = NewType("AgreementId", str)
"""The provider's id of an agreement to take payments from a saved card."""

DisputeId = NewType("DisputeId", str)
"""The provider's id of a dispute."""
