"""Places where sign-ins that are under way wait for the person: the browser's cookies, its session, or a store.

Whatever the place, a sign-in is sealed there, belongs to the browser that began it, and is one of MAX_PENDING. That it
counts once is not the place's business: neither a cookie nor a session can be taken out by one request alone.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias, runtime_checkable

from govcomponents.errors import ConfigurationError, InvalidInput
from govcomponents.identity.pending import PENDING_LIFE
from govcomponents.web.cookies import end_cookie, name_of_state, set_cookie

if TYPE_CHECKING:
    from collections.abc import Iterable

    from govcomponents.identity.pending import PendingSignIn
    from govcomponents.web.cookies import SignInCookies
    from govcomponents.web.messages import WebRequest

MAX_PENDING: Final = 5
"""How many sign-ins one browser may have under way, in tabs of its own: each takes about 1 KiB."""

NO_SESSION: Final = "sign-ins are to wait in the session, and there is none that is kept on the server"
"""What is wrong where the session is a cookie, or there is no session."""

SESSION_FIX: Final = (
    "keep it on the server, such as in your database, or leave the setting out: cookies need no session"
)
"""How to mend a session that cannot keep sign-ins."""

_COOKIE: Final = "__Host-gov-signing-in."
_COOKIE_NAME: Final = re.compile(r"__Host-gov-signing-in\.[0-9]{16}\.[0-9a-f]{24}")
_IN_SESSION: Final = "govcomponents.signing_in"
_BROWSER: Final = "__Host-gov-browser"
_BROWSER_ID: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@runtime_checkable
class PendingStore(Protocol):
    """A store of sign-ins that are under way, which the processes of a service share. Safe to share between threads.

    A `key` names one sign-in, and `browser` the browser that began it: keep hashes of both. `sealed` tells nobody
    anything. Times are in seconds since the epoch.
    """

    def keep(self, browser: str, key: str, sealed: str, until: float, now: float, limit: int) -> None:
        """Keep a sign-in until a time. Of this browser's, only the newest stay, `limit` of them with this one."""
        ...

    def find(self, key: str, now: float) -> str | None:
        """Return what is kept under a key now, or None."""
        ...

    def end(self, key: str) -> None:
        """Take out what is kept under a key, if it is there."""
        ...


class PendingPlace(Protocol):
    """A place where sign-ins wait. Each method takes the request of the browser that they belong to."""

    def keep(self, request: WebRequest, pending: PendingSignIn) -> tuple[str, ...]:
        """Keep a sign-in, and return the cookies to be set. Raises InvalidInput if it is too large."""
        ...

    def find(self, request: WebRequest, state: str) -> PendingSignIn | None:
        """Return the sign-in of a state that this browser began, or None."""
        ...

    def end(self, request: WebRequest, state: str) -> tuple[str, ...]:
        """Take a sign-in out, and return the cookies to be set."""
        ...


PendingIn: TypeAlias = Literal["cookie", "session", "database"] | PendingStore
"""A place by its name, or the store that is one. Which database it is, is known to the shell of a framework."""


def place_of(pending: PendingIn, cookies: SignInCookies) -> PendingPlace:
    """Return the place that a service names. Raises ConfigurationError if there is none such."""
    if pending == "cookie":
        return InCookies(cookies)
    if pending == "session":
        return InSession(cookies)
    if isinstance(pending, PendingStore):
        return InStore(cookies, pending)
    raise ConfigurationError(
        "sign-ins that are under way have no such place to wait in",
        fix='give "cookie", "session", a store, or with a durable layer "database"',
    )


class InCookies:
    """The place that needs nothing on the server: a cookie for each sign-in."""

    def __init__(self, cookies: SignInCookies) -> None:
        self._cookies = cookies

    def keep(self, request: WebRequest, pending: PendingSignIn) -> tuple[str, ...]:
        """Return the cookie of a sign-in, and the end of those beyond MAX_PENDING."""
        name = f"{_COOKIE}{int(self._cookies.clock() * 1_000_000):016}.{name_of_state(pending.state.reveal())}"
        older = sorted(name for name in request.cookies if _COOKIE_NAME.fullmatch(name))  # others are not ours to end
        ended = [end_cookie(name) for name in older[: max(0, len(older) - MAX_PENDING + 1)]]
        return (set_cookie(name, self._cookies.seal_pending(pending), PENDING_LIFE), *ended)

    def find(self, request: WebRequest, state: str) -> PendingSignIn | None:
        """Return the sign-in whose cookie came."""
        return _opened(self._cookies, (request.cookies[name] for name in self._names(request, state)), state)

    def end(self, request: WebRequest, state: str) -> tuple[str, ...]:
        """Return the end of the cookie."""
        return tuple(end_cookie(name) for name in self._names(request, state))

    @staticmethod
    def _names(request: WebRequest, state: str) -> list[str]:
        ending = f".{name_of_state(state)}"
        return [name for name in request.cookies if _COOKIE_NAME.fullmatch(name) and name.endswith(ending)]


class InSession:
    """The place in the service's own session, which has to be kept on the server: a cookie cannot hold five sign-ins.

    Two tabs that begin at the same moment may lose one of the two: a session is written as a whole.
    """

    def __init__(self, cookies: SignInCookies) -> None:
        self._cookies = cookies

    def keep(self, request: WebRequest, pending: PendingSignIn) -> tuple[str, ...]:
        """Keep a sign-in in the session. Raises ConfigurationError if the request has none."""
        if request.session is None:
            raise ConfigurationError(NO_SESSION, fix=SESSION_FIX)
        kept = [name_of_state(pending.state.reveal()), self._cookies.seal_pending(pending)]
        request.session[_IN_SESSION] = [*_in_session(request), kept][-MAX_PENDING:]
        return ()

    def find(self, request: WebRequest, state: str) -> PendingSignIn | None:
        """Return the sign-in that is in the session."""
        name = name_of_state(state)
        return _opened(self._cookies, (sealed for known, sealed in _in_session(request) if known == name), state)

    def end(self, request: WebRequest, state: str) -> tuple[str, ...]:
        """Take it out of the session."""
        if request.session is not None:
            name = name_of_state(state)
            request.session[_IN_SESSION] = [one for one in _in_session(request) if one[0] != name]
        return ()


def _in_session(request: WebRequest) -> list[list[str]]:
    """Return the names and sealed sign-ins in a session, oldest first, as far as they have the form of ours."""
    found = None if request.session is None else request.session.get(_IN_SESSION)
    if not isinstance(found, list):
        return []
    return [list(one) for one in found if isinstance(one, (list, tuple)) and [type(part) for part in one] == [str, str]]


class InStore:
    """The place in a store on the server: the browser has only a random id, in a cookie, which the key holds too."""

    def __init__(self, cookies: SignInCookies, store: PendingStore) -> None:
        self._cookies = cookies
        self._store = store

    def keep(self, request: WebRequest, pending: PendingSignIn) -> tuple[str, ...]:
        """Keep a sign-in in the store, and return the cookie that names the browser."""
        browser = _browser(request) or secrets.token_urlsafe(32)
        now = self._cookies.clock()
        key, sealed = _key(browser, pending.state.reveal()), self._cookies.seal_pending(pending)
        self._store.keep(browser, key, sealed, now + PENDING_LIFE, now, MAX_PENDING)
        return (set_cookie(_BROWSER, browser, PENDING_LIFE),)

    def find(self, request: WebRequest, state: str) -> PendingSignIn | None:
        """Return the sign-in that is in the store under this browser."""
        browser = _browser(request)
        found = browser and self._store.find(_key(browser, state), self._cookies.clock())
        return _opened(self._cookies, (found,), state) if found else None

    def end(self, request: WebRequest, state: str) -> tuple[str, ...]:
        """Take it out of the store."""
        if browser := _browser(request):
            self._store.end(_key(browser, state))
        return ()


def _browser(request: WebRequest) -> str | None:
    found = request.cookies.get(_BROWSER, "")
    return found if _BROWSER_ID.fullmatch(found) else None


def _key(browser: str, state: str) -> str:
    return f"{browser} {state}"


def _opened(cookies: SignInCookies, sealed: Iterable[str], state: str) -> PendingSignIn | None:
    """Return the sign-in of a state among what was kept: what is spoilt, too old or of another state is none."""
    for one in sealed:
        try:
            pending = cookies.open_pending(one)
        except InvalidInput:
            continue
        if pending.state.reveal() == state:
            return pending
    return None
