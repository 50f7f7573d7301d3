"""Every fault that a sandbox can be told to have: what the real provider does, and how the SDK tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

PAY, NOTIFY, ONE_LOGIN, STRIPE = "pay", "notify", "one_login", "stripe"
OPENID, LOGIN_GOV = "openid", "login_gov"
_SIGN_INS = (ONE_LOGIN, OPENID, LOGIN_GOV)
_ALL = (PAY, NOTIFY, STRIPE, *_SIGN_INS)


class Effect(Enum):
    """What a fault does to a call."""

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
    """One fault. `real` is what the real provider does, `raises` the SDK's error for it.

    `operations` are those it can be injected into; it is empty for a fault that any may have.
    """

    name: str
    providers: tuple[str, ...]
    effect: Effect
    real: str
    raises: str
    operations: tuple[str, ...] = ()


_LOST = "OutcomeUnknown, a read after retries; in a sign-in SignInUnavailable"
_FAILED = (
    "OutcomeUnknown for what changes something; Unavailable for a read, after retries; in a sign-in SignInUnavailable"
)

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
        (PAY, NOTIFY, STRIPE),
        Effect.INSTEAD,
        "429. GOV.UK Pay: code P0900, no Retry-After, in windows of one second. GOV.UK Notify: RateLimitError, no "
        "Retry-After, 3,000 messages a minute for each kind of key. Stripe: code rate_limit.",
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
        f"{_FAILED}. GOV.UK Pay has not acted: Unavailable",
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
        (PAY, NOTIFY, ONE_LOGIN),
        Effect.INSTEAD,
        "400 with a page of the platform. GOV.UK One Login: 400 server_error, when it cannot read the service's keys.",
        "UnexpectedReply; in a sign-in SignInUnavailable",
    ),
    FaultKind(
        "key_revoked",
        (PAY, NOTIFY, STRIPE),
        Effect.INSTEAD,
        "GOV.UK Pay: 401 with a body that is not its envelope. GOV.UK Notify: 403 AuthError. Stripe: 401.",
        "CredentialsRefused",
    ),
    FaultKind(
        "malformed_response",
        _ALL,
        Effect.MALFORMED,
        "The provider acts, and only half of its answer arrives, with the status of a success.",
        "UnexpectedReply, which says how to look up what was done; in a sign-in SignInRejected, reason malformed",
    ),
    FaultKind(
        "oversize_response",
        _ALL,
        Effect.OVERSIZE,
        "The provider acts, and something between sends more than anybody could read.",
        "OutcomeUnknown: the SDK stops reading at 8 MiB; in a sign-in SignInUnavailable",
    ),
)

_SIGN_IN = ("authorize", "sign_in")


def _token_faults(
    thing: str, providers: tuple[str, ...], operation: str, told: Mapping[str, tuple[str, str]]
) -> tuple[FaultKind, ...]:
    return tuple(
        FaultKind(
            f"{thing}_{name}",
            providers,
            Effect.CORRUPTS,
            f"Never, if all is well: this is an attack, or a fault of the provider. {what}",
            f"SignInRejected, reason {reason}",
            (operation,),
        )
        for name, (what, reason) in told.items()
    )


_ID_TOKEN = _token_faults(
    "id_token",
    _SIGN_INS,
    "token",
    {
        "wrong_issuer": ("The ID token is another issuer's.", "bad_issuer"),
        "wrong_audience": ("The ID token is for another client.", "bad_audience"),
        "wrong_algorithm": ("The ID token says HS256, and its key id is not published.", "bad_algorithm"),
        "no_algorithm": ("The ID token says that it is not signed, and has no signature.", "malformed"),
        "bad_signature": ("The ID token's signature is not that of its content.", "bad_signature"),
        "unknown_key": ("The ID token is signed with a key that is not published.", "unknown_key"),
        "expired": ("The ID token is an hour too old.", "expired"),
        "not_yet_valid": ("The ID token is from tomorrow.", "not_yet_valid"),
        "wrong_nonce": ("The ID token answers another request.", "bad_nonce"),
        "wrong_hash": ("The ID token belongs to another access token.", "bad_hash"),
    },
)
_CORE_IDENTITY = _token_faults(
    "core_identity",
    (ONE_LOGIN,),
    "userinfo",
    {
        "wrong_issuer": ("The core identity is another issuer's.", "bad_issuer"),
        "wrong_audience": ("The core identity is for another client.", "bad_audience"),
        "wrong_subject": ("The core identity is another person's.", "bad_subject"),
        "wrong_algorithm": ("The core identity says HS256, and its key id is not published.", "bad_algorithm"),
        "bad_signature": ("The core identity's signature is not that of its content.", "bad_signature"),
        "unknown_key": ("The core identity is signed with a key that is not published.", "unknown_key"),
        "expired": ("The core identity is an hour too old.", "expired"),
    },
)
_REST_OF_SIGN_IN = (
    FaultKind(
        "id_token_wrong_level",
        (ONE_LOGIN,),
        Effect.CORRUPTS,
        "The ID token tells of weaker authentication than was asked for. The official simulator does it when told to.",
        "SignInRejected, reason bad_level",
        ("token",),
    ),
    FaultKind(
        "core_identity_wrong_level",
        (ONE_LOGIN,),
        Effect.CORRUPTS,
        "The core identity tells of less confidence than was asked for. The official simulator does it when told to.",
        "IdentityNotProved",
        ("userinfo",),
    ),
    FaultKind(
        "userinfo_wrong_subject",
        _SIGN_INS,
        Effect.CORRUPTS,
        "Never, if all is well: the claims are another person's than the ID token's.",
        "SignInRejected, reason bad_subject",
        ("userinfo",),
    ),
    FaultKind(
        "callback_wrong_state",
        _SIGN_INS,
        Effect.CORRUPTS,
        "Somebody sends the person to the service with a code of another sign-in.",
        "SignInRejected, reason bad_state",
        _SIGN_IN,
    ),
    FaultKind(
        "sign_in_denied",
        _SIGN_INS,
        Effect.CORRUPTS,
        "The person comes back with access_denied: they left, or their session was lost.",
        "SignInDenied",
        _SIGN_IN,
    ),
    FaultKind(
        "sign_in_unavailable",
        _SIGN_INS,
        Effect.CORRUPTS,
        "The person comes back with temporarily_unavailable: too many requests, or no capacity to prove identities.",
        "SignInUnavailable",
        _SIGN_IN,
    ),
)

CATALOGUE: Final[Mapping[str, FaultKind]] = MappingProxyType(
    {kind.name: kind for kind in (*_KINDS, *_ID_TOKEN, *_CORE_IDENTITY, *_REST_OF_SIGN_IN)}
)
"""All faults, by name."""
