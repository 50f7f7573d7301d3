"""Web handlers that know no framework: sign-in, the way back, signing out, callbacks and health, as data in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.lazy import lazy_exports

if TYPE_CHECKING:
    from govcomponents.web.access_logs import (
        CallbackQueryFilter as CallbackQueryFilter,
        hide_callback_queries as hide_callback_queries,
    )
    from govcomponents.web.async_handlers import AsyncWebHandlers as AsyncWebHandlers
    from govcomponents.web.cookies import SignInCookies as SignInCookies
    from govcomponents.web.ended_sessions import (
        EndedSessions as EndedSessions,
        FileEndedSessions as FileEndedSessions,
        MemoryEndedSessions as MemoryEndedSessions,
    )
    from govcomponents.web.handlers import WebHandlers as WebHandlers
    from govcomponents.web.messages import Answer as Answer, WebRequest as WebRequest
    from govcomponents.web.pages import Problem as Problem
    from govcomponents.web.pending_places import PendingStore as PendingStore
    from govcomponents.web.person import Person as Person, Requirement as Requirement
    from govcomponents.web.results import NotSignedIn as NotSignedIn, SignedIn as SignedIn

_HOMES = {
    "web.access_logs": "CallbackQueryFilter hide_callback_queries",
    "web.async_handlers": "AsyncWebHandlers",
    "web.cookies": "SignInCookies",
    "web.ended_sessions": "EndedSessions FileEndedSessions MemoryEndedSessions",
    "web.handlers": "WebHandlers",
    "web.messages": "Answer WebRequest",
    "web.pages": "Problem",
    "web.pending_places": "PendingStore",
    "web.person": "Person Requirement",
    "web.results": "NotSignedIn SignedIn",
}

if not TYPE_CHECKING:
    __all__, __getattr__, __dir__ = lazy_exports(__name__, _HOMES)
