"""Handlers of what the components report; Django finds this module by its name."""

from __future__ import annotations

from django.http import HttpRequest

from govcomponents.durable import GaveUp, PaymentFound
from govcomponents.identity import Confidence, Identity
from govcomponents.integrations.django import gov
from govcomponents.pay import PaymentChanged
from renewal.components import settle
from renewal.models import Renewal


@gov.signed_in
def begin(_request: HttpRequest, identity: Identity) -> None:
    """Begin a renewal for somebody who has just proved who they are, unless they have one at present."""
    if identity.confidence < Confidence.MEDIUM:  # they have only signed in yet
        return
    owner = f"{identity.issuer} {identity.subject.reveal()}"
    if Renewal.present(owner) is None:
        name = identity.name.full.reveal().title() if identity.name else ""
        email = identity.email.reveal() if identity.email else ""
        begun = Renewal(owner=owner, name=name, email=email)
        Renewal.objects.bulk_create([begun], ignore_conflicts=True)  # they may have begun one in another tab


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


@gov.when_stored(GaveUp)
def gave_up(event: GaveUp) -> None:
    """A receipt or a refund was refused, or tried for too long: caseworkers read of it on their page."""
    prefix, number, what = event.reference.split("-")[:3]
    reference = f"{prefix}-{number}"
    Renewal.objects.filter(pk=reference).update(note=f"{what.capitalize()} given up: {event.problem}"[:80])
    if what == "refund":  # it is paid still, and the refund can be asked for again
        Renewal.objects.filter(pk=reference, state="refunded").update(state="paid")
