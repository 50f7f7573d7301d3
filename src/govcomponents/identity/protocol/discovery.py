"""Reads a provider's discovery document (OpenID Connect Discovery 1.0), and believes only what the set-up allows.

The document is fetched from a configured place, but what it names is still only what somebody says: its issuer must
be the configured one exactly, and its endpoints must be on hosts that the set-up names (RFC 8414 section 6.2), so
that nothing of ours is ever sent elsewhere. A document that fails is not used at all: the last good one is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govcomponents.core.refreshed_value import Unusable
from govcomponents.core.validation import is_loopback_url, is_url_on
from govcomponents.errors import SignInReason

if TYPE_CHECKING:
    from collections.abc import Mapping

WELL_KNOWN: Final = "/.well-known/openid-configuration"
_NOT_DONE: Final = {
    "require_pushed_authorization_requests": "pushed authorization requests",
    "require_signed_request_object": "signed request objects",
}


class DiscoveryUnfit(Unusable):
    """A discovery document that cannot be used. `fix` says what to mend; `blocked` that an address is not allowed."""

    def __init__(self, happened: str, *, fix: str, blocked: bool = False) -> None:
        super().__init__(happened)
        self.fix = fix
        self.reason = SignInReason.BLOCKED_URL if blocked else None


@dataclass(frozen=True, slots=True)
class DiscoveryPolicy:
    """Requirements on a discovery document.

    `issuers` are the forms of the issuer that will do: one, but for a provider that publishes two. `hosts` are those
    on which endpoints may be. `client_authentication` and `signing_algorithm` are what is going to be used; None is
    not looked for. `userinfo` says whether a userinfo endpoint is needed.
    """

    issuers: frozenset[str]
    hosts: frozenset[str]
    client_authentication: str | None
    signing_algorithm: str | None
    id_token_algorithms: frozenset[str]
    userinfo: bool


@dataclass(frozen=True, slots=True)
class Metadata:
    """Checked metadata of a provider. `names_itself`: it promises `iss` in the callback (RFC 9207)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    names_itself: bool


def discovery_url(issuer: str) -> str:
    """Return the address of a document (OpenID Connect Discovery 4.1): joined by hand, so that no path is lost."""
    return issuer.rstrip("/") + WELL_KNOWN


def read_metadata(document: Mapping[str, object], expected: DiscoveryPolicy) -> Metadata:
    """Check a document against what is expected. Raises DiscoveryUnfit.

    A list that the document does not have refuses nothing: providers leave out what they support.
    """
    issuer = document.get("issuer")
    if not isinstance(issuer, str) or issuer not in expected.issuers:
        raise DiscoveryUnfit(
            "its issuer is another than the one that is set",
            fix="set the issuer exactly as the provider publishes it: case and a final slash count",
        )
    _check_offers(document, expected)
    endpoint = _Endpoints(document, expected, is_loopback=is_loopback_url(issuer))
    return Metadata(
        issuer=issuer,
        authorization_endpoint=endpoint.required("authorization_endpoint"),
        token_endpoint=endpoint.required("token_endpoint"),
        jwks_uri=endpoint.required("jwks_uri"),
        userinfo_endpoint=(endpoint.required if expected.userinfo else endpoint.optional)("userinfo_endpoint"),
        end_session_endpoint=endpoint.optional("end_session_endpoint"),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _check_offers(document: Mapping[str, object], expected: DiscoveryPolicy) -> None:
    _needs(document, "response_types_supported", {"code"}, "the authorization code flow")
    _needs(document, "code_challenge_methods_supported", {"S256"}, "PKCE with S256")
    _needs(document, "id_token_signing_alg_values_supported", expected.id_token_algorithms, "the ID token's algorithm")
    if expected.client_authentication is not None:
        _needs(
            document,
            "token_endpoint_auth_methods_supported",
            {expected.client_authentication},
            f"client authentication by {expected.client_authentication}",
        )
    if expected.signing_algorithm is not None:
        _needs(
            document,
            "token_endpoint_auth_signing_alg_values_supported",
            {expected.signing_algorithm},
            f"client assertions signed with {expected.signing_algorithm}",
        )
    for name, feature in _NOT_DONE.items():
        if document.get(name) in (True, "true"):
            raise DiscoveryUnfit(
                f"the provider demands {feature}", fix="use an adapter that does that: this one does not"
            )


def _needs(document: Mapping[str, object], name: str, any_of: set[str] | frozenset[str], what: str) -> None:
    if name not in document:
        return
    offered = document[name]
    if not isinstance(offered, list) or not any(item in any_of for item in offered if isinstance(item, str)):
        raise DiscoveryUnfit(
            f"{what} is not among its {name}", fix="compare the settings with what the provider publishes"
        )


class _Endpoints:
    """Reads the URLs of a document."""

    def __init__(self, document: Mapping[str, object], expected: DiscoveryPolicy, *, is_loopback: bool) -> None:
        self._document = document
        self._hosts = expected.hosts
        self._is_loopback = is_loopback

    def required(self, name: str) -> str:
        found = self.optional(name)
        if found is None:
            raise DiscoveryUnfit(f"it has no {name}", fix="ask the provider; this adapter cannot do without")
        return found

    def optional(self, name: str) -> str | None:
        url = self._document.get(name)
        if url is None:
            return None
        if not isinstance(url, str) or not is_url_on(url, self._hosts, is_loopback=self._is_loopback):
            raise DiscoveryUnfit(
                f"its {name} is not an https URL on an allowed host",
                fix="if the provider really has endpoints on another host, add it to ENDPOINT_HOSTS",
                blocked=True,
            )
        return url
