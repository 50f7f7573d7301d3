"""The GOV.UK Pay stub: its routes, settings for its clients, and what tests do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.sandbox.plugins.provider import Fact
from govcomponents.sandbox.providers.govuk_pay import responses
from govcomponents.sandbox.providers.govuk_pay.api import Api
from govcomponents.sandbox.providers.govuk_pay.card_pages import CardPages, link_used
from govcomponents.sandbox.providers.govuk_pay.cards import CardProblem, TestCard, look_up
from govcomponents.sandbox.providers.govuk_pay.lifecycle import Lifecycle
from govcomponents.sandbox.providers.govuk_pay.shown.records import PayRecords
from govcomponents.sandbox.providers.govuk_pay.store import AccountStore, Charge, SavedCard
from govcomponents.sandbox.providers.govuk_pay.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.http.messages import Call, Route
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.plugins.records import Record
    from govcomponents.sandbox.providers.govuk_pay.store import Account
    from govcomponents.sandbox.providers.govuk_pay.world import ExistingPayment, PayWorld, Service

_CODES = {"failed": "P0010", "cancelled": "P0040", "error": "P0050"}


class GovUkPayStub:
    """GOV.UK Pay with the services of a world."""

    section = "pay"
    card_operations = frozenset({"pay.enter_card", "pay.authorise"})

    def __init__(self, world: PayWorld, context: SandboxContext) -> None:
        self._context = context
        self._lifecycle = Lifecycle(context, Webhooks(context))
        self._store = AccountStore(world)
        self._records = PayRecords(self._store, self._lifecycle)
        for account in self._store.accounts:
            for existing in account.service.payments:
                self._add(account, existing)
        if any(account.service.webhooks for account in self._store.accounts):
            context.callbacks.before_delivery(self._settle)

    def routes(self) -> Iterable[Route]:
        """The public API and the card pages."""
        yield from Api(self._store, self._lifecycle, self._context).routes()
        yield from CardPages(self._store, self._lifecycle, self._context).routes()

    def owns(self, path: str) -> bool:
        """Whether a path is the API's, or a card page's."""
        return path.startswith(("/v1/", "/secure", "/card_details/"))

    def missing(self, call: Call, allowed: frozenset[str]) -> Response:
        """Answer as the framework under the API does."""
        if not call.path.startswith("/v1/"):
            return link_used()
        if not allowed:
            return responses.framework_error(404, "HTTP 404 Not Found")
        response = responses.framework_error(405, "HTTP 405 Method Not Allowed")
        return type(response)(405, {**response.headers, "allow": ",".join(sorted(allowed))}, response.body)

    def client_settings(self) -> dict[str, object]:
        """Settings for a client of the world's first service, and of those others that are named accounts."""
        first, *others = [account.service for account in self._store.accounts]
        settings = {"adapter": "govuk_pay", **_settings_of(first), "base_url": self._context.base_url}
        accounts = {service.account: _settings_of(service) for service in others if service.account is not None}
        return {**settings, "accounts": accounts} if accounts else settings

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
        """Name the service and the key by which a call came; the key's last letters, where it has no description."""
        given = call.headers.get("authorization", "").removeprefix("Bearer ")
        for account in self._store.accounts:
            for key in account.service.api_keys:
                if key.key == given:
                    name = key.description or f"ending in {key.key[-4:]}"
                    return f"{account.service.name}, key {name}{', revoked' if key.revoked else ''}"
        return ""

    def summary(self) -> Iterable[Fact]:
        """Numbers of payments and refunds of each service."""
        for account in self._store.accounts:
            yield Fact(
                account.service.name,
                f"{len(account.charges)} payments, {len(account.refunds)} refunds",
                "/_sandbox/payments",
            )

    def may_be_real(self, number: str) -> bool:
        """Whether a number is no documented test card's, and could be a real card's."""
        return look_up(number, "sandbox") is CardProblem.MAY_BE_REAL

    def _account(self, service: str | None) -> Account:
        for account in self._store.accounts:
            if service in (None, account.service.name):
                return account
        raise LookupError(f"the sandbox's world has no pay service {service!r}")

    def charges(self, service: str | None = None) -> list[Charge]:
        """The payments that a service has (the first service, without a name), oldest first, as they are now."""
        account = self._account(service)
        with self._store.lock:
            self._lifecycle.settle_all(account)
            return list(account.charges.values())

    def fail_refund(self, refund_id: str, service: str | None = None) -> None:
        """Let the provider fail a refund that is still submitted. Raises LookupError if there is none."""
        account = self._account(service)
        with self._store.lock:
            self._lifecycle.settle_all(account)
            for record in account.refunds:
                if record.id == refund_id and record.status == "submitted":
                    self._lifecycle.fail_refund(account, account.charges[record.charge_id], record)
                    return
        raise LookupError("there is no submitted refund of that id")

    def _settle(self) -> None:
        with self._store.lock:
            for account in self._store.accounts:
                self._lifecycle.settle_all(account)

    def _add(self, account: Account, existing: ExistingPayment) -> None:
        at = self._context.clock.time() - existing.minutes_ago * 60.0
        charge = Charge(
            id=self._context.ids.base32(),
            amount=existing.amount,
            reference=existing.reference,
            description=existing.description,
            created_at=at,
            return_url="https://service.example.gov.uk/return",
            email=existing.email,
            metadata=existing.metadata,
        )
        self._lifecycle.created(account, charge)
        if existing.status == "created":
            return
        card = look_up(existing.card_number, account.service.payment_provider)
        number = existing.card_number
        if isinstance(card, TestCard):
            charge.card = SavedCard(card, number[:6], number[-4:], "12/39", "A PAYER", None)
        charge.provider_id = self._context.ids.uuid()
        self._lifecycle.end_at(account, charge, existing.status, at, _CODES.get(existing.status))


def _settings_of(service: Service) -> dict[str, object]:
    keys = [key.key for key in service.api_keys if not key.revoked]
    return {
        "api_key": keys[0] if keys else service.api_keys[0].key,
        "webhook_secrets": tuple(webhook.secret for webhook in service.webhooks),
    }
