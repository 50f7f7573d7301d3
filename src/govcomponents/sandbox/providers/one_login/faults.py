"""Faults of GOV.UK One Login: its error responses, and core identities that a service must refuse.

GOV.UK One Login docs: Request tokens; govuk-one-login/authentication-api.
"""

from __future__ import annotations

from govcomponents.sandbox.faults import catalogue as known
from govcomponents.sandbox.http.messages import text_response
from govcomponents.sandbox.identity_provider.faults import SIGN_IN_FAULTS, token_faults

_SIMULATED = "The official simulator does it when told to."

FAULTS = (
    known.SERVER_ERROR.at(
        lambda: text_response(500, "Internal server error"),
        "GOV.UK One Login: the plain text Internal server error.",
    ),
    known.BAD_GATEWAY.at(known.json(502, {"message": "Internal server error"}), "GOV.UK One Login: a JSON message."),
    known.UNAVAILABLE.at(known.page(503, "Service Unavailable")),
    known.GATEWAY_TIME_OUT.at(known.json(504, {"message": "Endpoint request timed out"})),
    known.OUTAGE_BAD_REQUEST.at(
        known.json(400, {"error": "server_error", "error_description": "Unexpected server error"}),
        "GOV.UK One Login: 400 server_error, when it cannot read the service's keys.",
    ),
    *SIGN_IN_FAULTS,
    *token_faults(
        "core_identity",
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
    ),
    known.Fault(
        known.FaultKind(
            "id_token_wrong_level",
            known.Effect.CORRUPTS,
            f"The ID token tells of weaker authentication than was asked for. {_SIMULATED}",
            "SignInRejected, reason bad_level",
            ("token",),
        )
    ),
    known.Fault(
        known.FaultKind(
            "core_identity_wrong_level",
            known.Effect.CORRUPTS,
            f"The core identity tells of less confidence than was asked for. {_SIMULATED}",
            "IdentityNotProved",
            ("userinfo",),
        )
    ),
)
METHODS = {
    "identity.check": ("discovery",),
    "identity.complete": ("token",),
}
"""The methods of a service, each with the operations by one of which it is done."""
