"""The capabilities of identity adapters: what each declares that it can do."""

from __future__ import annotations

from enum import StrEnum

from govcomponents.identity.levels import Authentication, Confidence


class IdentityCapability(StrEnum):
    """A capability that an identity adapter may declare. Each of them is proved by the contract."""

    SIGN_IN = "sign_in"
    SINGLE_FACTOR = "single_factor"
    TWO_FACTOR = "two_factor"
    LOW_CONFIDENCE = "low_confidence"
    MEDIUM_CONFIDENCE = "medium_confidence"
    HIGH_CONFIDENCE = "high_confidence"
    PHONE = "phone"
    WALLET_SUBJECT = "wallet_subject"
    ADDRESS = "address"
    PASSPORT = "passport"
    DRIVING_PERMIT = "driving_permit"
    RETURN_CODES = "return_codes"
    MAX_AGE = "max_age"
    REAUTHENTICATION = "reauthentication"
    LOGIN_HINT = "login_hint"
    SIGN_OUT = "sign_out"
    LOGOUT_NOTICES = "logout_notices"
    ACCOUNT_EVENTS = "account_events"
    CHECK = "check"


OF_CONFIDENCE = {
    Confidence.LOW: IdentityCapability.LOW_CONFIDENCE,
    Confidence.MEDIUM: IdentityCapability.MEDIUM_CONFIDENCE,
    Confidence.HIGH: IdentityCapability.HIGH_CONFIDENCE,
}
OF_AUTHENTICATION = {
    Authentication.SINGLE_FACTOR: IdentityCapability.SINGLE_FACTOR,
    Authentication.TWO_FACTOR: IdentityCapability.TWO_FACTOR,
}
