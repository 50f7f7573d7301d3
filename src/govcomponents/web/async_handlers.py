"""Web handlers for asyncio callers: sign-in, the way back, signing out, providers' callbacks and health, as data."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import parse_qs

from govcomponents.core.http.runtime import Runtime
from govcomponents.core.inputs import instance_argument, method_argument
from govcomponents.errors import (
    ConfigurationError,
    GovComponentsError,
    InvalidInput,
    NotSupported,
    SignInError,
    Unavailable,
)
from govcomponents.frames import shield
from govcomponents.identity.pending import PENDING_LIFE
from govcomponents.identity.replay_stores import MemoryReplayStore
from govcomponents.identity.urls import safe_return_path
from govcomponents.web.cookies import SignInCookies
from govcomponents.web.ended_sessions import (
    MemoryEndedSessions,
    in_store,
    keys_of,
    person_key,
    provider_session_key,
    session_key,
)
from govcomponents.web.messages import MAX_CALLBACK, Answer
from govcomponents.web.pages import page, problem, sign_in_problem
from govcomponents.web.pending_places import InStore, place_of
from govcomponents.web.person import Person
from govcomponents.web.recorded_spans import hide_callback_query_of_span
from govcomponents.web.results import NotSignedIn, SignedIn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from govcomponents.components import AsyncGovComponents
    from govcomponents.core.callbacks import Headers
    from govcomponents.identity.replay_stores import ReplayStore
    from govcomponents.web.ended_sessions import EndedSessions
    from govcomponents.web.events import Event, EventHandlers
    from govcomponents.web.messages import WebRequest
    from govcomponents.web.pending_places import PendingIn
    from govcomponents.web.person import Requirement

T = TypeVar("T")

HEALTH_LASTS: Final = 5.0
"""Seconds for which an answer about health is given again: anybody may ask, and each provider is asked over the net."""

HEALTH_WITHIN: Final = 5.0
"""Seconds in which a provider has to answer: who asks about health waits for some, and then asks no more."""

_LOG: Final = logging.getLogger("govcomponents.web")
_OVER: Final = ("purged", "disabled", "locked")
"""The changes of a person's account with which their sessions end."""


@shield
class AsyncWebHandlers:
    """The web handlers of one service, for asyncio callers. They know no framework: data in, data out.

    `cookies` keep people who are signed in. `ended` keeps who was signed out before their time, and `used` which
    sign-ins were used: several processes need stores that they share. `pending` is where sign-ins wait that are under
    way: "cookie", "session" (the request's, which has to be kept on the server), or a store.
    """

    def __init__(
        self,
        gov: AsyncGovComponents,
        cookies: SignInCookies,
        *,
        ended: EndedSessions | None = None,
        used: ReplayStore | None = None,
        pending: PendingIn = "cookie",
    ) -> None:
        operation = "WebHandlers"
        if not isinstance(getattr(gov, "runtime", None), Runtime):
            problem = f"it is of the type {type(gov).__name__}"
            fix = "give the components that the service has made"
            raise InvalidInput(field="gov", problem=problem, fix=fix, operation=operation)
        fix = "give SignInCookies([Secret(...)])"
        instance_argument(cookies, SignInCookies, field="cookies", fix=fix, operation=operation)
        if ended is not None:
            fix = "give a store such as FileEndedSessions(path), or None"
            method_argument(ended, "end", "ended_at", field="ended", fix=fix, operation=operation)
        if used is not None:
            fix = "give a store such as FileReplayStore(path), or None"
            method_argument(used, "has", "add", field="used", fix=fix, operation=operation)
        self._gov = gov
        self._cookies = cookies
        self._ended = ended or MemoryEndedSessions()
        self._used = used or MemoryReplayStore()
        self._place = place_of(pending, cookies)
        self._clock = gov.runtime.clock
        self._run = gov.runtime.transport.run_blocking
        self._health: tuple[float, Answer] | None = None

    async def prepare(self) -> None:
        """Import what the first requests need, under asyncio on a thread: neither they nor an event loop wait then."""
        make_ready = getattr(self._gov.runtime.transport, "prepare", None)
        if make_ready is not None:
            await make_ready()
        await self._run(self._import)

    def _import(self) -> None:
        for account in map(self._gov.account, self._gov.accounts):
            for component in ("pay", "notify", "identity"):
                with suppress(ConfigurationError):  # it is not configured for this account
                    getattr(account, component)
        self._cookies.prepare()

    async def person(self, request: WebRequest) -> Person | None:
        """Return the person who is signed in, or None: nobody is, their time is over, or they were signed out.

        Raises Unavailable if the store of ended sessions failed.
        """
        person = self._cookies.person(request.cookies)
        if person is None:
            return None
        keys = keys_of(person)
        ended = await self._in_store(lambda: self._ended.ended_at(keys))
        return None if ended is not None and person.signed_in_at <= ended else person

    async def require(
        self, request: WebRequest, requirement: Requirement, return_to: str, *, language: str = "en"
    ) -> Person | Answer:
        """Return the person who meets a requirement, or the answer that sends this browser to sign in.

        `return_to` is the path to come back to; one that could lead elsewhere becomes the service's first page.
        `language` is that of the provider's pages, "en" or "cy". Where the store of ended sessions failed, the answer
        tells the person so, who has signed in and may have paid. Raises what `sign_in` raises.
        """
        try:
            person = await self.person(request)
        except Unavailable as error:
            return problem(error, language)
        if person is not None and requirement.is_met_by(person, self._clock()):
            return person
        return await self.sign_in(request, requirement, return_to, again=person, language=language)

    async def sign_in(
        self,
        request: WebRequest,
        requirement: Requirement,
        return_to: str,
        *,
        again: Person | None = None,
        language: str = "en",
    ) -> Answer:
        """Start a sign-in, and return the answer that sends this browser to the provider.

        `again` is the person who is signed in and has to show more. Where the provider cannot be had, the answer tells
        the person so. Raises InvalidInput and NotSupported for a requirement that the provider cannot be asked for.
        """
        asks_anew = again is not None and requirement.max_age is not None
        try:
            signing_in = await self._gov.identity.start(
                confidence=requirement.confidence,
                authentication=requirement.authentication,
                claims=requirement.claims,
                max_age=requirement.max_age,
                sign_in_again=again.id_token if again is not None and asks_anew else None,
                return_to=safe_return_path(return_to, request.root),
                language=language,
            )
        except SignInError as error:
            return sign_in_problem(error, language)
        try:
            kept = await self._in_place(lambda: self._place.keep(request, signing_in.pending))
        except Unavailable as error:
            return sign_in_problem(error, language)
        return Answer.redirect(signing_in.url, kept)

    async def callback(self, request: WebRequest, *, language: str = "en") -> SignedIn | NotSignedIn:
        """Deal with the way back from the provider. Never raises for what the person or the provider did.

        A callback with a state that this browser did not begin changes nothing, whatever it says: anybody can make a
        link to it. One that comes twice, by the back button or a double click, leaves a person signed in; one that
        failed tells so again. `language` is that of the page, "en" or "cy".
        """
        hide_callback_query_of_span()
        state, to = _one_state(request.query), request.root
        try:
            pending = await self._in_place(lambda: self._place.find(request, state))
            if pending is None:
                return await self._not_under_way(request, state, language)
            to = safe_return_path(pending.return_to, request.root)
            if not await self._is_first(f"sign-in {state}"):
                if await self._is_used(f"failed {state}") and await self.person(request) is None:
                    return NotSignedIn(None, page(403, "not_signed_in", "unfinished", language, to), to)
                # The first of the two signed the person in, or the page that they were going to begins anew.
                ended = await self._out_of_place(request, state)
                return NotSignedIn(None, Answer.redirect(to, ended), to)
        except Unavailable as error:
            if self._cookies.person(request.cookies) is not None:  # who has signed in, and may be so still
                return NotSignedIn(error, problem(error, language), to, is_known=False)
            return NotSignedIn(error, sign_in_problem(error, language, to), to)
        try:
            identity = await self._gov.account(pending.account).identity.complete(pending, f"?{request.query}")
        except GovComponentsError as error:
            with suppress(Unavailable):  # it stays under way here, to say where they were going; it counts no more
                await self._is_first(f"failed {state}")
            return NotSignedIn(error, sign_in_problem(error, language, to), to)
        ended = await self._out_of_place(request, state)
        before = self._cookies.person(request.cookies)
        await self._end_session(before)
        person = Person.of(identity, self._clock())
        try:
            kept = self._cookies.keep_person(person)
        except InvalidInput:  # its ID token is too large: without it they sign out here only
            person = replace(person, id_token=None)
            kept = self._cookies.keep_person(person)
        answer = Answer.redirect(safe_return_path(identity.return_to, request.root), (*kept, *ended))
        is_another = before is not None and (before.issuer, before.subject) != (person.issuer, person.subject)
        return SignedIn(identity, person, answer, is_another)

    async def sign_out(self, request: WebRequest, return_to: str | None = None) -> Answer:
        """End this browser's session, and send it to the provider to end the session there too.

        `return_to` is a registered URL of the service to which the provider sends people afterwards. Take it by POST,
        behind the framework's CSRF check: a link must sign nobody out. Where the provider has no such page, or it
        cannot be had, only this session ends. A request without the session's cookie ends nothing: pages of other sites
        make such requests. Raises InvalidInput for a `return_to` that is no URL.
        """
        person = self._cookies.person(request.cookies)
        ended = self._cookies.end_person(request.cookies)
        await self._end_session(person)
        if person is None or person.id_token is None:
            return Answer.redirect(request.root, ended)
        try:
            url = await self._gov.account(person.account).identity.sign_out_url(person.id_token, return_to)
        except (NotSupported, SignInError):
            return Answer.redirect(request.root, ended)
        return Answer.redirect(url, ended)

    async def take(
        self,
        component: str,
        body: bytes,
        headers: Headers,
        handlers: EventHandlers[Awaitable[None]],
        receive: Callable[[str, bytes, Headers], Awaitable[Answer]] | None = None,
    ) -> Answer:
        """Take what a provider sent to the address of a component, let the service's handlers act, and answer.

        Read `body` up to one byte beyond MAX_CALLBACK: a longer one is refused. `receive` is that of the durable layer,
        if the service has one: it stores the event for handlers of its own, and only what ends sessions is done at
        once. What is not proved, or not dealt with, is logged; the provider sends it again.
        """
        if component not in ("pay", "notify", "identity"):
            return Answer(404)
        if len(body) > MAX_CALLBACK:
            return Answer.too_large()
        try:
            if receive is not None:
                if component == "identity":
                    await self.event(component, body, headers)
                return await receive(component, body, headers)
            event = await self.event(component, body, headers)
            for handler in handlers.for_event(event):
                await handler(event)
            return await self.done(event)
        except GovComponentsError as error:
            _LOG.warning("a callback for %s was not dealt with: %s", component, error)
            return Answer.for_error(error)

    async def event(self, component: str, body: bytes, headers: Headers) -> Event:
        """Check what a provider sent to the service: to its address for "pay", "notify" or "identity".

        A person's sessions are ended here, if that is what the event says. Act on it if your service has more to do,
        then answer with `done(event)`; where anything raises a GovComponentsError, with `Answer.for_error(error)`: the
        provider sends it again.
        Raises what `parse_callback` of that component raises.
        """
        if component == "pay":
            return await self._gov.pay.parse_callback(body, headers)
        if component == "notify":
            return await self._gov.notify.parse_callback(body, headers)
        from govcomponents.identity.events import AccountEvent, LogoutNotice  # so that a process starts sooner

        event = await self._gov.identity.parse_callback(body, headers)
        at = event.occurred_at.timestamp()
        if isinstance(event, LogoutNotice):
            if event.subject is not None:
                await self._end(person_key(event.issuer, event.subject.reveal()), at)
            elif event.session is not None:
                await self._end(provider_session_key(event.issuer, event.session.reveal()), at)
        elif isinstance(event, AccountEvent) and event.change in _OVER and event.subject is not None:
            await self._end(person_key(event.issuer, event.subject.reveal()), at)
        return event

    async def done(self, event: Event) -> Answer:
        """Return the answer to an event that your service has dealt with. One of identity is refused from then on.

        Raises Unavailable if the store of the keys of events failed: answer with `Answer.for_error(error)`.
        """
        from govcomponents.identity.events import IDENTITY_EVENTS  # so that a process starts sooner

        if isinstance(event, IDENTITY_EVENTS):
            await self._gov.identity.mark_done(event)
        return Answer.done()

    async def health(self, check_store: Callable[[], Awaitable[None]] | None = None) -> Answer:
        """Ask each provider whether it answers and takes the credential: 200 if all do, else 503, also if none is set.

        `check_store` is `check` of the durable layer, if the service has one: 503 too if its tables cannot be used. The
        answer names components, accounts and providers only; what is wrong is logged. Providers have HEALTH_WITHIN, the
        database as long as its own settings say. It is given again for HEALTH_LASTS.
        """
        now = self._clock()
        if self._health is not None and 0 <= now - self._health[0] < HEALTH_LASTS:
            return self._health[1]
        results = await self._gov.check(within=HEALTH_WITHIN)
        told = [
            {"component": one.component, "account": one.account, "provider": one.provider, "ok": one.ok}
            for one in results
        ]
        for wrong in (one for one in results if one.ok is False):
            _LOG.warning("it is not well: %s", wrong.problem)
        is_well = bool(results) and all(one.ok is not False for one in results)
        body: dict[str, object] = {"ok": is_well, "components": told}
        if check_store is not None:
            has_store = True
            try:
                await check_store()
            except GovComponentsError as error:
                _LOG.warning("it is not well: %s", error)
                has_store = False
            body |= {"ok": is_well and has_store, "store": {"ok": has_store}}
        answer = Answer.json(200 if body["ok"] else 503, body)
        self._health = now, answer
        return answer

    async def _not_under_way(self, request: WebRequest, state: str, language: str) -> NotSignedIn:
        """Deal with a state that this browser did not begin, or that is over. Raises Unavailable."""
        text, root = "over", request.root
        if await self.person(request) is not None:
            return NotSignedIn(None, Answer.redirect(root), root)
        if await self._is_used(f"failed {state}"):
            text = "unfinished"
        elif await self._is_used(f"sign-in {state}"):
            # Used, and taken out by the first of two clicks: no page to go to is known, and nothing went wrong.
            return NotSignedIn(None, Answer.redirect(root), root)
        return NotSignedIn(None, page(400, "not_signed_in", text, language, root), root)

    async def _is_first(self, key: str) -> bool:
        now = self._clock()
        return await self._in_store(lambda: self._used.add(key, now + 2 * PENDING_LIFE, now))

    async def _is_used(self, key: str) -> bool:
        now = self._clock()
        return await self._in_store(lambda: self._used.has(key, now))

    async def _out_of_place(self, request: WebRequest, state: str) -> tuple[str, ...]:
        """Take a sign-in out, which was used: a store that failed keeps nobody back, since it counts no second time."""
        try:
            return await self._in_place(lambda: self._place.end(request, state))
        except Unavailable as error:
            _LOG.error("a sign-in that was used stays in its store until its time is over: %s", error)
            return ()

    async def _in_place(self, work: Callable[[], T]) -> T:
        return await self._in_store(work) if isinstance(self._place, InStore) else work()

    async def _end(self, key: str, at: float | None = None) -> None:
        ended = self._clock() if at is None else at
        until = ended + self._cookies.life
        await self._in_store(lambda: self._ended.end(key, ended, until))

    async def _end_session(self, person: Person | None) -> None:
        """End a browser's session, whose cookie goes with the answer: a store that failed keeps nobody back."""
        if person is None:
            return
        try:
            await self._end(session_key(person))
        except Unavailable as error:
            _LOG.error("a session ended in its browser only, a copy of its cookie is good still: %s", error)

    async def _in_store(self, work: Callable[[], T]) -> T:
        return await self._run(lambda: in_store(work))


def _one_state(query: str) -> str:
    """Return the state of a callback; an empty text where it has none, or several."""
    try:
        states = parse_qs(query, keep_blank_values=True, max_num_fields=64).get("state", [])
    except ValueError:
        return ""
    return states[0] if len(states) == 1 else ""
