"""The documents that GOV.UK One Login publishes about itself, besides its keys."""

from __future__ import annotations

from govcomponents.identity.adapters.one_login import wire
from govcomponents.identity.adapters.one_login.wire import Endpoints


def discovery(at: Endpoints) -> dict[str, object]:
    """The discovery document, with the members of the real service's."""
    return {
        "authorization_endpoint": at.authorize,
        "token_endpoint": at.token,
        "userinfo_endpoint": at.userinfo,
        "end_session_endpoint": at.logout,
        "issuer": at.issuer,
        "jwks_uri": at.jwks,
        "scopes_supported": ["openid", "email", "phone", "offline_access"],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
        "ui_locales_supported": ["en", "cy"],
        "service_documentation": "https://docs.sign-in.service.gov.uk/",
        "op_policy_uri": "https://signin.account.gov.uk/privacy-notice",
        "op_tos_uri": "https://signin.account.gov.uk/terms-and-conditions",
        "request_parameter_supported": True,
        "request_uri_parameter_supported": False,
        "trustmarks": at.trustmark,
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["ES256", "RS256"],
        "claim_types_supported": ["normal"],
        "claims_supported": [
            "sub",
            "email",
            "email_verified",
            "phone_number",
            "phone_number_verified",
            "wallet_subject_id",
            wire.PASSPORT,
            wire.DRIVING_PERMIT,
            wire.CORE_IDENTITY,
            wire.ADDRESS,
            wire.RETURN_CODE,
        ],
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": False,
    }


def trustmark(at: Endpoints) -> dict[str, object]:
    """The trustmark: what the vectors of trust of this issuer may hold."""
    return {
        "idp": at.issuer,
        "trustmark_provider": at.issuer,
        "C": ["Cl", "Cl.Cm"],
        "P": ["P0", "P1", "P2", "P3"],
    }
