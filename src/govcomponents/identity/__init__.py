"""Identity: signing people in and proving who they are. `gov.identity` is an IdentityService or its asyncio twin."""

from __future__ import annotations

from govcomponents.identity.jose.signing import CallableSigner, Signer
from govcomponents.identity.levels import Authentication, Claim, Confidence
from govcomponents.identity.models import (
    Address,
    DrivingPermit,
    Identity,
    Name,
    NamePart,
    NamePartKind,
    Passport,
    SignIn,
)
from govcomponents.identity.pending import PendingSignIn
from govcomponents.identity.pending_cookie import PendingCookie, new_cookie_key
from govcomponents.identity.port import IdentityCapability
from govcomponents.identity.protocol.logout import LogoutAnswer, LogoutNotice, answer_to
from govcomponents.identity.protocol.logout_stores import FileLogoutStore, LogoutStore, MemoryLogoutStore
from govcomponents.identity.urls import safe_return_path

__all__ = [
    "Address",
    "Authentication",
    "CallableSigner",
    "Claim",
    "Confidence",
    "DrivingPermit",
    "FileLogoutStore",
    "Identity",
    "IdentityCapability",
    "LogoutAnswer",
    "LogoutNotice",
    "LogoutStore",
    "MemoryLogoutStore",
    "Name",
    "NamePart",
    "NamePartKind",
    "Passport",
    "PendingCookie",
    "PendingSignIn",
    "SignIn",
    "Signer",
    "answer_to",
    "new_cookie_key",
    "safe_return_path",
]
