"""Identity: signing people in and proving who they are. `gov.identity` is an IdentityService or its asyncio twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.lazy import lazy_exports

if TYPE_CHECKING:
    from govcomponents.identity.async_service import AsyncIdentityService as AsyncIdentityService
    from govcomponents.identity.capabilities import IdentityCapability as IdentityCapability
    from govcomponents.identity.events import (
        AccountChange as AccountChange,
        AccountEvent as AccountEvent,
        CallbackAnswer as CallbackAnswer,
        IdentityEvent as IdentityEvent,
        IdentityEventKind as IdentityEventKind,
        LogoutNotice as LogoutNotice,
        UnknownEvent as UnknownEvent,
    )
    from govcomponents.identity.jose.own_keys import (
        new_private_key as new_private_key,
        published_jwks as published_jwks,
        signer_of as signer_of,
    )
    from govcomponents.identity.jose.signing import (
        CallableSigner as CallableSigner,
        KeySigner as KeySigner,
        Signer as Signer,
    )
    from govcomponents.identity.jose.shared_documents import (
        DocumentStore as DocumentStore,
        SharedDocument as SharedDocument,
    )
    from govcomponents.identity.levels import Authentication as Authentication, Claim as Claim, Confidence as Confidence
    from govcomponents.identity.models import (
        Address as Address,
        DrivingPermit as DrivingPermit,
        Identity as Identity,
        Name as Name,
        NamePart as NamePart,
        NamePartKind as NamePartKind,
        Passport as Passport,
        SignIn as SignIn,
    )
    from govcomponents.identity.pending import PendingSignIn as PendingSignIn
    from govcomponents.identity.pending_cookie import PendingCookie as PendingCookie, new_cookie_key as new_cookie_key
    from govcomponents.identity.port import RedirectCallback as RedirectCallback
    from govcomponents.identity.replay_stores import (
        FileReplayStore as FileReplayStore,
        ReplayStore as ReplayStore,
        MemoryReplayStore as MemoryReplayStore,
    )
    from govcomponents.identity.service import IdentityService as IdentityService
    from govcomponents.identity.urls import safe_return_path as safe_return_path

_HOMES = {
    "identity.async_service": "AsyncIdentityService",
    "identity.capabilities": "IdentityCapability",
    "identity.events": (
        "AccountChange AccountEvent CallbackAnswer IdentityEvent IdentityEventKind LogoutNotice UnknownEvent"
    ),
    "identity.jose.own_keys": "new_private_key published_jwks signer_of",
    "identity.jose.signing": "CallableSigner KeySigner Signer",
    "identity.jose.shared_documents": "DocumentStore SharedDocument",
    "identity.levels": "Authentication Claim Confidence",
    "identity.models": "Address DrivingPermit Identity Name NamePart NamePartKind Passport SignIn",
    "identity.pending": "PendingSignIn",
    "identity.pending_cookie": "PendingCookie new_cookie_key",
    "identity.port": "RedirectCallback",
    "identity.replay_stores": "FileReplayStore ReplayStore MemoryReplayStore",
    "identity.service": "IdentityService",
    "identity.urls": "safe_return_path",
}

if not TYPE_CHECKING:
    __all__, __getattr__, __dir__ = lazy_exports(__name__, _HOMES)
