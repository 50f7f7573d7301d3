"""The renewals of this service, and what may happen to one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta

from django.db import models
from django.utils import timezone

RENEWED_FOR = timedelta(days=300)
"""How long after it was paid a licence may be renewed again: two months before its year is over."""


def new_reference() -> str:
    """Return a reference that nobody can guess."""
    return f"LIC-{secrets.token_hex(4).upper()}"


class Renewal(models.Model):
    """One renewal. `state` is new, paying, paid or refunded; each attempt to pay has a reference of its own."""

    reference: models.CharField[str, str] = models.CharField(max_length=20, primary_key=True, default=new_reference)
    owner: models.CharField[str, str] = models.CharField(max_length=300, db_index=True)
    name: models.CharField[str, str] = models.CharField(max_length=200)
    email: models.EmailField[str, str] = models.EmailField(max_length=320)
    language: models.CharField[str, str] = models.CharField(max_length=2, default="en")
    state: models.CharField[str, str] = models.CharField(max_length=10, default="new")
    attempt: models.IntegerField[int, int] = models.IntegerField(default=0)
    payment_id: models.CharField[str, str] = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField(null=True)
    note: models.CharField[str, str] = models.CharField(max_length=80, blank=True)  # what caseworkers have to see to

    class Meta:
        """One that is unpaid for each person, also of somebody who signs in in two tabs at once."""

        constraints = (
            models.UniqueConstraint(
                fields=["owner"], condition=models.Q(state__in=("new", "paying")), name="renewal_unpaid"
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference} ({self.state})"

    @property
    def payment_reference(self) -> str:
        """The reference of the present attempt to pay."""
        return f"{self.reference}-{self.attempt}"

    @classmethod
    def of_payment(cls, payment_reference: str) -> Renewal | None:
        """Return the renewal of which a payment is the present attempt."""
        reference, _, attempt = payment_reference.rpartition("-")
        found = cls.objects.filter(reference=reference).first()
        return found if found is not None and str(found.attempt) == attempt else None

    @classmethod
    def present(cls, owner: str) -> Renewal | None:
        """Return the renewal that somebody has still to pay, or has paid lately: there is no other to pay then."""
        is_lately_paid = models.Q(state="paid", started_at__gt=timezone.now() - RENEWED_FOR)
        return cls.objects.filter(models.Q(state__in=("new", "paying")) | is_lately_paid, owner=owner).first()

    def start_paying(self, language: str) -> bool:
        """Count an attempt to pay; False for the second of two clicks."""
        attempt, now = self.attempt + 1, timezone.now()
        return self._become("paying", after="new", attempt=attempt, language=language, payment_id="", started_at=now)

    def mark_paid(self) -> bool:
        """Mark it as paid; False if it was so already."""
        return self._become("paid", after="paying")

    def let_try_again(self) -> bool:
        """Let somebody try again whose payment is over, or was not made; not if one came meanwhile."""
        return self._become("new", after="paying", was={"payment_id": self.payment_id}, payment_id="")

    def mark_refunded(self) -> bool:
        """Mark it as refunded; False if it was so already."""
        return self._become("refunded", after="paid", note="")

    def keep_payment(self, payment_id: str) -> bool:
        """Keep the id of the payment of the present attempt; False if that was given up."""
        present = type(self).objects.filter(pk=self.pk, attempt=self.attempt).exclude(state="new")
        self.payment_id = payment_id
        return present.update(payment_id=payment_id) == 1

    def _become(self, state: str, *, after: str, was: Mapping[str, str] | None = None, **values: object) -> bool:
        """Change it, if it is as it was read: of two that come at once, only one does."""
        same = type(self).objects.filter(pk=self.pk, state=after, attempt=self.attempt, **(was or {}))
        if not same.update(state=state, **values):
            return False
        self.refresh_from_db()
        return True
