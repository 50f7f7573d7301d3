"""The Stripe stub: its routes, settings for its clients, and what tests do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.sandbox.plugins.provider import Fact
from govcomponents.sandbox.providers.stripe.api import PREFIX, Api
from govcomponents.sandbox.providers.stripe.checkout import Checkout, unknown_page
from govcomponents.sandbox.providers.stripe.events import Events
from govcomponents.sandbox.providers.stripe.lifecycle import Lifecycle
from govcomponents.sandbox.providers.stripe.objects import Objects
from govcomponents.sandbox.providers.stripe.shown.records import StripeRecords
from govcomponents.sandbox.providers.stripe.store import Store, digits_of, may_be_real
from govcomponents.sandbox.providers.stripe.validation import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.http.messages import Call, Route
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.plugins.records import Record
    from govcomponents.sandbox.providers.stripe.store import Charge, RefundRecord, Session
    from govcomponents.sandbox.providers.stripe.world import StripeWorld


class StripeStub:
    """Stripe with the account of a world, below /stripe: its paths begin with /v1, as GOV.UK Pay's do."""

    section = "stripe"
    card_operations = frozenset({"pay.enter_card"})

    def __init__(self, world: StripeWorld, context: SandboxContext) -> None:
        self._store = Store(world)
        self._base_url = f"{context.base_url}{PREFIX}"
        objects = Objects(self._store, self._base_url)
        self._events = Events(self._store, context)
        self._lifecycle = Lifecycle(self._store, context, objects, self._events)
        self._api = Api(self._store, self._lifecycle, objects, context)
        self._checkout = Checkout(self._store, self._lifecycle)
        self._records = StripeRecords(self._store, self._lifecycle)
        if self._store.world.webhooks:
            context.callbacks.before_delivery(self._settle)

    def routes(self) -> Iterable[Route]:
        """The API and the payment page."""
        yield from self._api.routes()
        yield from self._checkout.routes()

    def owns(self, path: str) -> bool:
        """Whether a path is below /stripe."""
        return path == PREFIX or path.startswith(f"{PREFIX}/")

    def missing(self, call: Call, allowed: frozenset[str]) -> Response:
        """Answer as the API does to a path that it does not know."""
        if not call.path.startswith(f"{PREFIX}/v1/"):
            return unknown_page()
        return self._api.refuse(Problem(404, f"Unrecognized request URL ({call.method})."))

    def client_settings(self) -> dict[str, object]:
        """Settings for a client of the account."""
        world = self._store.world
        return {
            "adapter": "stripe",
            "api_key": world.secret_key,
            "base_url": self._base_url,
            "webhook_secrets": tuple(endpoint.secret for endpoint in world.webhooks),
        }

    def record_ids(self, kind: str) -> Sequence[str]:
        """The ids of its records of a kind, oldest first."""
        return self._records.record_ids(kind)

    def record(self, kind: str, record_id: str) -> Record | None:
        """One record as it is now."""
        return self._records.record(kind, record_id)

    def act(self, kind: str, record_id: str, action: str) -> None:
        """Do one of a record's actions. Raises LookupError if it cannot be done now."""
        self._records.act(kind, record_id, action)

    def caller(self, call: Call) -> str:
        """Name the account whose key a call has."""
        given = call.headers.get("authorization", "").removeprefix("Bearer ")
        return self._store.world.name if given == self._store.world.secret_key else ""

    def summary(self) -> Iterable[Fact]:
        """Numbers of Checkout Sessions and refunds."""
        held = f"{len(self._store.sessions)} Checkout Sessions, {len(self._store.refunds)} refunds"
        yield Fact(self._store.world.name, held, "/_sandbox/payments")

    def may_be_real(self, number: str) -> bool:
        """Whether a number is no documented test card's, and could be a real card's."""
        return may_be_real(digits_of(number))

    def sessions(self) -> list[Session]:
        """The Checkout Sessions, oldest first, as they are now."""
        self._settle()
        return list(self._store.sessions.values())

    def charges(self) -> list[Charge]:
        """The charges, oldest first; refused attempts too."""
        self._settle()
        return list(self._store.charges.values())

    def refunds(self) -> list[RefundRecord]:
        """The refunds, oldest first, as they are now."""
        self._settle()
        return list(self._store.refunds.values())

    def messages(self) -> list[tuple[bytes, dict[str, str]]]:
        """Every event so far as it would be delivered to the first endpoint now: its body, and headers signed now.

        Raises LookupError if the world has no endpoint.
        """
        if not self._store.world.webhooks:
            raise LookupError("the world's section stripe has no webhooks")
        secret = self._store.world.webhooks[0].secret
        self._settle()
        return [(body, self._events.headers(body, secret)) for _, body in self._store.events]

    def open_dispute(self, session_id: str) -> str:
        """Let the card's holder dispute a paid Session; return the dispute's id. Raises LookupError."""
        with self._store.lock:
            intent = self._lifecycle.intent_of(self._store.sessions[session_id])
            charge = self._store.charges.get(intent.charge_id or "") if intent is not None else None
            if charge is None or charge.captured_at is None:
                raise LookupError("that Session is not paid")
            return self._lifecycle.dispute(charge).id

    def close_dispute(self, dispute_id: str, *, won: bool) -> None:
        """Decide a dispute, for the service or against it. Raises KeyError if there is none of that id."""
        with self._store.lock:
            self._lifecycle.close_dispute(self._store.disputes[dispute_id], "won" if won else "lost")

    def _settle(self) -> None:
        with self._store.lock:
            self._lifecycle.settle_all()
