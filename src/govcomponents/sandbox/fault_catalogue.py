"""Every fault that a sandbox can be told to have: what the real provider does, and how the SDK tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

PAY, NOTIFY, ONE_LOGIN = "pay", "notify", "one_login"
_ALL = (PAY, NOTIFY, ONE_LOGIN)


class Effect(Enum):
    """What a fault does to a call."""

    SILENCE_BEFORE = "the request is not acted on, and no answer comes"
    SILENCE_AFTER = "the request is acted on, and no answer comes"
    CUT_BEFORE = "the request is not acted on, and the connection is closed"
    CUT_AFTER = "the request is acted on, and the connection is closed"
    INSTEAD = "the request is not acted on; another answer comes"
    MALFORMED = "the request is acted on; half of the answer comes"
    OVERSIZE = "the request is acted on; an endless answer comes"
    SPOILS = "what the provider makes is spoilt"


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One fault. `real` is what the real provider does, `raises` the SDK's error for it.

    `spoils` names what an imitation makes, such as "id_token", if the fault is in that and not in the exchange.
    """

    name: str
    providers: tuple[str, ...]
    effect: Effect
    real: str
    raises: str
    spoils: str = ""


_LOST = "OutcomeUnknown; a read is repeated first"
_FAILED = "OutcomeUnknown for what changes something; a read is repeated, then Unavailable"

_KINDS = (
    FaultKind(
        "time_out_before_acceptance",
        _ALL,
        Effect.SILENCE_BEFORE,
        "The request is lost behind the provider's edge: nothing is done, and the client waits until it gives up.",
        _LOST,
    ),
    FaultKind(
        "time_out_after_acceptance",
        _ALL,
        Effect.SILENCE_AFTER,
        "The provider acts, and its answer comes too late or never. GOV.UK Pay waits up to ten seconds for a card "
        "company behind it; GOV.UK Notify's own limit is thirty seconds.",
        _LOST,
    ),
    FaultKind(
        "connection_dropped_before_acceptance",
        _ALL,
        Effect.CUT_BEFORE,
        "A load balancer closes the connection before the request reaches the provider.",
        _LOST,
    ),
    FaultKind(
        "connection_dropped_after_acceptance",
        _ALL,
        Effect.CUT_AFTER,
        "The provider acts, and the connection breaks before its answer arrives.",
        _LOST,
    ),
    FaultKind(
        "rate_limited",
        (PAY, NOTIFY),
        Effect.INSTEAD,
        "429. GOV.UK Pay: code P0900, no Retry-After, in windows of one second. GOV.UK Notify: RateLimitError, no "
        "Retry-After, 3,000 messages a minute for each kind of key.",
        "RateLimited, after the retries",
    ),
    FaultKind(
        "daily_limit_reached",
        (NOTIFY,),
        Effect.INSTEAD,
        "429 TooManyRequestsError: the service's messages of the day are used up; the count starts again at midnight "
        "UTC.",
        "DailyLimitReached, at once",
    ),
    FaultKind(
        "server_error",
        _ALL,
        Effect.INSTEAD,
        "500. GOV.UK Pay: a code ending in 98, with its envelope. GOV.UK Notify: the name of an exception. GOV.UK One "
        "Login: the plain text Internal server error.",
        _FAILED,
    ),
    FaultKind(
        "bad_gateway",
        _ALL,
        Effect.INSTEAD,
        "502 from what stands before the provider: an HTML page, or at GOV.UK One Login a JSON message.",
        _FAILED,
    ),
    FaultKind(
        "unavailable",
        _ALL,
        Effect.INSTEAD,
        "503: GOV.UK Pay cannot reach its own authentication service; elsewhere the edge answers with HTML.",
        _FAILED,
    ),
    FaultKind(
        "gateway_time_out",
        _ALL,
        Effect.INSTEAD,
        "504: GOV.UK Notify gives up on itself after thirty seconds with EventletTimeout; elsewhere the edge gives up.",
        _FAILED,
    ),
    FaultKind(
        "outage_not_found",
        (PAY, NOTIFY),
        Effect.INSTEAD,
        "404 with a page of the platform instead of the provider's own answer, as while a route is being moved.",
        "UnexpectedReply: it is no proof that the thing does not exist",
    ),
    FaultKind(
        "outage_bad_request",
        _ALL,
        Effect.INSTEAD,
        "400 with a page of the platform. GOV.UK One Login: 400 server_error, when it cannot read the service's keys.",
        "UnexpectedReply, or RequestRefused for the platform's plain refusal",
    ),
    FaultKind(
        "key_revoked",
        (PAY, NOTIFY),
        Effect.INSTEAD,
        "GOV.UK Pay: 401 with a body that is not its envelope. GOV.UK Notify: 403 AuthError.",
        "CredentialsRefused",
    ),
    FaultKind(
        "malformed_answer",
        _ALL,
        Effect.MALFORMED,
        "The provider acts, and only half of its answer arrives, with the status of a success.",
        "UnexpectedReply, which says how to look up what was done",
    ),
    FaultKind(
        "oversize_answer",
        _ALL,
        Effect.OVERSIZE,
        "The provider acts, and something between sends more than anybody could read.",
        "OutcomeUnknown: the SDK stops reading at 8 MiB",
    ),
)

CATALOGUE: Final[Mapping[str, FaultKind]] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""All faults, by name."""
