"""The sandbox itself: its state, and the one handler that serves it in process and over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode, urlsplit

from govcomponents.core.messages import Request, Response
from govcomponents.core.transports.blocking import MAX_BODY
from govcomponents.errors import ConfigurationError, OutcomeUnknown
from govcomponents.sandbox.clock import SandboxClock
from govcomponents.sandbox.context import SandboxContext
from govcomponents.sandbox.control.api import ControlApi
from govcomponents.sandbox.control.index import IndexPages
from govcomponents.sandbox.control.pages import ControlPages
from govcomponents.sandbox.faults.responses import inject
from govcomponents.sandbox.http.messages import MAX_REQUEST_BODY, Call, ConnectionCut, ProviderStub, text_response
from govcomponents.sandbox.http.routing import Found, Router
from govcomponents.sandbox.ids import Ids
from govcomponents.sandbox.key_guard import looks_live
from govcomponents.sandbox.outbox import KeepsMessages
from govcomponents.sandbox.timeline import Timeline
from govcomponents.sandbox.world import load_world

if TYPE_CHECKING:
    from govcomponents.sandbox.control.client import Control
    from govcomponents.sandbox.faults.arming import ArmedFault
    from govcomponents.sandbox.identity_provider.stub import OpenIdStub
    from govcomponents.sandbox.outbox import OutboxMessage
    from govcomponents.sandbox.persistence.replay import StateReplayer
    from govcomponents.sandbox.providers.stripe.stub import StripeStub
    from govcomponents.settings import Settings

__all__ = ["IN_PROCESS_URL", "Sandbox"]

IN_PROCESS_URL = "https://sandbox.example.gov.uk"
_COMPONENTS = {"stripe": "pay", "one_login": "identity", "openid": "identity", "login_gov": "identity"}
_SENDERS = frozenset({"/_sandbox/api/callbacks/deliver", "/_sandbox/callbacks/deliver"})


def _require_extra() -> None:
    """Find what the extra installs before anything needs it. Its imports cost time that not every sandbox spends."""
    from importlib.util import find_spec

    for name in ("jinja2", "phonenumbers"):
        if find_spec(name) is None:
            raise ConfigurationError(
                f"the sandbox needs {name}, which is not installed", fix='pip install "govcomponents[sandbox]"'
            )


class Sandbox:
    """One sandbox: all three providers on one host, with one clock, one seed and one timeline.

    `pay`, `notify` and `one_login` are the imitated providers, each with its state; `clock` can be moved; `timeline`
    ties the three together; `callbacks` are what it sends to services; `faults` are armed by name. `handle` and
    `visit` serve it in this process; `sandbox.server` over HTTP. `sign_in` says how /authorize answers: "page",
    "at_once", or None for what the world says of each client. `shares_clock` is whether its callers go by its clock.
    `state` is a file that keeps the state over restarts; close the sandbox then.
    """

    def __init__(
        self,
        world: Path | str | Mapping[str, object] | None = None,
        *,
        seed: int = 0,
        now: str | None = None,
        base_url: str = IN_PROCESS_URL,
        sign_in: str | None = None,
        shares_clock: bool = True,
        state: Path | str | None = None,
    ) -> None:
        _require_extra()
        self.base_url = base_url
        self.clock = SandboxClock(now)
        self.timeline = Timeline(self.clock)
        self.drop_connections: Callable[[], int] = lambda: 0
        """Ends every open connection but the caller's and says how many; there is none in process."""
        self._context = SandboxContext(
            self.clock, Ids(seed), self.timeline, base_url, self.clock.time if shares_clock else self.clock.real_time
        )
        self.ids = self._context.ids
        self.callbacks = self._context.callbacks
        self.faults = self._context.faults
        self._start = (world, seed, now, sign_in)
        self._replayer: StateReplayer | None = None
        sections = load_world(world)
        self._populate(sections, seed)
        if state is not None:
            from govcomponents.sandbox.persistence.replay import StateReplayer, made_by

            replayer = StateReplayer(self, state, made_by(sections, seed, sign_in))
            try:
                replayer.begin()
            except BaseException:
                replayer.close()
                raise
            self._replayer = replayer

    def close(self) -> None:
        """Close the state file, if there is one."""
        if self._replayer is not None:
            self._replayer.close()

    def _populate(self, sections: Mapping[str, Any], seed: int) -> None:
        from govcomponents.sandbox.providers.govuk_notify.stub import GovUkNotifyStub
        from govcomponents.sandbox.providers.govuk_pay.stub import GovUkPayStub
        from govcomponents.sandbox.providers.one_login.stub import OneLoginStub

        context = self._context
        self.seed = seed
        self.pay = GovUkPayStub(sections.get("pay"), context)
        self.notify = GovUkNotifyStub(sections.get("notify"), context)
        self.one_login = OneLoginStub(sections.get("one_login"), context, sign_in=self._start[3])
        self.stubs: tuple[ProviderStub, ...] = (self.pay, self.notify, self.one_login)
        self._stripe: StripeStub | None = None
        if sections.get("stripe") is not None:
            from govcomponents.sandbox.providers.stripe.stub import StripeStub

            self._stripe = StripeStub(sections["stripe"], context)
            self.stubs = (*self.stubs, self._stripe)
        self._openid: dict[str, OpenIdStub] = {}
        if sections.get("openid") is not None or sections.get("login_gov") is not None:
            from govcomponents.sandbox.identity_provider.stub import OpenIdStub
            from govcomponents.sandbox.providers.login_gov.profile import LoginGov
            from govcomponents.sandbox.providers.openid.profile import PlainOpenId

            self._openid = {
                name: OpenIdStub(sections[name], context, profile, sign_in=self._start[3])
                for name, profile in (("openid", PlainOpenId), ("login_gov", LoginGov))
                if sections.get(name) is not None
            }
            self.stubs = (*self.stubs, *self._openid.values())
        self._router = Router([ControlApi(self), ControlPages(self), IndexPages(self), *self.stubs])
        self.faults.register(
            {
                stub.section: frozenset(route.name for route in stub.routes())
                for stub in self.stubs
                if stub.client_settings() is not None
            }
        )

    def reset(
        self, *, seed: int | None = None, now: str | None = None, world: Mapping[str, object] | None = None
    ) -> None:
        """Start again: with another seed, time (ISO 8601) or world if given, otherwise as at the beginning.

        Raises ConfigurationError for a wrong world or time; then nothing has changed.
        """
        first_world, first_seed, first_now, _sign_in = self._start
        sections = load_world(first_world if world is None else world)
        chosen = first_seed if seed is None else seed
        type(self)(sections, seed=chosen, now=now, base_url=self.base_url)  # raises before anything is lost
        self.clock.reset(first_now if now is None else now)
        self._context.ids.reseed(chosen)
        self.timeline.clear()
        self.callbacks.clear()
        self.faults.clear()
        self._populate(sections, chosen)

    @property
    def stripe(self) -> StripeStub:
        """The Stripe stub. Raises ConfigurationError if the world has no section for it."""
        if self._stripe is None:
            raise ConfigurationError(
                "the sandbox's world has no Stripe", fix='give the world a section "stripe"; it may be empty'
            )
        return self._stripe

    @property
    def openid(self) -> OpenIdStub:
        """The imitated plain OpenID provider. Raises ConfigurationError if the world has no section for it."""
        return self._openid_provider("openid")

    @property
    def login_gov(self) -> OpenIdStub:
        """The Login.gov stub. Raises ConfigurationError if the world has no section for it."""
        return self._openid_provider("login_gov")

    def _openid_provider(self, section: str) -> OpenIdStub:
        if section not in self._openid:
            raise ConfigurationError(
                f"the sandbox's world has no section {section}",
                fix=f'give the world a section "{section}"; it may be empty',
            )
        return self._openid[section]

    @property
    def control(self) -> Control:
        """The typed client of this sandbox's control API."""
        from govcomponents.sandbox.control.client import Control

        return Control.of(self)

    def messages(self) -> list[OutboxMessage]:
        """Every message as its reader sees it, oldest first."""
        kept = [one for one in self.stubs if isinstance(one, KeepsMessages)]
        return [message for stub in kept for message in stub.outbox()]

    def settings(self) -> Settings:
        """Settings with which a `GovComponents` reaches this sandbox: its address, keys and ids."""
        from govcomponents.settings import Settings

        signing_in: tuple[ProviderStub, ...] = (self.one_login, *self._openid.values())
        sections = {
            "pay": self.pay.client_settings() or (self._stripe.client_settings() if self._stripe else None),
            "notify": self.notify.client_settings(),
            "identity": next((found for one in signing_in if (found := one.client_settings()) is not None), None),
        }
        return Settings(environment="test", **{name: section for name, section in sections.items() if section})

    def handle(self, request: Request) -> Response:
        """Answer a transport's request, in this process.

        Raises OutcomeUnknown where a transport over HTTP would: no answer came, or one that is too large to be read.
        """
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            response = self._here(request.method, request.url, headers, request.body or b"")
        except ConnectionCut:
            happened = "the sandbox gave no answer, as it was told"
        else:
            if len(response.body) <= MAX_BODY:
                return response
            happened = f"the answer is larger than {MAX_BODY} bytes"
        raise OutcomeUnknown(
            happened,
            lookup=request.lookup,
            idempotency_key=request.idempotency_key,
            operation=request.operation,
            provider=request.provider,
        )

    def visit(self, url: str, form: Mapping[str, str] | None = None) -> Response:
        """Open a page as a person's browser would, or send its form; redirects are not followed."""
        if form is None:
            return self._here("GET", url, {"user-agent": "sandbox-visit"}, b"")
        headers = {"user-agent": "sandbox-visit", "content-type": "application/x-www-form-urlencoded"}
        return self._here("POST", url, headers, urlencode(form).encode())

    def _here(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Response:
        rest = url[len(self.base_url) :]
        if url.startswith(self.base_url) and rest.startswith("/") and "#" not in rest:
            path, _, query = rest.partition("?")
        else:
            parts = urlsplit(url)
            path, query = parts.path, parts.query
        if "%" in path:  # a WSGI server decodes it too
            path = unquote(path)
        return self.respond(Call(method, path or "/", query, headers, body, self.base_url))

    def respond(self, call: Call) -> Response:
        """Answer one call, by the route that fits; what no route fits, its provider refuses in its own way."""
        if len(call.body) > MAX_REQUEST_BODY:
            return text_response(413, "The request is too large for the sandbox.\n")
        found = self._router.find(call.method, call.path)
        if not isinstance(found, Found):
            return self._missing(call, found)
        call.params = dict(found.params)
        response = self._with_fault(call, found) if self.faults.any_armed else self._act(call, found)
        if self.callbacks.has_new:
            self.callbacks.deliver_if_received()
        if response.status == 401 and looks_live(call.headers.get("authorization", "")):
            self.timeline.record("pay", "what looks like a live key was refused; it has no business in a sandbox")
        return response

    def _act(self, call: Call, found: Found) -> Response:
        # What sends callbacks waits for a service, which may call here: no step may wait for that.
        if self._replayer is None or call.path in _SENDERS:
            return found.route.handler(call)
        return self._replayer.act(call, found)

    def redo(self, call: Call) -> Response:
        """Answer a call that was answered before, for the state that it leaves: no fault is injected again."""
        found = self._router.find(call.method, call.path)
        if not isinstance(found, Found):
            return self._missing(call, found)
        call.params = dict(found.params)
        return found.route.handler(call)

    def _corrupt(self, armed: ArmedFault, response: Response) -> Response:
        from govcomponents.sandbox.identity_provider.token_faults import corrupt

        provider = self._openid.get(armed.provider, self.one_login)
        return corrupt(armed.fault, response, provider.keys)

    def _with_fault(self, call: Call, found: Found) -> Response:
        armed = self.faults.match(found.owner.section, found.route.name)
        if armed is None:
            return self._act(call, found)
        try:
            return inject(armed, call, lambda kept: self._act(kept, found), self._corrupt)
        finally:
            component = _COMPONENTS.get(armed.provider, armed.provider)
            self.timeline.record(component, f"fault {armed.fault} injected into {found.route.name}")

    def _missing(self, call: Call, allowed: frozenset[str]) -> Response:
        for stub in self._router.owners:
            if stub.owns(call.path):
                return stub.missing(call, allowed)
        return text_response(404, "The sandbox has no such page. Start at / to see what it has.\n")
