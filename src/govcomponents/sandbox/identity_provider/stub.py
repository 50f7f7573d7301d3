"""The stub of an OpenID provider: its routes and its state. Its profile says whether it is a plain one or Login.gov."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from govcomponents.core.http.messages import Response
from govcomponents.identity.jose.signing import signed_jwt
from govcomponents.identity.jose.tokens import half_hash, same
from govcomponents.identity.protocol.flow import code_challenge
from govcomponents.sandbox.http.messages import Call, Route, html_response, json_response, redirect, text_response
from govcomponents.sandbox.http.templating import Templates
from govcomponents.sandbox.identity_provider.account_events import AccountEvents
from govcomponents.sandbox.identity_provider.clients import ClientRejected, check_client
from govcomponents.sandbox.identity_provider.expiring_store import ExpiringStore
from govcomponents.sandbox.identity_provider.keys import SigningKeys
from govcomponents.sandbox.identity_provider.profile import AuthorizationRequest, BadRequest, ProviderProfile
from govcomponents.sandbox.identity_provider.records import DELETE_ACCOUNT, SIGN_IN_AS, SignInRecords
from govcomponents.sandbox.identity_provider.refusals import caller_of, remedy_of
from govcomponents.sandbox.identity_provider.token_faults import corrupt
from govcomponents.sandbox.identity_provider.world import Client, OpenIdWorld, Person
from govcomponents.sandbox.plugins.provider import Fact
from govcomponents.sandbox.plugins.records import Record

if TYPE_CHECKING:
    from govcomponents.sandbox.plugins.context import SandboxContext

_pages = Templates("govcomponents.sandbox.identity_provider")
_CODE_LIFE = 300
_TOKEN_LIFE = 900
_WAITING_FOR = 3600
_ASSERTIONS_KEPT = 600


class OpenIdStub(SignInRecords):
    """One OpenID provider. Safe to share between threads.

    `sign_in_as` chooses who signs in at once.
    """

    def __init__(self, world: OpenIdWorld, profile: ProviderProfile, context: SandboxContext) -> None:
        self._context = context
        self._profile = profile
        self.section = profile.section
        self._world = world
        self._clients = {client.client_id: client for client in self._world.clients}
        self._people = {person.symbol: person for person in self._world.people}
        self._lock = threading.Lock()
        self._chosen: str | None = None
        self._signed_in = 0
        self._keep_records(context.clock)
        self.keys = SigningKeys(context.ids.token())
        self._waiting: ExpiringStore[AuthorizationRequest] = ExpiringStore(context.clock)
        self._codes: ExpiringStore[tuple[AuthorizationRequest, Person]] = ExpiringStore(context.clock)
        self._tokens: ExpiringStore[tuple[AuthorizationRequest, Person]] = ExpiringStore(context.clock)
        self._assertions: ExpiringStore[bool] = ExpiringStore(context.clock)

    def routes(self) -> Iterable[Route]:
        """Its paths, and the page for people."""
        at = {name: self._profile.prefix + path for name, path in self._profile.paths.items()}
        return [
            Route("GET", at["discovery"], self._discovery, "discovery"),
            Route("GET", at["certs"], self._certs, "jwks"),
            Route("GET", at["authorize"], self._authorize, "authorize"),
            Route("GET", self._page_path, self._show_page, "sign_in_page"),
            Route("POST", self._page_path, self._submit_page, "sign_in"),
            Route("POST", at["token"], self._token, "token"),
            Route("GET", at["userinfo"], self._userinfo, "userinfo"),
            Route("GET", at["logout"], self._logout, "logout"),
        ]

    @property
    def _page_path(self) -> str:
        return f"/_sandbox{self._profile.prefix}/sign-in"

    def owns(self, path: str) -> bool:
        """Everything below its own place."""
        return path.startswith(f"{self._profile.prefix}/")

    def missing(self, call: Call, allowed: frozenset[str]) -> Response:
        """Refuse a path that is not there, or a method."""
        return text_response(405 if allowed else 404, "There is nothing here.\n")

    def client_settings(self) -> dict[str, object] | None:
        """The settings of the first client. One with a private key adds that itself: the world does not have it."""
        client = self._world.clients[0]
        own: dict[str, object] = {"client_authentication": client.authentication}
        if client.client_secret is not None:
            own["client_secret"] = client.client_secret
        return {
            **self._profile.settings(),
            **own,
            "client_id": client.client_id,
            "redirect_url": client.redirect_urls[0],
            **({} if client.events_url is None else {"events_audience": client.events_url}),
        }

    def person_record(self, person: str) -> Record | None:
        """A person as a record."""
        if person not in self._people:
            return None
        found = self._people[person]
        facts = [("Subject", found.sub), *((name, str(value)) for name, value in found.claims.items())]
        actions = [SIGN_IN_AS, DELETE_ACCOUNT] if self._profile.reports_accounts else [SIGN_IN_AS]
        return Record(id=person, title=found.label, facts=facts, actions=actions)

    def key_ids(self) -> Sequence[str]:
        """The ids of the keys that are published."""
        return [key.key_id for key in self.keys.published("RS256")]

    def caller(self, call: Call) -> str:
        """Name the client that a call is of, by what it says of itself."""
        return caller_of(call, self._clients)

    def remedy(self, call: Call) -> str:
        """Say what of a browser's request is not registered, and how to register it."""
        registered = {one.client_id: one.redirect_urls for one in self._clients.values()}
        return remedy_of(call, registered, self._profile.section)

    def summary(self) -> Iterable[Fact]:
        """Counts of services, people and finished sign-ins."""
        return [
            Fact("Services", str(len(self._clients))),
            Fact("People who can sign in", str(len(self._people)), "/_sandbox/people"),
            Fact("Sign-ins finished", str(self._signed_in), "/_sandbox/sign-ins"),
        ]

    def rotate_keys(self) -> None:
        """Sign with a new key from now on; the old one is gone."""
        self.keys.rotate("RS256")

    def delete_account(self, person: str) -> list[str]:
        """Delete a person's account: services with an `events_url` are told, and who comes back has another subject.

        Returns the ids of the callbacks. Raises LookupError if the provider reports nothing, or has no such person.
        """
        if not self._profile.reports_accounts:
            raise LookupError("this provider reports no changes of accounts")
        with self._lock:
            found = self._people[person]
            self._people[person] = found.model_copy(update={"sub": self._context.ids.uuid()})
        self._record("The person deleted their account", found.claims.get("email"))
        sender = AccountEvents(self._context, self.keys, self._profile.issuer)
        return [sent for client in self._world.clients for sent in sender.purged(found.sub, client)]

    def corrupt(self, fault: str, response: Response) -> Response:
        """Corrupt the tokens of a response, or where it redirects to, as a fault says."""
        return corrupt(fault, response, self.keys)

    @property
    def people(self) -> tuple[str, ...]:
        """The symbols of the people who can sign in."""
        return tuple(self._people)

    def sign_in_as(self, person: str) -> None:
        """From now on sign in this person at once. Raises KeyError for somebody who is not there."""
        with self._lock:
            self._chosen = self._people[person].symbol

    def sign_in_as_the_world_says(self) -> None:
        """Undo `sign_in_as`."""
        with self._lock:
            self._chosen = None

    # -- documents ----------------------------------------------------------------------------------------------------

    def _discovery(self, call: Call) -> Response:
        return json_response(200, self._profile.discovery(), {"cache-control": "max-age=604800, public"})

    def _certs(self, call: Call) -> Response:
        return json_response(200, {"keys": [key.public_jwk() for key in self.keys.published("RS256")]})

    # -- signing in ---------------------------------------------------------------------------------------------------

    def _authorize(self, call: Call) -> Response:
        query = dict(call.query)
        client = self._clients.get(query.get("client_id", ""))
        if client is None or query.get("redirect_uri") not in client.redirect_urls:
            known = ", ".join(self._clients if client is None else client.redirect_urls)
            wrong = "the client is not known here" if client is None else "the redirect URL is not registered for it"
            return text_response(400, f"{wrong.capitalize()}; those that are: {known}. Add yours to the world.\n")
        try:
            request = self._request(client, query, len(call.query))
        except BadRequest as refused:
            return self._back(
                query["redirect_uri"],
                {"error": refused.error, "error_description": refused.description, "state": query.get("state", "")},
            )
        at_once = self._at_once(client)
        if at_once is not None:
            return self._finish(request, at_once)
        ticket = self._context.ids.token()
        self._waiting.put(ticket, request, _WAITING_FOR)
        return redirect(f"{call.base_url}{self._page_path}?{urlencode({'request': ticket})}")

    def _request(self, client: Client, query: Mapping[str, str], sent: int) -> AuthorizationRequest:
        scopes = tuple(query.get("scope", "").split())
        if len(query) != sent:
            raise BadRequest("a parameter is there twice")
        if query.get("response_type") != "code":
            raise BadRequest("Response type is not included in the list")
        if "openid" not in scopes:
            raise BadRequest("Scope No valid scope values found.", "invalid_scope")
        has_challenge = "code_challenge" in query or "code_challenge_method" in query
        if (has_challenge or client.pkce == "required") and (
            not query.get("code_challenge") or query.get("code_challenge_method") != "S256"
        ):
            raise BadRequest("code_challenge is missing, or is not of S256")
        if not query.get("state") or (client.nonce == "required" and not query.get("nonce")):
            raise BadRequest("nonce or state is missing")
        levels = self._profile.check(query)
        return AuthorizationRequest(
            client,
            query["redirect_uri"],
            query["state"],
            query.get("nonce"),
            scopes,
            levels,
            query.get("code_challenge"),
        )

    def _at_once(self, client: Client) -> Person | None:
        with self._lock:
            chosen = self._chosen
        if chosen is not None:
            return self._people[chosen]
        if self._context.sign_in != "page" and client.signs_in is not None:
            return self._people[client.signs_in]
        return next(iter(self._people.values()), None) if self._context.sign_in == "at_once" else None

    def _show_page(self, call: Call) -> Response:
        query = dict(call.query)
        return self._page(query.get("request", ""), query.get("lng", "en"))

    def _page(self, ticket: str, language: str, *, is_wrong: bool = False) -> Response:
        lang = "cy" if language == "cy" else "en"
        request = self._waiting.look(ticket)
        if request is None:
            return html_response(404, _pages.render("expired.html", lang=lang))
        page = _pages.render(
            "sign_in.html",
            lang=lang,
            provider=self._profile.name,
            action=self._page_path,
            ticket=ticket,
            people=self._people.values(),
            client=request.client.client_id,
            levels=request.levels,
            is_wrong=is_wrong,
        )
        return html_response(400 if is_wrong else 200, page)

    def _submit_page(self, call: Call) -> Response:
        form = dict(call.form)
        ticket, language = form.get("request", ""), form.get("lng", "en")
        person = self._people.get(form.get("person", ""))
        leaves = form.get("leave") == "yes"
        if person is None and not leaves:
            return self._page(ticket, language, is_wrong=True)
        request = self._waiting.take(ticket)
        if request is None:
            return self._page(ticket, language)
        if person is None or leaves:
            self._sign_ins.add("", request.client.client_id, "left")
            self._record("The sign-in ended: left")
            return self._back(request.redirect_url, {"error": "access_denied", "state": request.state})
        return self._finish(request, person)

    def _finish(self, request: AuthorizationRequest, person: Person) -> Response:
        code = self._context.ids.token()
        self._codes.put(code, (request, person), _CODE_LIFE)
        levels = ", ".join(request.levels)
        self._sign_ins.add(person.symbol, request.client.client_id, "signed in", levels=levels, code=code)
        self._record(f"The person signed in ({self._profile.name})", person.claims.get("email"))
        return self._back(request.redirect_url, {"code": code, "state": request.state})

    def _back(self, url: str, parameters: Mapping[str, str]) -> Response:
        named = {"iss": self._profile.issuer} if self._profile.is_standard else {}
        mark = "&" if "?" in url else "?"
        return redirect(f"{url}{mark}{urlencode({**parameters, **named}, quote_via=quote)}")

    # -- tokens -------------------------------------------------------------------------------------------------------

    def _token(self, call: Call) -> Response:
        form = dict(call.form)
        if form.get("grant_type") != "authorization_code" or len(form) != len(call.form):
            return self._refuse("unsupported_grant_type", "Grant type is not included in the list")
        found = self._codes.take(form.get("code", ""))
        if found is None:
            return self._refuse("invalid_grant", "Code is expired")
        request, person = found
        now = self._context.callers_time()
        audiences = (self._profile.url("token"), self._profile.issuer)
        try:
            jti = check_client(
                request.client,
                form,
                call.headers.get("authorization", ""),
                audiences=audiences if self._profile.is_standard else audiences[:1],
                now=now,
            )
        except ClientRejected as rejected:
            return self._refuse("invalid_client", str(rejected))
        if jti is not None and not self._is_new(jti):
            return self._refuse("invalid_client", "Client assertion was used before")
        if self._profile.is_standard and form.get("redirect_uri") != request.redirect_url:
            return self._refuse("invalid_grant", "redirect_uri is not that of the authorization request")
        if not _fits(form.get("code_verifier"), request.challenge):
            return self._refuse("invalid_grant", "Code verifier code_verifier did not match code_challenge.")
        self._sign_ins.exchanged(form["code"])
        token = self._context.ids.token()
        self._tokens.put(token, found, _TOKEN_LIFE)
        with self._lock:
            self._signed_in += 1
        response = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": _TOKEN_LIFE,
            "id_token": self._id_token(request, person, token, form["code"], int(now)),
        }
        return json_response(200, response, {"cache-control": "no-store"})

    def _is_new(self, jti: str) -> bool:
        with self._lock:
            if self._assertions.look(jti) is not None:
                return False
            self._assertions.put(jti, True, _ASSERTIONS_KEPT)  # noqa: FBT003  # the thing kept is that it is there
            return True

    def _id_token(self, request: AuthorizationRequest, person: Person, token: str, code: str, now: int) -> str:
        signer = self.keys.signer("RS256")
        claims = {
            **self._profile.in_id_token(request, person),
            "iss": self._profile.issuer,
            "sub": person.sub,
            "aud": request.client.client_id,
            **({} if request.nonce is None else {"nonce": request.nonce}),
            "jti": self._context.ids.token(22),
            "at_hash": half_hash(token, signer.algorithm),
            "c_hash": half_hash(code, signer.algorithm),
            "iat": now,
            "nbf": now,
            "exp": now + _TOKEN_LIFE,
            "auth_time": now,
        }
        return signed_jwt(signer, claims)

    def _refuse(self, error: str, sentence: str) -> Response:
        status = 401 if error == "invalid_client" and self._profile.is_standard else 400
        return json_response(status, self._profile.refusal(error, sentence), {"cache-control": "no-store"})

    def _userinfo(self, call: Call) -> Response:
        kind, _, token = call.headers.get("authorization", "").partition(" ")
        found = self._tokens.look(token) if kind == "Bearer" else None
        if found is None:
            return json_response(401, {"error": "invalid_token"}, {"www-authenticate": 'Bearer error="invalid_token"'})
        return json_response(200, self._profile.about(*found), {"cache-control": "no-store"})

    def _logout(self, call: Call) -> Response:
        query = dict(call.query)
        hinted = "id_token_hint" in query
        if hinted != self._profile.is_standard:
            return text_response(400, "The service says in another way than this provider's who signs out.\n")
        back = query.get("post_logout_redirect_uri")
        known = {url for client in self._world.clients for url in client.post_logout_redirect_urls}
        self._record("The person signed out")
        if back is None:
            return text_response(200, "You are signed out.\n")
        if back not in known:
            return text_response(400, "The URL to return to is not registered.\n")
        return redirect(back)

    def _record(self, happened: str, person: str | None = None) -> None:
        self._context.timeline.record("identity", happened, person=person)


def _fits(verifier: str | None, challenge: str | None) -> bool:
    """Whether the code's verifier answers the challenge; without one there may be none (RFC 9700 section 2.1.1)."""
    if challenge is None or verifier is None:
        return challenge == verifier
    return verifier.isascii() and same(code_challenge(verifier), challenge)
