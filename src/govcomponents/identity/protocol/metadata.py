"""A provider's metadata: fetched and kept where the provider's discovery document says it, or known beforehand."""

from __future__ import annotations

import logging
from dataclasses import fields
from typing import TYPE_CHECKING, Final, Protocol

from govcomponents.core.canonical_json import NotCanonical, parse_object
from govcomponents.core.refreshed_value import NothingToUse
from govcomponents.errors import ConfigurationError, SignInRejected
from govcomponents.identity.jose.keys import DocumentCache
from govcomponents.identity.protocol import flow
from govcomponents.identity.protocol.discovery import DiscoveryUnfit, Metadata, discovery_url, read_metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.http.client import HttpClient
    from govcomponents.core.http.messages import Response
    from govcomponents.core.times import Clock
    from govcomponents.identity.jose.shared_documents import Shared
    from govcomponents.identity.protocol.discovery import DiscoveryPolicy

log = logging.getLogger("govcomponents.identity")

_FRESH: Final = 86_400


class MetadataSource(Protocol):
    """A source of a provider's metadata."""

    async def metadata(self, operation: str) -> Metadata:
        """Return the metadata. Raises NothingToUse, ConfigurationError and SignInRejected where it must be fetched."""
        ...

    async def check(self, operation: str) -> None:
        """Compare what the provider publishes now with what is expected. Raises as `metadata` does."""
        ...


class DiscoveredMetadata:
    """The metadata of a provider's discovery document: the last good one, fetched when it is needed."""

    def __init__(
        self, http: HttpClient, clock: Clock, *, issuer: str, policy: DiscoveryPolicy, shared: Shared | None = None
    ) -> None:
        self._http = http
        self._issuer = issuer
        self._policy = policy
        self._last: Metadata | None = None
        self._document: DocumentCache[Metadata] = DocumentCache(
            self._fetch,
            self._read,
            clock,
            name=f"discovery document of {http.provider}",
            default_fresh=_FRESH,
            shared=shared,
        )

    async def metadata(self, operation: str) -> Metadata:
        """Return the metadata.

        Raises NothingToUse if there is none, ConfigurationError if what the document says contradicts the settings,
        and SignInRejected with BLOCKED_URL if it names addresses that are not allowed.
        """
        try:
            return await self._document.current()
        except NothingToUse:
            self._complain(operation)
            raise

    async def check(self, operation: str) -> None:
        """Fetch the document now, and check that it can be used. Raises as `metadata` does."""
        try:
            await self._document.renewed()
        except NothingToUse:
            self._complain(operation)
            raise

    def _complain(self, operation: str) -> None:
        """Raise the error of the newest document, if there was one and it cannot be used."""
        unfit = self._document.failure
        if not isinstance(unfit, DiscoveryUnfit):
            return
        happened, provider = f"the discovery document cannot be used: {unfit}", self._http.provider
        if unfit.reason is None:
            raise ConfigurationError(happened, fix=unfit.fix, operation=operation, provider=provider)
        raise SignInRejected(happened, reason=unfit.reason, fix=unfit.fix, operation=operation, provider=provider)

    async def _fetch(self) -> Response:
        response = await self._http.send(flow.key_request(discovery_url(self._issuer)))
        if 300 <= response.status < 400:
            raise DiscoveryUnfit("it is a redirect", fix="set the issuer at which the document itself is", blocked=True)
        if response.status == 200 and flow.media_type(response) != "application/json":
            raise DiscoveryUnfit("it is not JSON", fix="set the issuer whose document is at its well-known address")
        return response

    def _read(self, document: Mapping[str, object]) -> Metadata:
        found = read_metadata(document, self._policy)
        if self._last is not None and found != self._last:
            log.warning("the discovery document of %s says something else than before", self._http.provider)
        self._last = found
        return found


class KnownMetadata:
    """The metadata of a provider whose addresses are constants. Nothing is fetched but for a check."""

    def __init__(self, http: HttpClient, metadata: Metadata, algorithms: frozenset[str]) -> None:
        self._http = http
        self._metadata = metadata
        self._algorithms = algorithms

    async def metadata(self, operation: str) -> Metadata:  # noqa: ARG002  # of the protocol; a constant cannot fail
        """Return the metadata."""
        return self._metadata

    async def check(self, operation: str) -> None:
        """Fetch the discovery document and compare it. Raises ConfigurationError, and NothingToUse without one."""
        response = await self._http.send(flow.key_request(discovery_url(self._metadata.issuer)))
        if response.status != 200:
            raise NothingToUse(f"the discovery document was answered with status {response.status}")
        try:
            document = parse_object(response.body)
        except NotCanonical as error:
            raise NothingToUse(f"the discovery document cannot be read: {error}") from None
        if found := self._differences(document):
            raise ConfigurationError(
                f"what the provider publishes differs from what this adapter expects: {'; '.join(found)}",
                fix="check the environment or the issuer; if they are right, update this library",
                operation=operation,
                provider=self._http.provider,
            )

    def _differences(self, document: Mapping[str, object]) -> list[str]:
        """Name what differs. The document's own texts are not shown."""
        known = {part.name: getattr(self._metadata, part.name) for part in fields(self._metadata)}
        urls = {name: url for name, url in known.items() if isinstance(url, str)}
        found = [f"{name} is not {url}" for name, url in urls.items() if document.get(name) != url]
        offered = [("response_types_supported", "code"), ("code_challenge_methods_supported", "S256")]
        offered += [("id_token_signing_alg_values_supported", algorithm) for algorithm in sorted(self._algorithms)]
        for name, needed in offered:
            values = document.get(name, [needed])
            if not isinstance(values, list) or needed not in values:
                found.append(f"{name} does not list {needed}")
        return found
