"""A pay adapter under test: its double, and a caller that takes payments to the point that a test is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar

from govcomponents.contracts.suite import Caller, Double, Subject, Suite
from govcomponents.money import Money
from govcomponents.pay.async_service import AsyncPayService
from govcomponents.pay.capabilities import PayCapability as Can
from govcomponents.pay.service import PayService

if TYPE_CHECKING:
    from govcomponents.pay.ids import AgreementId
    from govcomponents.pay.models import Payment
    from govcomponents.pay.states import PaymentStatus
    from govcomponents.privacy import Secret

_NUMBERS = count()
HOLDER = "Canary Nightingale"


def _no_webhooks() -> Sequence[tuple[bytes, Mapping[str, str]]]:
    return ()


@dataclass(frozen=True, kw_only=True)
class PayDouble(Double):
    """A test double of a provider of payments.

    `pay` takes the URL that a person is sent to, and pays there; where the provider adds parameters to the URL at which
    they come back, it returns that URL. `payments`, `refunds` and `captured` count what the
    provider holds: payments, refunds, and payments whose money it has taken. `later` lets time pass, in seconds.
    `decline` tries with a means of payment that is refused. `webhooks` gives the messages made so far, each as its
    body and headers. `dispute` pays as `pay` does, and the holder of the card then disputes the payment: an adapter
    that declares disputes needs it. `sign` gives the headers with which the provider would send a body: an adapter
    that declares callbacks needs it. `page` gives the HTML of the page that the person first sees at a URL: one that
    declares pages in Welsh or prefilled details needs it.
    """

    pay: Callable[[str], object]
    payments: Callable[[], int]
    refunds: Callable[[], int]
    captured: Callable[[], int]
    later: Callable[[float], None]
    decline: Callable[[str], object] | None = None
    dispute: Callable[[str], object] | None = None
    page: Callable[[str], str] | None = None
    webhooks: Callable[[], Sequence[tuple[bytes, Mapping[str, str]]]] = _no_webhooks
    sign: Callable[[bytes], Mapping[str, str]] | None = None

    @property
    def holds(self) -> tuple[int, int, int]:
        """The numbers of payments, refunds and captured payments that there are."""
        return self.payments(), self.refunds(), self.captured()


@dataclass(frozen=True, kw_only=True)
class PaySubject(Subject):
    """A pay adapter under test: see `Subject` for `build`, `connect`, `canaries` and `faults`.

    `create` are arguments of `create` with every option that the adapter takes. `bad_input` are changes of those
    arguments that this adapter refuses unsent, besides those that every adapter refuses: such as an `extra` with a
    field that the adapter sends already. `card` is the number of the card that `pay` pays with, None where a payment
    shows no card. `declined` is the status of a payment whose means of payment was refused: FAILED, or CREATED or
    STARTED where the person may try another; None where none can be refused. `expires_after` is after how many
    seconds a payment that nobody makes has expired; None where that is not shown. `webhooks_hold_for` is after how
    many seconds a webhook is too old to be believed; None where they are not dated. An adapter that declares payments
    by telephone needs `card` and `declined_card`.
    """

    connect: Callable[[], PayDouble]
    create: Mapping[str, Any]
    bad_input: Sequence[Mapping[str, Any]] = ()
    card: str | None = None
    declined_card: str | None = None
    declined: PaymentStatus | None = None
    expires_after: float | None = None
    webhooks_hold_for: float | None = None
    unknown_id: str = "zzzzzzzzzzzzzzzzzzzzzzzzzz"


@dataclass
class PayCaller(Caller):
    """One caller of `pay`."""

    double: PayDouble
    subject: PaySubject

    @property
    def pay(self) -> Any:
        """The service, blocking or seen as a blocking one."""
        return self.service

    def new(self, **changed: Any) -> Payment:
        """Create a payment, with a key of its own if the sample has one: they shall be different payments."""
        fresh: dict[str, Any] = {}
        if "idempotency_key" in self.subject.create:
            fresh["idempotency_key"] = f"{self.subject.create['idempotency_key']}-{next(_NUMBERS)}"
        payment: Payment = self.pay.create(**{**self.subject.create, **fresh, **changed})
        return payment

    def paid(self, **changed: Any) -> Payment:
        """Create a payment, let the person pay it, and complete it."""
        payment = self.new(**changed)
        completed: Payment = self.pay.complete(payment.id, self.person_pays(payment))
        return completed

    def person_pays(self, payment: Payment) -> str | None:
        """Let the person pay: return the URL at which they come back, if the provider adds to it."""
        back = self.double.pay(payment.redirect_url())
        return back if isinstance(back, str) else None

    def active_agreement(self) -> AgreementId:
        """Create an agreement and let the person save a card to it."""
        made = self.pay.create_agreement("AGREEMENT-1", "Pay by instalments")
        self.paid(set_up_agreement=made.id, prefilled=None)
        identifier: AgreementId = made.id
        return identifier

    def charge(self, agreement: AgreementId, **changed: Any) -> Payment:
        """Charge an agreement."""
        details: dict[str, Any] = {"amount": Money(500), "reference": "CHARGE-1", "description": "An instalment"}
        payment: Payment = self.pay.charge_agreement(agreement, **{**details, **changed})
        return payment

    def telephone(self) -> Payment:
        """Create a payment by telephone."""
        payment: Payment = self.pay.create_by_telephone(Money(700), "PHONE-1", "By telephone")
        return payment

    def authorise(self, token: Secret, number: str | None, **changed: str) -> None:
        """Send a card for a payment by telephone."""
        card = {"card_number": number, "cvc": "123", "expiry": "12/39", "cardholder_name": HOLDER}
        self.pay.authorise(token, **{**card, **changed})


Call = Callable[..., PayCaller]


class PayTests(Suite):
    """Base of the suites of the pay port."""

    subject: ClassVar[PaySubject]
    services = (PayService, AsyncPayService)
    always = frozenset(map(str, (Can.CREATE, Can.GET)))
    caller = PayCaller
