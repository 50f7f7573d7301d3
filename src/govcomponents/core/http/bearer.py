"""Bearer credentials: a fixed key, and an access token that is fetched, kept while it lasts and shared (OAuth2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from govcomponents.core.refreshed_value import NothingToUse, RefreshedValue
from govcomponents.errors import CredentialsRefused, GovComponentsError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from govcomponents.core.http.messages import Request
    from govcomponents.core.times import Clock
    from govcomponents.privacy import Secret

_MARGIN: Final = 60.0


class BearerKey:
    """An API key that goes with every request as it is."""

    def __init__(self, key: Secret) -> None:
        self._headers = {"Authorization": f"Bearer {key.reveal()}"}

    async def __call__(self, _request: Request) -> Mapping[str, str]:
        """Return the Authorization header."""
        return self._headers


class CachedToken(RefreshedValue["Secret"]):
    """A bearer token for `HttpClient(credential=...)` that is renewed before it expires.

    `fetch` asks the provider for a token and returns it with its life in seconds (`expires_in`); it may send with an
    `HttpClient` of its own, without this credential. A token is renewed a minute before it expires, by one caller
    while the others go on with the old one.
    """

    def __init__(self, fetch: Callable[[], Awaitable[tuple[Secret, float]]], clock: Clock, *, provider: str) -> None:
        async def fetch_early() -> tuple[Secret, float]:
            token, life = await fetch()
            return token, max(life - _MARGIN, life / 2)

        super().__init__(fetch_early, clock, name=f"access token of {provider}", stale_limit=_MARGIN / 2)
        self._provider = provider

    async def __call__(self, request: Request) -> dict[str, str]:
        """Return the Authorization header. Raises what the last fetch raised if there is no token to send."""
        try:
            token = await self.current()
        except NothingToUse:
            if isinstance(self.failure, CredentialsRefused):
                raise self.failure from None
            raise Unavailable(
                "no access token could be fetched; the request was not sent",
                fix="check the provider's status page and the client's credentials, then call again",
                operation=request.operation,
                provider=self._provider,
                status=self.failure.status if isinstance(self.failure, GovComponentsError) else None,
            ) from None
        return {"Authorization": f"Bearer {token.reveal()}"}
