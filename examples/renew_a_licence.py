"""Renew a licence: a person proves identity, pays, gets the receipt, and is refunded a part.

    python examples/renew_a_licence.py

It serves the sandbox on this machine and reaches it over HTTP, as a service reaches the real providers: with
`GovComponents.from_settings()` and other settings, `renew` runs unchanged. `Person` stands in for somebody at a
browser. The reference of the renewal ties everything together, in the timeline that is printed at the end.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field

from govcomponents import GovComponents, Money
from govcomponents.identity import Confidence, Identity, SignIn
from govcomponents.notify import Sent
from govcomponents.pay import Payment
from govcomponents.testing import FormBrowser, SandboxServer, serving

FEE = Money.gbp("145.00")
TOO_MUCH = Money.gbp("45.00")  # the person turns out to be entitled to the lower fee
EMAIL_RECEIPT = "5ab1ec0d-0000-4000-8000-000000000101"
TEXT_RECEIPT = "5ab1ec0d-0000-4000-8000-000000000102"
RETURN_URL = "https://service.example.gov.uk/renew/back"
PHONE = "07700 900123"
DECLINED_CARD, GOOD_CARD = "4000000000000002", "4444333322221111"


@dataclass
class Person:
    """Somebody at a browser: goes where the service sends them, and comes back."""

    browser: FormBrowser = field(default_factory=FormBrowser.over_http)

    def sign_in(self, url: str) -> str:
        """Choose who to be on the sign-in page; return the URL at which the browser comes back to the service."""
        form = self.browser.open(url).form_with("person")
        return self.browser.send(form, person="SAM", outcome="success").url

    def pay(self, url: str, card: str) -> None:
        """Fill in the card page, and confirm if there is anything to confirm."""
        card_form = self.browser.open(url).form_with("card_number")
        page = self.browser.send(
            card_form,
            card_number=card,
            expiry_month="12",
            expiry_year="30",
            cvc="123",
            cardholder_name="Sam Example",
            email="sam@example.com",
        )
        if "confirm" in (name for form in page.forms for name, _ in form.buttons):
            self.browser.send(page.form_with("confirm"), "confirm")


@dataclass
class Story:
    """What happened to one renewal, as the service saw it; its reference goes with everything that is sent."""

    reference: str
    lines: list[tuple[str, str]] = field(default_factory=list)

    def tell(self, component: str, happened: str) -> None:
        """Add a line."""
        self.lines.append((component, happened))


def renew(gov: GovComponents, person: Person, story: Story) -> list[Sent]:
    """Renew a licence, from the sign-in to the refund; return the receipts, whose delivery is still to come."""
    identity = prove_identity(gov, person, story)
    paid = take_payment(gov, person, story)
    receipts = send_receipts(gov, identity, story)
    refund_a_part(gov, paid, story)
    return receipts


def prove_identity(gov: GovComponents, person: Person, story: Story) -> Identity:
    """Send the person to sign in; what comes back is proved to the level asked for, or an error says why not."""
    sign_in: SignIn = gov.identity.start(confidence=Confidence.MEDIUM)
    kept = sign_in.pending  # a service keeps this with the person's session, and takes it out when they come back
    came_back_at = person.sign_in(sign_in.url)
    identity = gov.identity.complete(kept, came_back_at)
    story.tell("identity", f"signed in, and proved at {identity.confidence.value} confidence")
    return identity


def take_payment(gov: GovComponents, person: Person, story: Story) -> Payment:
    """Take the payment; when a card is declined, a new payment is made for another try."""
    for card in (DECLINED_CARD, GOOD_CARD):
        payment = gov.pay.create(FEE, story.reference, "Renew a licence", RETURN_URL, language="en")
        if payment.next_url is None:
            raise SystemExit("the provider gave no page to pay on")
        person.pay(payment.redirect_url(), card)
        payment = gov.pay.get(payment.id)  # the person coming back proves nothing: ask the provider
        if payment.is_paid:
            story.tell("pay", f"{payment.amount} paid by card")
            return payment
        story.tell("pay", f"{payment.amount} not paid: the card was {payment.failure or payment.status}")
    raise SystemExit("neither card was taken")


def send_receipts(gov: GovComponents, identity: Identity, story: Story) -> list[Sent]:
    """Send the receipt by email and by text message."""
    if identity.email is None or identity.name is None:
        raise SystemExit("the provider gave no email address or no name")
    values = {"name": identity.name.full.reveal().title(), "amount": str(FEE), "reference": story.reference}
    email = gov.notify.send_email(identity.email, EMAIL_RECEIPT, {**values, "refund": True}, f"{story.reference}-email")
    text = gov.notify.send_sms(PHONE, TEXT_RECEIPT, values, f"{story.reference}-text")
    for sent in (email, text):
        story.tell("notify", f"receipt by {sent.channel.value} accepted")
    return [email, text]


def refund_a_part(gov: GovComponents, payment: Payment, story: Story) -> None:
    """Refund a part. `available` guards against refunding twice: the provider refuses if it has changed."""
    fresh = gov.pay.get(payment.id)
    refund = gov.pay.refund(payment.id, TOO_MUCH, available=fresh.refundable_amount())
    refund = gov.pay.get_refund(payment.id, refund.id)
    story.tell("pay", f"{refund.amount} refunded: {refund.status.value}")


def follow_up(gov: GovComponents, receipts: list[Sent], story: Story) -> None:
    """Look the receipts up later: accepted is not delivered."""
    for sent in receipts:
        message = gov.notify.get(sent.id)
        story.tell("notify", f"receipt by {message.channel.value}: {message.status.value}")


def show(story: Story, server: SandboxServer) -> None:
    """Print what the service knows, and beside it what the stubs saw."""
    print(f"Renewal {story.reference}, against the sandbox at {server.base_url}\n")
    print("What the service knows")
    for number, (component, happened) in enumerate(story.lines, start=1):
        print(f"  {number}. {component:<10} {happened}")
    print("\nWhat the providers saw, under the service's references")
    for event in server.sandbox.timeline.events():
        print(f"  {event.at:%H:%M:%S}  {event.component:<10} {event.reference or '-':<15} {event.happened}")
    command = f"{os.path.relpath(sys.executable)} -m govcomponents.sandbox"
    print(f"\nTo go through it by hand: {command}\nthen open the address that it prints.")


def main() -> int:
    """Serve the sandbox, renew one licence against it, and print what happened."""
    with serving() as server, GovComponents.from_settings(server.sandbox.settings()) as gov:
        story = Story("RENEW-7")
        receipts = renew(gov, Person(), story)
        server.sandbox.clock.advance(60)  # a minute later
        follow_up(gov, receipts, story)
        show(story, server)
    return 0


if __name__ == "__main__":
    sys.exit(main())
