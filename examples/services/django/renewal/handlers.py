"""Handlers of what the components report; Django finds this module by its name."""

from __future__ import annotations

from django.http import HttpRequest

from govcomponents.durable import PaymentFound
from govcomponents.identity import Identity
from govcomponents.integrations.django import gov
from govcomponents.pay import PaymentChanged
from renewal.components import settle
from renewal.models import Renewal


@gov.signed_in
def begin(_request: HttpRequest, identity: Identity) -> None:
    """Begin a renewal for somebody who has just proved who they are, unless they have one that is not paid."""
    owner = f"{identity.issuer} {identity.subject.reveal()}"
    if not Renewal.objects.filter(owner=owner, state__in=("new", "paying")).exists():
        name = identity.name.full.reveal().title() if identity.name else ""
        Renewal.objects.create(owner=owner, name=name, email=identity.email.reveal() if identity.email else "")


@gov.when_stored(PaymentChanged)
def changed(event: PaymentChanged) -> None:
    """A webhook says that a payment has changed; the event has it as it stands now."""
    if event.payment is not None:
        settle(event.payment)


@gov.when_stored(PaymentFound)
def found(event: PaymentFound) -> None:
    """A payment was made, and its making came to no end here."""
    renewal = Renewal.of_payment(event.reference)
    if renewal is not None and event.payment is not None:
        renewal.keep_payment(event.payment_id)
        settle(event.payment)
