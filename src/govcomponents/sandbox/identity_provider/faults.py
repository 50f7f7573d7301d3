"""Faults of every identity provider: tokens that a client must refuse, and redirects that it must not follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from govcomponents.sandbox.faults import catalogue as known

_SIGN_IN = ("authorize", "sign_in")


def token_faults(thing: str, operation: str, described: Mapping[str, tuple[str, str]]) -> tuple[known.Fault, ...]:
    """Faults of a token that `operation` gives: by name, what is wrong with it and why it is refused."""
    return tuple(
        known.Fault(
            known.FaultKind(
                f"{thing}_{name}",
                known.Effect.CORRUPTS,
                f"Never, if all is well: this is an attack, or a fault of the provider. {what}",
                f"SignInRejected, reason {reason}",
                (operation,),
            )
        )
        for name, (what, reason) in described.items()
    )


SIGN_IN_FAULTS: Final = (
    *token_faults(
        "id_token",
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
    ),
    *(
        known.Fault(known.FaultKind(name, known.Effect.CORRUPTS, real, raises, operations))
        for name, real, raises, operations in (
            (
                "userinfo_wrong_subject",
                "Never, if all is well: the claims are another person's than the ID token's.",
                "SignInRejected, reason bad_subject",
                ("userinfo",),
            ),
            (
                "callback_wrong_state",
                "Somebody sends the person to the service with a code of another sign-in.",
                "SignInRejected, reason bad_state",
                _SIGN_IN,
            ),
            (
                "sign_in_denied",
                "The person comes back with access_denied: they left, or their session was lost.",
                "SignInDenied",
                _SIGN_IN,
            ),
            (
                "sign_in_unavailable",
                "The person comes back with temporarily_unavailable: too many requests, or no capacity for proofs.",
                "SignInUnavailable",
                _SIGN_IN,
            ),
        )
    ),
)

OPENID_FAULTS: Final = (
    known.SERVER_ERROR.at(known.json(500, {"error": "server_error"})),
    known.BAD_GATEWAY.at(known.page(502, "Bad Gateway")),
    known.UNAVAILABLE.at(known.page(503, "Service Unavailable")),
    known.GATEWAY_TIME_OUT.at(known.page(504, "Gateway Time-out")),
    *SIGN_IN_FAULTS,
)
"""The faults of a provider that does nothing in a way of its own."""
OPENID_METHODS: Final = {
    "identity.start": ("discovery",),
    "identity.check": ("discovery",),
    "identity.complete": ("token",),
}
"""The methods of a service, each with the operation by which a plain OpenID provider does it."""
