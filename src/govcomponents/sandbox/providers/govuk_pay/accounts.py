"""Finds accounts by their keys, and payments by their one-time tokens; holds the one lock over all of it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from govcomponents.sandbox.providers.govuk_pay.store import Account, Journey, Token

if TYPE_CHECKING:
    from govcomponents.sandbox.providers.govuk_pay.store import Charge
    from govcomponents.sandbox.providers.govuk_pay.world import PayWorld

_MOST_TOKENS: Final = 100_000


class AccountStore:
    """All accounts, tokens and journeys of one sandbox."""

    def __init__(self, world: PayWorld) -> None:
        self.lock = threading.RLock()
        self.accounts = [Account(service) for service in world.services]
        self.tokens: dict[str, Token] = {}
        self.journeys: dict[str, Journey] = {}
        self._by_key = {
            f"Bearer {key.key}": account
            for account in self.accounts
            for key in account.service.api_keys
            if not key.revoked
        }

    def mint(self, token: str, account: Account, charge: Charge) -> str:
        """Keep a new one-time token of a payment. The oldest are forgotten, as unused ones are at Pay after a week."""
        self.tokens[token] = Token(charge.id, account)
        if len(self.tokens) > _MOST_TOKENS:
            del self.tokens[next(iter(self.tokens))]
        return token

    def account_of(self, authorization: str | None) -> Account | None:
        """The account that a call's Authorization header is good for."""
        return self._by_key.get(authorization or "")
