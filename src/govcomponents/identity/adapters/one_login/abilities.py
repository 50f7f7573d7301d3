"""What a client of GOV.UK One Login can do, which its registration decides as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from govcomponents.identity.port import IdentityCapability

if TYPE_CHECKING:
    from enum import StrEnum

    from govcomponents.identity.adapters.one_login.settings import Configuration

# High confidence is known to the service, but its documentation does not offer it.
_NOT_HERE: Final = frozenset({IdentityCapability.ACCOUNT_EVENTS})
EVERYTHING: Final[frozenset[StrEnum]] = frozenset(IdentityCapability) - _NOT_HERE - {IdentityCapability.HIGH_CONFIDENCE}
_WITHOUT_A_KEY: Final[frozenset[StrEnum]] = frozenset(
    {
        IdentityCapability.SIGN_IN,
        IdentityCapability.SINGLE_FACTOR,
        IdentityCapability.TWO_FACTOR,
        IdentityCapability.PHONE,
        IdentityCapability.WALLET_SUBJECT,
        IdentityCapability.MAX_AGE,
        IdentityCapability.SIGN_OUT,
        IdentityCapability.LOGOUT_NOTICES,
        IdentityCapability.CHECK,
    }
)


def of_client(configuration: Configuration) -> frozenset[StrEnum]:
    """What this client can do: one without a key may only sign people in, and signs no requests."""
    if configuration.signer is None:
        return _WITHOUT_A_KEY
    return frozenset(IdentityCapability) - _NOT_HERE if configuration.high_confidence else EVERYTHING
