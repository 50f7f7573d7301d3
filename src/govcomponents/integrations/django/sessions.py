"""Django's session of a person who is signed in: it begins, and ends, with theirs.

MIDDLEWARE = [..., "django.contrib.auth.middleware.AuthenticationMiddleware",
              "govcomponents.integrations.django.sessions.PersonMiddleware"]
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string

from govcomponents.errors import Unavailable
from govcomponents.frames import leaving_own_frames_behind
from govcomponents.integrations.django.service import ASKED, gov

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from govcomponents.web.person import Person
    from govcomponents.web.results import SignedIn

    AnyUser: TypeAlias = AbstractBaseUser | AnonymousUser

_SESSION: Final = "_govcomponents_session"


def backends() -> list[str]:
    """Return the backends of the project that take people who signed in, by their paths.

    Django's own take nobody, and cannot be imported in a project without its users, of which one is the default.
    """
    others = [path for path in settings.AUTHENTICATION_BACKENDS if not path.startswith("django.contrib.auth.")]
    return [path for path in others if hasattr(import_string(path), "user_of_identity")]


def begin(request: HttpRequest, ended: SignedIn) -> bool:
    """Begin the session of a person who has just signed in, under a new id. False if the project knows no such user.

    What the session held of somebody else who was signed in in this browser before is dropped.
    """
    session = getattr(request, "session", None)
    if session is None:
        return True
    if ended.is_another:
        session.flush()
    if backends():
        from django.contrib.auth import authenticate, login

        user = authenticate(request, identity=ended.identity)
        if user is None:
            return False
        login(request, user)
        session[_SESSION] = _digest(ended.person)
    elif session.session_key:
        session.cycle_key()
    return True


def end(request: HttpRequest) -> None:
    """End the session of the person who signs out, and forget what it holds."""
    session = getattr(request, "session", None)
    if session is None:
        return
    if hasattr(request, "user"):
        from django.contrib.auth import logout

        logout(request)
    else:
        session.flush()


def _digest(person: Person) -> str:
    return hashlib.sha256(person.session.reveal().encode()).hexdigest()


@sync_and_async_middleware
def PersonMiddleware(  # noqa: N802  # Django's settings name it, as they name its own, which are classes
    get_response: Callable[[HttpRequest], Any],
) -> Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]:
    """Middleware that signs a user of `Backend` out where the person is, and lets no cache mix people up.

    A person who signed out, here or at the provider, or whose time is over, is no user from the next request on. Pages
    for which the person was asked differ by cookie. Stands after Django's AuthenticationMiddleware.
    """

    @leaving_own_frames_behind
    def served(request: HttpRequest) -> HttpResponseBase:
        _bind_user(request)
        return _marked(request, get_response(request))

    @leaving_own_frames_behind
    async def awaited(request: HttpRequest) -> HttpResponseBase:
        _bind_user(request)
        return _marked(request, await get_response(request))

    return awaited if iscoroutinefunction(get_response) else served


def _bind_user(request: HttpRequest) -> None:
    """Put a user in the request's place of it who is only looked up when asked for, as Django's is."""
    if not hasattr(request, "user"):
        return
    before = request.user
    present: Any = SimpleLazyObject(lambda: _user(request, before))

    async def awaited() -> AnyUser:
        return await sync_to_async(lambda: _user(request, before))()

    request.user = present
    vars(request)["auser"] = awaited


@leaving_own_frames_behind
def _user(request: HttpRequest, user: AnyUser) -> AnyUser:
    from django.contrib.auth import logout
    from django.contrib.auth.models import AnonymousUser

    if not user.is_authenticated or _SESSION not in request.session:
        return user
    try:
        person = gov.person(request)
    except Unavailable:  # it cannot be known now: nobody's session is ended for that
        return AnonymousUser()
    if person is not None and request.session[_SESSION] == _digest(person):
        return user
    request.user = user  # for signals of the logout; the lazy one would ask for itself
    logout(request)
    return AnonymousUser()


def _marked(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if ASKED in vars(request):
        patch_vary_headers(response, ("Cookie",))
    return response
