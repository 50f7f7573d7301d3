"""Claims as providers really send them: booleans as text, odd dates, control characters, signed and unsigned."""

import pytest

from .support import (
    ABOUT,
    MEDIUM,
    NOW,
    PROVED,
    desk,
    profile,
    sign_in,
)


def test_booleans_may_come_as_text():
    """W25: Cognito, Apple, PayPal and others."""
    fake, service = desk(found=profile(about=ABOUT | {"email_verified": "true", "phone_number_verified": "true"}))
    identity = sign_in(fake, service, **MEDIUM)
    assert identity.email_verified
    assert identity.phone_verified


def test_what_is_signed_is_not_replaced_by_what_is_not():
    """F11."""
    signed = {"acr": PROVED, "given_name": "Signed", "birthdate": "1984-02-29", "auth_time": NOW - 60}
    unsigned = {"given_name": "Other", "birthdate": "2001-01-01", "auth_time": 5, "family_name": "Example"}
    fake, service = desk(found=profile(id_token=signed, about=unsigned))
    identity = sign_in(fake, service, **MEDIUM)
    assert identity.name.full.reveal() == "Signed Example"
    assert identity.birth_date.reveal().isoformat() == "1984-02-29"
    assert identity.authenticated_at.timestamp() == NOW - 60
    assert identity.raw["given_name"] == "Signed"


@pytest.mark.parametrize(("other", "verified"), [("other@example.com", False), ("a@example.com", True)])
def test_an_address_is_verified_only_if_that_was_said_of_itself(other, verified):
    signed = {"acr": PROVED, "email": "a@example.com"}
    fake, service = desk(found=profile(id_token=signed, about={"email": other, "email_verified": True}))
    identity = sign_in(fake, service, **MEDIUM)
    assert identity.email.reveal() == "a@example.com"
    assert identity.email_verified is verified


HARMFUL = ["\0", "\r\nBcc: c@d", "\ud800", "\u202e", "\x1b[31m", "\x85", "\u2028", "\u2029", "\ufeff", "\u200b"]


@pytest.mark.parametrize("harm", HARMFUL, ids=ascii)
def test_no_control_character_is_handed_on(harm):
    """F13."""
    address = {"formatted": f"7 Example{harm} Road\r\nEX1 1AA", "locality": f"Exam{harm}ple"}
    about = {"email": f"a@b{harm}", "email_verified": True, "given_name": f"Sam{harm}", "family_name": "Example"}
    fake, service = desk(found=profile(about=about | {"phone_number": f"+44{harm}", "address": address}))
    identity = sign_in(fake, service, **MEDIUM)
    assert (identity.email, identity.email_verified, identity.phone) == (None, False, None)
    (home,) = identity.addresses
    shown = [identity.name.full.reveal(), home.locality.reveal(), *home.lines.reveal().split("\n")]
    assert all(text.isprintable() and text.encode() for text in shown)
    assert home.lines.reveal().endswith("Road\nEX1 1AA")


@pytest.mark.parametrize(
    "day", ["1984-W01-1", "19840229", "+984-01-01", "1984", "0000-02-29", "1984-2-29", "१९८४-02-29", ""]
)
def test_no_date_is_guessed(day):
    """F12."""
    fake, service = desk(found=profile(about=ABOUT | {"birthdate": day}))
    assert sign_in(fake, service, **MEDIUM).birth_date is None
