"""The asyncio service object of identity: `gov.identity` of an `AsyncGovComponents`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from govcomponents.core.callbacks import Headers, checked_callback
from govcomponents.core.inputs import checked_input, member, members
from govcomponents.core.ports.service import Service
from govcomponents.errors import SignInError
from govcomponents.identity.inputs import (
    StartSignIn,
    check_event,
    check_pending,
    check_sign_out,
    expected,
    id_token_of,
)
from govcomponents.identity.levels import Authentication, Claim, Confidence
from govcomponents.identity.port import IdentityPort
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from govcomponents.identity.events import IdentityEvent
    from govcomponents.identity.models import Identity, SignIn
    from govcomponents.identity.pending import PendingSignIn
    from govcomponents.identity.port import RedirectCallback
    from govcomponents.privacy import Secret


class AsyncIdentityService(Service[IdentityPort]):
    """Signing people in and proving who they are, for asyncio callers. Belongs to one event loop."""

    async def start(
        self,
        *,
        confidence: Confidence | str | Iterable[Confidence | str] = Confidence.NONE,
        authentication: Authentication | str = Authentication.TWO_FACTOR,
        claims: Iterable[Claim | str] = (),
        language: str = "en",
        max_age: int | None = None,
        sign_in_again: Identity | Secret | None = None,
        expect: Identity | Personal[str] | None = None,
        login_hint: Personal[str] | str | None = None,
        return_to: str | None = None,
    ) -> SignIn:
        """Start a sign-in: redirect the person's browser to `url`, and keep `pending` with their session.

        Sends nothing where the provider's endpoints are known.

        Args:
            confidence: How far identity is to be proved: NONE to sign in only, a level, or several of which any will
                do.
            authentication: With how much the person must sign in.
            claims: What to ask for besides the subject and the email address; those that need proof need a
                `confidence`.
            language: The language of the provider's pages.
            max_age: For how many seconds at most an earlier sign-in may count.
            sign_in_again: The earlier identity, or its `id_token`, of somebody who is to sign in anew.
            expect: Who must come back, such as the person of an earlier step: anybody else is rejected.
            login_hint: The email address to fill in.
            return_to: The path of this site to go on with afterwards, which `complete` gives back.

        Returns:
            Where to send the person, and what to keep until they come back.

        Raises:
            InvalidInput: An argument is wrong; nothing was sent.
            NotSupported: The provider cannot ask for that; nothing was sent.
            SignInUnavailable: The provider's endpoints have to be fetched, and cannot be.
        """
        operation = "identity.start"
        with checked_input(operation, StartSignIn):
            request = StartSignIn(
                confidence=members(Confidence, confidence, field="confidence", operation=operation),
                authentication=member(Authentication, authentication, field="authentication", operation=operation),
                claims=members(Claim, claims, field="claims", operation=operation),
                language=language,
                max_age=max_age,
                sign_in_again=id_token_of(sign_in_again),
                expect=expected(expect, sign_in_again),
                login_hint=Personal(login_hint) if isinstance(login_hint, str) else login_hint,
                return_to=return_to,
            )
        self._port.check_request(request)
        return await self._perform("identity.start", self._port.start(request))

    async def complete(self, pending: PendingSignIn, callback: RedirectCallback) -> Identity:
        """Check how the person came back, and return who they are. Take `pending` out of the session before you call.

        An Identity is returned only if everything that was asked for was reached; its `confidence` is what the proof
        itself states. After each SignInError the person can only start again: what they brought back is used up.

        Args:
            pending: What `start` gave, taken out of the person's session.
            callback: The URL at which they came back, or its parameters.

        Returns:
            Who signed in, and what is proved of them.

        Raises:
            SignInDenied: The person or the provider ended it.
            IdentityNotProved: They signed in, and were not proved to the level asked for; with the provider's return
                codes.
            SignInUnavailable: The provider could not do it now.
            SignInRejected: A check failed; the `reason` is for your logs.
            CredentialsRefused: The provider does not take this service's key.
        """
        check_pending(pending)
        try:
            identity = await self._perform("identity.complete", self._port.complete(pending, callback))
        except SignInError as error:
            self._tell("sign_in.refused", reason=error.reason.value)
            raise
        if pending.return_to is None and pending.journey is None:
            return identity
        return replace(identity, return_to=pending.return_to, journey=pending.journey)

    async def sign_out_url(
        self, identity: Identity | Secret, return_to: str | None = None, state: str | None = None
    ) -> str:
        """Return the URL that ends the person's session with the provider: end your own first, then redirect there.

        Args:
            identity: Who signed in, or the `id_token` that was kept of them.
            return_to: The registered URL to which the provider sends them afterwards; without it they stay there.
            state: A short text that comes back with them, by which your page knows that the sign-out began here.

        Returns:
            The URL to redirect to.

        Raises:
            InvalidInput: The URL is not absolute, or the state is no short text of letters and digits, or has no URL.
            NotSupported: The provider has no such page.
        """
        check_sign_out(identity, return_to, state)
        url = await self._perform("identity.sign_out_url", self._port.sign_out_url(identity, return_to))
        return url if state is None else f"{url}&state={state}"

    async def parse_callback(self, body: bytes, headers: Headers) -> IdentityEvent:
        """Check what the provider sent by POST to this service: a logout notice, or an event about an account.

        Close the person's sessions, or decide what follows; then `mark_done(event)`, and answer with
        `CallbackAnswer.done()`, or with `CallbackAnswer.for_error(error)`, without a CSRF check and without a sign-in,
        because the provider has neither. With several accounts, each is tried: `account` of the event says which of
        them it is for. An event that was read and not marked as done comes again, as it must when your process died
        over it.

        Args:
            body: The request's body as it came.
            headers: Its headers, whatever their case.

        Returns:
            The event; one that this version does not know is of the kind unknown.

        Raises:
            CallbackRefused: The event is not good, or was dealt with; its `code` is the reason.
            Unavailable: The store of the keys of events failed.
            SignInUnavailable: The provider's keys cannot be had.
            InvalidInput: What was passed is not what a request has.
            NotSupported: The provider sends none.
        """
        raw, named = checked_callback(body, headers, operation="identity.parse_callback")
        return await self._first_to_accept(lambda port: port.parse_callback(raw, named))

    async def mark_done(self, event: IdentityEvent) -> None:
        """Mark an event as done, once your service has acted on it: from then on it is refused as one that came before.

        Not before acting: if your process died in between, the provider's next try would be taken for done. If you keep
        `event.key` in your own database, in the transaction in which you act, you need not call this.

        Args:
            event: What `parse_callback` returned.

        Raises:
            Unavailable: The store of keys failed: answer 503, and the event comes again.
            InvalidInput: This is no event of this provider.
            NotSupported: The provider sends none.
        """
        check_event(event)
        await self._perform("identity.mark_done", self._port_of(event.account, "identity.mark_done").mark_done(event))

    async def check(self) -> None:
        """Fetch what the provider publishes about itself, and compare it with what this adapter expects.

        Do it in a health check or before going live: no sign-in needs it.

        Raises:
            ConfigurationError: What the provider publishes is not what was set; it says what differs.
            SignInUnavailable: It cannot be fetched.
            NotSupported: The provider publishes nothing.
        """
        await self._perform("identity.check", self._port.check())
