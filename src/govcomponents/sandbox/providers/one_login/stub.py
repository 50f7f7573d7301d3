"""The GOV.UK One Login stub: its routes and its state.

Where the official simulator and the real service differ, this follows the real one: codes are used once and expire,
PKCE is checked whenever a challenge was sent, identity that is not proved gives no core identity, a caller without a
User-Agent is turned away.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from govcomponents.core.http.messages import Response
from govcomponents.identity.adapters.one_login import wire
from govcomponents.identity.adapters.one_login.wire import endpoints_of
from govcomponents.sandbox.http.messages import Call, Route, json_response, redirect, text_response
from govcomponents.sandbox.identity_provider.expiring_store import ExpiringStore
from govcomponents.sandbox.identity_provider.keys import PURPOSES, SigningKeys
from govcomponents.sandbox.identity_provider.records import SignInRecords
from govcomponents.sandbox.identity_provider.refusals import caller_of, remedy_of
from govcomponents.sandbox.identity_provider.token_faults import corrupt
from govcomponents.sandbox.plugins.provider import Fact
from govcomponents.sandbox.providers.one_login.clients import Clients, TokenRefusal
from govcomponents.sandbox.providers.one_login.keys import private_jwk
from govcomponents.sandbox.providers.one_login.records import person_record
from govcomponents.sandbox.providers.one_login.requests import (
    AuthorizationRequest,
    RequestReader,
    SentRefusal,
    ShownRefusal,
)
from govcomponents.sandbox.providers.one_login.responses import (
    TokenResponses,
    back,
    blocked,
    discovery,
    sent_back,
    trustmark,
    verifier_fits,
    without_user_agent,
)
from govcomponents.sandbox.providers.one_login.sign_in_page import SignInPage
from govcomponents.sandbox.providers.one_login.sign_ins import DENIED, ENDINGS, OUTCOME_OF_ERROR, Grant, Outcome
from govcomponents.sandbox.providers.one_login.sign_out import LogoutNotices, SignOuts
from govcomponents.sandbox.providers.one_login.world import Client, OneLoginWorld, Person

if TYPE_CHECKING:
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.plugins.records import Record

SIGN_IN_PATH = "/_sandbox/sign-in"
_OWN_PATHS = ("/authorize", "/token", "/userinfo", "/logout", "/trustmark", "/connect/register")
_WAITING_FOR = 3600


class OneLoginStub(SignInRecords):
    """GOV.UK One Login. Safe to share between threads.

    `sign_in_as` chooses who signs in at once, and how it ends.
    """

    section = "one_login"

    def __init__(self, world: OneLoginWorld, context: SandboxContext) -> None:
        self._context = context
        self._world = world
        self._chosen: tuple[Person | None, Outcome, tuple[str, ...] | None] | None = None
        self._lock = threading.Lock()
        self._people = {person.symbol: person for person in world.people}
        self._lifetimes = world.lifetimes
        self._at = endpoints_of(context.base_url)
        self.keys = SigningKeys(context.ids.token())
        self._clients = Clients(world, context.clock.time, context.destinations.permits)
        self._reader = RequestReader(self._clients, authorize_url=self._at.authorize)
        self._responses = TokenResponses(self._at, self.keys, world.lifetimes)
        self._page = SignInPage(self._people)
        self._waiting: ExpiringStore[AuthorizationRequest] = ExpiringStore(context.clock)
        self._codes: ExpiringStore[Grant] = ExpiringStore(context.clock)
        self._tokens: ExpiringStore[Grant] = ExpiringStore(context.clock)
        self._signed_in = 0
        self._keep_records(context.clock)
        self._notices = LogoutNotices(context, self._at, self.keys)
        self._sign_outs = SignOuts(self._at, self.keys, self._clients)

    def routes(self) -> Iterable[Route]:
        """The real paths of the provider, and the page for people."""
        return [
            Route("GET", "/.well-known/openid-configuration", self._discovery, "discovery"),
            Route("GET", "/.well-known/jwks.json", self._jwks, "jwks"),
            Route("GET", "/.well-known/did.json", self._did, "did"),
            Route("GET", "/trustmark", self._trustmark, "trustmark"),
            Route("GET", "/authorize", self._authorize, "authorize"),
            Route("GET", SIGN_IN_PATH, self._show_sign_in, "sign_in_page"),
            Route("POST", SIGN_IN_PATH, self._submit_sign_in, "sign_in"),
            Route("POST", "/token", self._token, "token"),
            Route("GET", "/userinfo", self._userinfo, "userinfo"),
            Route("GET", "/logout", self._logout, "logout"),
            Route("GET", "/signed-out", self._signed_out, "signed_out"),
        ]

    def owns(self, path: str) -> bool:
        """Its own paths, and everything else below /.well-known/."""
        return path in _OWN_PATHS or path.startswith("/.well-known/")

    def missing(self, call: Call, allowed: frozenset[str]) -> Response:
        """Refuse a path that is not there, or a method."""
        if call.path == "/authorize":
            return text_response(405, f"Method {call.method} not allowed\n", {"allow": "GET"})
        return text_response(404, "There is nothing here.\n")

    def client_settings(self) -> dict[str, object] | None:
        """The settings of the first client whose private key the world holds."""
        keys = {key.symbol: key for key in self._world.keys}
        for client in self._world.clients:
            key = keys.get(client.key) if client.key is not None else None
            jwk = private_jwk(key) if key is not None else None
            if client.token_auth_method == "private_key_jwt" and jwk is not None:  # noqa: S105  # a method's name
                settings: dict[str, object] = {
                    "client_id": client.client_id,
                    "private_key": json.dumps(dict(jwk), separators=(",", ":")),
                    "redirect_url": client.redirect_urls[0],
                    "issuer": self._context.base_url,
                }
                if client.id_token_signing_algorithm == "RS256":  # noqa: S105  # an algorithm's name
                    settings["id_token_algorithm"] = client.id_token_signing_algorithm
                return settings
        return None

    def person_record(self, person: str) -> Record | None:
        """A person as a record."""
        return person_record(self._people[person]) if person in self._people else None

    def key_ids(self) -> Sequence[str]:
        """The ids of the keys that are published."""
        return [key.key_id for purpose in PURPOSES for key in self.keys.published(purpose)]

    def caller(self, call: Call) -> str:
        """Name the client that a call is of, by what it says of itself."""
        return caller_of(call, [client.client_id for client in self._world.clients])

    def remedy(self, call: Call) -> str:
        """Say what of a browser's request is not registered, and how to register it."""
        return remedy_of(call, {one.client_id: one.redirect_urls for one in self._world.clients}, "one_login")

    def summary(self) -> Iterable[Fact]:
        """Counts of services, people and finished sign-ins."""
        return [
            Fact("Services", str(len(self._world.clients))),
            Fact("People who can sign in", str(len(self._world.people)), "/_sandbox/people"),
            Fact("Sign-ins finished", str(self._signed_in), "/_sandbox/sign-ins"),
        ]

    def corrupt(self, fault: str, response: Response) -> Response:
        """Corrupt the tokens of a response, or where it redirects to, as a fault says."""
        return corrupt(fault, response, self.keys)

    # -- for tests and for whoever plays the person -------------------------------------------------------------------

    @property
    def people(self) -> tuple[str, ...]:
        """The symbols of the people who can sign in."""
        return tuple(self._people)

    def sign_in_as(
        self, person: str | None = None, outcome: Outcome = Outcome.SUCCESS, return_codes: tuple[str, ...] | None = None
    ) -> None:
        """From now on sign in this person at once, with this outcome. Raises KeyError for somebody who is not there.

        Without a person it is the one whom the world names for the client. `return_codes` replace the person's own.
        """
        chosen = None if person is None else self._people[person]
        with self._lock:
            self._chosen = (chosen, Outcome(outcome), return_codes)

    def sign_in_as_the_world_says(self) -> None:
        """Undo `sign_in_as`."""
        with self._lock:
            self._chosen = None

    def sign_out_everywhere(self, person: str) -> list[str]:
        """End a person's session at the provider, as an intervention or a sign-out elsewhere does.

        Every service to which they signed in, and that has a `back_channel_logout_url`, is told. Returns the ids of
        the callbacks. Raises KeyError for somebody who is not there.
        """
        self._record("The person was signed out everywhere", self._people[person].email)
        return self._notices.signed_out(self._people[person].sub)

    def delete_account(self, person: str) -> list[str]:
        """Delete a person's account: every service is told as at a sign-out, and who comes back has another subject.

        Returns the ids of the callbacks. Raises KeyError for somebody who is not there.
        """
        found = self._people[person]
        told = self._notices.signed_out(found.sub)
        place, colon, _ = found.sub.rpartition(":")
        renewed = found.model_copy(update={"sub": f"{place}{colon}{self._context.ids.token()}"})
        with self._lock:
            self._people[person] = renewed
            if self._chosen is not None and self._chosen[0] is found:
                self._chosen = (renewed, *self._chosen[1:])
        self._record("The person deleted their account", found.email)
        return told

    # -- documents ----------------------------------------------------------------------------------------------------

    def _discovery(self, call: Call) -> Response:
        return without_user_agent(call) or json_response(200, discovery(self._at), {"cache-control": "max-age=86400"})

    def _jwks(self, call: Call) -> Response:
        return without_user_agent(call) or json_response(200, self.keys.jwks(), {"cache-control": "max-age=86400"})

    def _did(self, call: Call) -> Response:
        document = self.keys.did_document(self._at.did)
        return without_user_agent(call) or json_response(200, document, {"cache-control": "max-age=3600, private"})

    def _trustmark(self, call: Call) -> Response:
        return without_user_agent(call) or json_response(200, trustmark(self._at))

    # -- signing in ---------------------------------------------------------------------------------------------------

    def _authorize(self, call: Call) -> Response:
        if len(call.query_string) > wire.MAX_AUTHORIZE_QUERY:
            return blocked()
        try:
            request = self._reader.read(dict(call.query), self._context.callers_time())
        except ShownRefusal as refused:
            return self._page.refused(call, refused.status, refused.text, self._world.clients)
        except SentRefusal as refused:
            return sent_back(refused)
        with self._lock:
            chosen = self._chosen
        if chosen is not None:
            person, outcome, codes = chosen
            return self._end(request, person or self._usual_person(request.client), outcome, codes)
        client = request.client
        if self._context.sign_in != "page" and client.authorize_error is not None:
            return self._end(request, None, OUTCOME_OF_ERROR[client.authorize_error], None)
        if self._context.sign_in == "at_once" or (self._context.sign_in is None and client.signs_in is not None):
            return self._end(request, self._usual_person(client), Outcome.SUCCESS, None)
        ticket = self._context.ids.token()
        self._waiting.put(ticket, request, _WAITING_FOR)
        return redirect(f"{call.base_url}{SIGN_IN_PATH}?{urlencode({'request': ticket, 'lng': request.language})}")

    def _usual_person(self, client: Client) -> Person | None:
        if client.signs_in is not None:
            return self._people[client.signs_in]
        return next(iter(self._people.values()), None)

    def _show_sign_in(self, call: Call) -> Response:
        query = dict(call.query)
        ticket = query.get("request", "")
        return self._page.show(ticket, self._waiting.look(ticket), query.get("lng", "en"))

    def _submit_sign_in(self, call: Call) -> Response:
        form = dict(call.form)
        ticket = form.get("request", "")
        language = form.get("lng", "en")
        request = self._waiting.look(ticket)
        if request is None:
            return self._page.show(ticket, None, language)
        choice = self._page.read(form)
        if choice is None:
            return self._page.show(ticket, request, language, chosen=form)
        person, outcome, codes = choice
        if outcome not in (Outcome.IN_PERSON, Outcome.CLOSED) and self._waiting.take(ticket) is None:
            return self._page.show(ticket, None, language)
        if outcome in (Outcome.IN_PERSON, Outcome.CLOSED):
            self._record(f"The person ended the journey: {outcome.value.replace('_', ' ')}")
            return self._page.ended(request, outcome, language)
        return self._end(request, person, outcome, codes)

    def _end(
        self,
        request: AuthorizationRequest,
        person: Person | None,
        outcome: Outcome,
        return_codes: tuple[str, ...] | None,
    ) -> Response:
        """Send the person back with a code or with an error."""
        if outcome in ENDINGS:
            symbol = "" if person is None else person.symbol
            self._sign_ins.add(symbol, request.client.client_id, outcome.value.replace("_", " "))
            self._record(f"The sign-in ended: {outcome.value.replace('_', ' ')}")
            return sent_back(request.refuse(*ENDINGS[outcome]))
        if outcome in (Outcome.IN_PERSON, Outcome.CLOSED):
            return self._page.ended(request, outcome, request.language)
        if person is None:
            return sent_back(request.refuse("server_error", "the sandbox's world has no people"))
        if request.id_token_hint is not None and "login" in request.prompts:
            who = self._sign_outs.subject({"id_token_hint": request.id_token_hint})
            if who is None:
                return sent_back(request.refuse("invalid_request", "Unable to validate id_token_hint"))
            if who != person.sub:
                self._record("Another person signed in than the one who was to sign in again")
                return sent_back(request.refuse("login_required", "Login required"))
        reached = self._reached(request, person, outcome)
        codes = _letters(person.return_codes) if return_codes is None else return_codes
        if outcome is Outcome.NOT_PROVED and not codes:
            codes = ("A",)
        if request.levels and reached is None and wire.RETURN_CODE not in request.claims:
            self._record("The person signed in; identity was not proved", person.email)
            return sent_back(request.refuse("access_denied", DENIED))
        grant = Grant(request, person, int(self._context.callers_time()), self._context.ids.token(22), reached, codes)
        code = self._context.ids.token()
        self._codes.put(code, grant, self._lifetimes.code)
        levels = ", ".join(request.levels)
        result = f"signed in, proved to {reached}" if reached else "signed in"
        self._sign_ins.add(person.symbol, request.client.client_id, result, levels=levels, code=code)
        proved = f", identity proved to {reached}" if reached else ", identity was not proved" if request.levels else ""
        self._record(f"The person signed in{proved}", person.email)
        return back(request.redirect_url, {"code": code, "state": request.state}, fragment=request.fragment)

    def _reached(self, request: AuthorizationRequest, person: Person, outcome: Outcome) -> str | None:
        """The highest level that was asked for and that the person is proved to."""
        if outcome is Outcome.NOT_PROVED or person.core_identity is None:
            return None
        return max((level for level in request.levels if level <= person.level_of_confidence), default=None)

    def rotate_keys(self) -> None:
        """Change every signing key at once; what was signed with the old ones no longer verifies."""
        for purpose in PURPOSES:
            self.keys.rotate(purpose)

    # -- tokens -------------------------------------------------------------------------------------------------------

    def _token(self, call: Call) -> Response:
        if blocked := without_user_agent(call):
            return blocked
        now = self._context.callers_time()
        try:
            grant = self._redeem(call, now)
        except TokenRefusal as refused:
            return json_response(refused.status, refused.body, {"cache-control": "no-store"})
        self._sign_ins.exchanged(dict(call.form).get("code", ""))
        access_token = self._responses.access_token(grant, self._context.ids.token(), int(now))
        self._tokens.put(access_token, grant, self._lifetimes.access_token)
        with self._lock:
            self._signed_in += 1
        self._notices.signed_in(grant.person.sub, grant.request.client)
        response = self._responses.tokens(grant, access_token, int(now))
        return json_response(200, response, {"cache-control": "no-store"})

    def _redeem(self, call: Call, now: float) -> Grant:
        kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
        form = dict(call.form) if kind in ("", "application/x-www-form-urlencoded") else {}
        if not form.get("grant_type"):
            raise TokenRefusal("invalid_request", "Request is missing grant_type parameter")
        if form["grant_type"] != "authorization_code":
            raise TokenRefusal("unsupported_grant_type", "Unsupported grant type")
        for name in ("redirect_uri", "code"):
            if not form.get(name):
                raise TokenRefusal("invalid_request", f"Request is missing {name} parameter")
        client = self._clients.authenticate(form, audiences=frozenset({self._at.issuer, self._at.token}), now=now)
        grant = self._codes.take(form["code"])  # whatever is wrong from here on, the code is used up
        if grant is None or grant.request.client.client_id != client.client_id:
            raise TokenRefusal("invalid_grant", "Invalid grant")
        if grant.request.redirect_url != form["redirect_uri"]:
            raise TokenRefusal("invalid_grant", "Invalid grant")
        if not verifier_fits(grant.request.code_challenge, form.get("code_verifier")):
            raise TokenRefusal("invalid_grant", "PKCE code verification failed")
        return grant

    def _userinfo(self, call: Call) -> Response:
        if blocked := without_user_agent(call):
            return blocked
        authorization = call.headers.get("authorization")
        if authorization is None:
            return Response(401, {"www-authenticate": "Bearer"}, b"")
        scheme, _, token = authorization.partition(" ")
        grant = self._tokens.look(token) if scheme.lower() == "bearer" else None
        if grant is None:
            challenge = 'Bearer error="invalid_token", error_description="Invalid access token"'
            return Response(401, {"www-authenticate": challenge}, b"")
        response = self._responses.userinfo(grant, int(self._context.callers_time()))
        return json_response(200, response, {"cache-control": "no-store"})

    # -- signing out --------------------------------------------------------------------------------------------------

    def _logout(self, call: Call) -> Response:
        if len(call.query_string) > wire.MAX_LOGOUT_QUERY:
            return blocked()
        query = dict(call.query)
        if who := self._sign_outs.subject(query):
            self._record("The person signed out")
            self._notices.signed_out(who)
        return redirect(self._sign_outs.redirect_url(query))

    def _signed_out(self, call: Call) -> Response:
        return self._page.signed_out(dict(call.query))

    def _record(self, happened: str, person: str | None = None) -> None:
        self._context.timeline.record("identity", happened, person=person)


def _letters(codes: Iterable[Any]) -> tuple[str, ...]:
    return tuple(str(entry["code"]) for entry in codes if isinstance(entry, dict) and "code" in entry)
