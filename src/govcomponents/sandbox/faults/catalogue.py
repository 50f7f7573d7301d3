"""Faults that a sandbox can be told to have: what the real provider does, and which error of the SDK comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from govcomponents.core.http.messages import Response
from govcomponents.sandbox.http.messages import json_response


class Effect(Enum):
    """Effect of a fault on a call."""

    SILENCE_BEFORE = "the request is not acted on, and no answer comes"
    SILENCE_AFTER = "the request is acted on, and no answer comes"
    CUT_BEFORE = "the request is not acted on, and the connection is closed"
    CUT_AFTER = "the request is acted on, and the connection is closed"
    INSTEAD = "the request is not acted on; another answer comes"
    MALFORMED = "the request is acted on; half of the answer comes"
    OVERSIZE = "the request is acted on; an endless answer comes"
    CORRUPTS = "the request is acted on; what the response holds is corrupted"


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One kind of fault. `real` is what real providers do, `raises` the SDK's error for it.

    `operations` are those that it can be injected into; it is empty for a fault that any may have. `of_a_key`: it is
    injected into the calls of one key only, of the first call that it strikes; another key goes on.
    """

    name: str
    effect: Effect
    real: str
    raises: str
    operations: tuple[str, ...] = ()
    of_a_key: bool = False

    def at(self, respond: Callable[[], Response] | None, note: str = "") -> Fault:
        """Return the fault of one provider: `respond` gives its response, if one comes, `note` says how that looks."""
        return Fault(self, respond, note)


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault at one provider. `respond` gives the response that comes instead of the right one."""

    kind: FaultKind
    respond: Callable[[], Response] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class FaultDescription:
    """A kind of fault, as all providers have it that can: their sections, and their notes in `real`."""

    kind: FaultKind
    providers: tuple[str, ...]
    real: str


def describe(faults_of: Mapping[str, Mapping[str, Fault]]) -> dict[str, FaultDescription]:
    """Merge the faults of providers, given by their sections and by name, into one catalogue by name."""
    found: dict[str, list[tuple[str, Fault]]] = {}
    for section, faults in faults_of.items():
        for name, fault in faults.items():
            found.setdefault(name, []).append((section, fault))
    return {
        name: FaultDescription(
            kind=having[0][1].kind,
            providers=tuple(section for section, _ in having),
            real=" ".join([having[0][1].kind.real, *(fault.note for _, fault in having if fault.note)]),
        )
        for name, having in found.items()
    }


def page(status: int, title: str) -> Callable[[], Response]:
    """A page of the platform before a provider, instead of the provider's own response."""
    body = f"<html><head><title>{status} {title}</title></head><body><h1>{status} {title}</h1></body></html>".encode()
    return lambda: Response(status, {"content-type": "text/html"}, body)


def json(status: int, value: object, headers: Mapping[str, str] | None = None) -> Callable[[], Response]:
    """A JSON response."""
    return lambda: json_response(status, value, headers)


_LOST = "OutcomeUnknown, a read after retries; in a sign-in SignInUnavailable"
_FAILED = (
    "OutcomeUnknown for what changes something; Unavailable for a read, after retries; in a sign-in SignInUnavailable"
)

DROPPED_BEFORE: Final = FaultKind(
    "connection_dropped_before_acceptance",
    Effect.CUT_BEFORE,
    "A load balancer closes the connection before the request reaches the provider.",
    _LOST,
)
DROPPED_AFTER: Final = FaultKind(
    "connection_dropped_after_acceptance",
    Effect.CUT_AFTER,
    "The provider acts, and the connection breaks before its answer arrives.",
    _LOST,
)
TRANSPORT_FAULTS: Final = tuple(
    Fault(kind)
    for kind in (
        FaultKind(
            "time_out_before_acceptance",
            Effect.SILENCE_BEFORE,
            "The request is lost behind the provider's edge: nothing is done, and the client waits until it gives up.",
            _LOST,
        ),
        FaultKind(
            "time_out_after_acceptance",
            Effect.SILENCE_AFTER,
            "The provider acts, and its answer comes too late or never. GOV.UK Pay waits up to ten seconds for a card "
            "company behind it; GOV.UK Notify's own limit is thirty seconds.",
            _LOST,
        ),
        DROPPED_BEFORE,
        DROPPED_AFTER,
        FaultKind(
            "malformed_response",
            Effect.MALFORMED,
            "The provider acts, and only half of its answer arrives, with the status of a success.",
            "UnexpectedReply, which says how to look up what was done; in a sign-in SignInRejected, reason malformed",
        ),
        FaultKind(
            "oversize_response",
            Effect.OVERSIZE,
            "The provider acts, and something between sends more than anybody could read.",
            "OutcomeUnknown: the SDK stops reading at 8 MiB; in a sign-in SignInUnavailable",
        ),
    )
)
"""The faults of every provider: they do not depend on what its responses look like."""

RATE_LIMITED: Final = FaultKind("rate_limited", Effect.INSTEAD, "429.", "RateLimited, after the retries")
SERVER_ERROR: Final = FaultKind("server_error", Effect.INSTEAD, "500.", _FAILED)
BAD_GATEWAY: Final = FaultKind(
    "bad_gateway", Effect.INSTEAD, "502 from what stands before the provider, an HTML page.", _FAILED
)
UNAVAILABLE: Final = FaultKind("unavailable", Effect.INSTEAD, "503 from the edge, an HTML page.", _FAILED)
GATEWAY_TIME_OUT: Final = FaultKind("gateway_time_out", Effect.INSTEAD, "504 when the edge gives up.", _FAILED)
OUTAGE_NOT_FOUND: Final = FaultKind(
    "outage_not_found",
    Effect.INSTEAD,
    "404 with a page of the platform instead of the provider's own answer, as while a route is being moved.",
    "UnexpectedReply: it is no proof that the thing does not exist",
)
OUTAGE_BAD_REQUEST: Final = FaultKind(
    "outage_bad_request",
    Effect.INSTEAD,
    "400 with a page of the platform.",
    "UnexpectedReply; in a sign-in SignInUnavailable",
)
KEY_REVOKED: Final = FaultKind(
    "key_revoked",
    Effect.INSTEAD,
    "401 or 403, for the key of the first call that it strikes; another key goes on.",
    "CredentialsRefused",
    of_a_key=True,
)
