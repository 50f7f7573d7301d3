"""The service objects of identity: `gov.identity`, for blocking and for asyncio callers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from govcomponents.core.driver import drive
from govcomponents.core.inputs import build
from govcomponents.errors import InvalidInput
from govcomponents.identity.levels import Authentication, Confidence
from govcomponents.identity.models import Identity
from govcomponents.identity.pending import PendingSignIn
from govcomponents.identity.port import OF_AUTHENTICATION, OF_CONFIDENCE, IdentityCapability, StartSignIn
from govcomponents.identity.urls import check_absolute
from govcomponents.privacy import Personal, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from govcomponents.identity.account_events import AccountEvent
    from govcomponents.identity.levels import Claim
    from govcomponents.identity.models import SignIn
    from govcomponents.identity.port import Callback, IdentityPort, LogoutBody
    from govcomponents.identity.protocol.logout import LogoutNotice


_OF_OPTION = {
    "max_age": IdentityCapability.MAX_AGE,
    "sign_in_again": IdentityCapability.REAUTHENTICATION,
    "login_hint": IdentityCapability.LOGIN_HINT,
}


def _expected(expect: Identity | Personal[str] | None, again: Identity | Secret | None) -> Personal[str] | None:
    """Who must come back: whoever is named, or the person who is to sign in again."""
    if expect is None and isinstance(again, Identity):
        return again.subject
    return expect.subject if isinstance(expect, Identity) else expect


def _start_request(
    port: IdentityPort,
    confidence: Confidence | Iterable[Confidence],
    authentication: Authentication,
    claims: Iterable[Claim],
    language: str,
    *,
    max_age: int | None,
    sign_in_again: Identity | Secret | None,
    expect: Identity | Personal[str] | None,
    login_hint: Personal[str] | str | None,
    return_to: str | None,
) -> StartSignIn:
    operation = "identity.start"
    levels = (confidence,) if isinstance(confidence, Confidence) else _listed("confidence", confidence, operation)
    request = build(
        StartSignIn,
        operation,
        confidence=levels,
        authentication=authentication,
        claims=_listed("claims", claims, operation),
        language=language,
        max_age=max_age,
        sign_in_again=sign_in_again.id_token if isinstance(sign_in_again, Identity) else sign_in_again,
        expect=_expected(expect, sign_in_again),
        login_hint=Personal(login_hint) if isinstance(login_hint, str) else login_hint,
        return_to=return_to,
    )
    needs_proof = [claim for claim in request.claims if claim.needs_proof]
    if needs_proof and not request.confidence:
        raise InvalidInput(
            field="claims",
            problem=f"{needs_proof[0].value} comes only with proof of identity, and none is asked for",
            fix="ask for confidence=Confidence.LOW or more as well, or leave that claim out",
            operation=operation,
            provider=port.provider,
        )
    port.require(
        IdentityCapability.SIGN_IN,
        OF_AUTHENTICATION[request.authentication],
        *(OF_CONFIDENCE[level] for level in request.confidence),
        *(IdentityCapability(claim.value) for claim in request.claims),
        *(capability for name, capability in _OF_OPTION.items() if getattr(request, name) is not None),
        operation=operation,
    )
    if request.language not in port.languages:
        raise InvalidInput(
            field="language",
            problem="the provider has no pages in that language",
            fix=f"give one of {', '.join(sorted(port.languages))}",
            operation=operation,
            provider=port.provider,
        )
    return request


def _sign_out(identity: Identity | Secret, return_to: str | None) -> None:
    operation = "identity.sign_out_url"
    if not isinstance(identity, (Identity, Secret)):
        raise InvalidInput(
            field="identity",
            problem="it is neither an Identity nor the id_token of one",
            fix="give what complete() returned, or Secret(...) of the ID token that you kept",
            operation=operation,
        )
    if return_to is not None:
        check_absolute(return_to, field="return_to", operation=operation)


def _pending(pending: PendingSignIn) -> None:
    if not isinstance(pending, PendingSignIn):
        raise InvalidInput(
            field="pending",
            problem="it is not a PendingSignIn",
            fix="give what start() returned, or PendingSignIn.load(...) of what you kept",
            operation="identity.complete",
        )


def _with_return(identity: Identity, pending: PendingSignIn) -> Identity:
    return identity if pending.return_to is None else replace(identity, return_to=pending.return_to)


def _listed(field: str, values: Iterable[object], operation: str) -> tuple[object, ...]:
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        member = {"confidence": "Confidence.MEDIUM", "claims": "[Claim.ADDRESS]"}[field]
        raise InvalidInput(
            field=field,
            problem="it is neither a member of the enumeration nor a list of them",
            fix=f"give such as {member}, from govcomponents.identity.levels",
            operation=operation,
        )
    return tuple(values)


class IdentityService:
    """Sign people in and prove who they are, for blocking callers. Safe to share between threads."""

    def __init__(self, port: IdentityPort) -> None:
        self._port = port

    def start(
        self,
        *,
        confidence: Confidence | Iterable[Confidence] = Confidence.NONE,
        authentication: Authentication = Authentication.TWO_FACTOR,
        claims: Iterable[Claim] = (),
        language: str = "en",
        max_age: int | None = None,
        sign_in_again: Identity | Secret | None = None,
        expect: Identity | Personal[str] | None = None,
        login_hint: Personal[str] | str | None = None,
        return_to: str | None = None,
    ) -> SignIn:
        """Start a sign-in: redirect the person's browser to `url`, and keep `pending` with their session.

        `confidence` is how far identity is to be proved: NONE to sign in only, a level, or several levels of which
        any will do. `authentication` is with how much the person must sign in. `claims` are what to ask for besides
        the subject and the email address; those that need proof need a `confidence`. `language` is that of the
        provider's pages. `max_age` is for how many seconds at most an earlier sign-in may count. `sign_in_again` is
        the earlier identity (or its `id_token`) of somebody who is to sign in anew. `expect` is who must come back,
        such as the person of an earlier step: anybody else is rejected. `login_hint` is the email address to fill in.
        `return_to` is the path of this site to go on with afterwards, which `complete` gives back. Sends nothing
        where the provider's endpoints are known.

        Raises InvalidInput and NotSupported (nothing was sent), and SignInUnavailable where the endpoints have to be
        fetched and cannot be.
        """
        request = _start_request(
            self._port,
            confidence,
            authentication,
            claims,
            language,
            max_age=max_age,
            sign_in_again=sign_in_again,
            expect=expect,
            login_hint=login_hint,
            return_to=return_to,
        )
        return drive(self._port.start(request))

    def complete(self, pending: PendingSignIn, callback: Callback) -> Identity:
        """Check how the person came back, and return who they are. Take `pending` out of the session before you call.

        `callback` is the URL at which they came back, or its parameters. An Identity is returned only if everything
        that was asked for was reached; its `confidence` is what the proof itself states.

        Raises, all of them SignInError: SignInDenied if the person or the provider ended it; IdentityNotProved if they
        signed in but were not proved to the level asked for, with the provider's return codes; SignInUnavailable if
        the provider could not do it now; SignInRejected if any check failed, with the `reason` for your logs. After
        each of them the person can only start again: what they brought back is used up. Raises CredentialsRefused if
        the provider does not take this service's key.
        """
        _pending(pending)
        return _with_return(drive(self._port.complete(pending, callback)), pending)

    def sign_out_url(self, identity: Identity | Secret, return_to: str | None = None) -> str:
        """Return the URL that ends the person's session with the provider: end your own first, then redirect there.

        `identity` is who signed in, or the `id_token` that was kept of them. `return_to` is a registered URL to which
        the provider sends them afterwards; without it they stay there. Raises InvalidInput for a URL that is not
        absolute, and NotSupported.
        """
        _sign_out(identity, return_to)
        return drive(self._port.sign_out_url(identity, return_to))

    def parse_logout(self, body: LogoutBody, content_type: str | None = None) -> LogoutNotice:
        """Check a notice that somebody signed out elsewhere, which the provider sent by POST to this service.

        `body` is the request's body as it came, or its parameters; `content_type` that header, if you have it. Close
        the person's sessions, then answer what `govcomponents.identity.answer_to` says; without a CSRF check
        and without a sign-in, because the provider has neither.

        Raises CallbackRefused for a notice that is not good or that came before (its `code` is the reason),
        Unavailable if the store of notices failed, SignInUnavailable if the provider's keys cannot be had, and
        NotSupported.
        """
        return drive(self._port.parse_logout(body, content_type))

    def parse_account_event(self, body: bytes | str, content_type: str | None = None) -> AccountEvent:
        """Check an event about a person's account, which the provider sent by POST to this service.

        `body` is the request's body as it came; `content_type` that header, if you have it. Decide what follows, then
        answer what `govcomponents.identity.answer_to` says; without a CSRF check and without a sign-in, because
        the provider has neither.

        Raises CallbackRefused for an event that is not good or that came before (its `code` is the reason),
        Unavailable if the store of notices failed, SignInUnavailable if the provider's keys cannot be had, and
        NotSupported.
        """
        return drive(self._port.parse_account_event(body, content_type))

    def check(self) -> None:
        """Fetch what the provider publishes about itself, and compare it with what this adapter expects.

        Do it in a health check or before going live: no sign-in needs it. Raises ConfigurationError that says what
        differs, SignInUnavailable if it cannot be fetched, and NotSupported.
        """
        drive(self._port.check())


class AsyncIdentityService:
    """Sign people in and prove who they are, for asyncio callers."""

    def __init__(self, port: IdentityPort) -> None:
        self._port = port

    async def start(
        self,
        *,
        confidence: Confidence | Iterable[Confidence] = Confidence.NONE,
        authentication: Authentication = Authentication.TWO_FACTOR,
        claims: Iterable[Claim] = (),
        language: str = "en",
        max_age: int | None = None,
        sign_in_again: Identity | Secret | None = None,
        expect: Identity | Personal[str] | None = None,
        login_hint: Personal[str] | str | None = None,
        return_to: str | None = None,
    ) -> SignIn:
        """Start a sign-in: redirect the person's browser to `url`, and keep `pending` with their session.

        `confidence` is how far identity is to be proved: NONE to sign in only, a level, or several levels of which
        any will do. `authentication` is with how much the person must sign in. `claims` are what to ask for besides
        the subject and the email address; those that need proof need a `confidence`. `language` is that of the
        provider's pages. `max_age` is for how many seconds at most an earlier sign-in may count. `sign_in_again` is
        the earlier identity (or its `id_token`) of somebody who is to sign in anew. `expect` is who must come back,
        such as the person of an earlier step: anybody else is rejected. `login_hint` is the email address to fill in.
        `return_to` is the path of this site to go on with afterwards, which `complete` gives back. Sends nothing
        where the provider's endpoints are known.

        Raises InvalidInput and NotSupported (nothing was sent), and SignInUnavailable where the endpoints have to be
        fetched and cannot be.
        """
        request = _start_request(
            self._port,
            confidence,
            authentication,
            claims,
            language,
            max_age=max_age,
            sign_in_again=sign_in_again,
            expect=expect,
            login_hint=login_hint,
            return_to=return_to,
        )
        return await self._port.start(request)

    async def complete(self, pending: PendingSignIn, callback: Callback) -> Identity:
        """Check how the person came back, and return who they are. Take `pending` out of the session before you call.

        `callback` is the URL at which they came back, or its parameters. An Identity is returned only if everything
        that was asked for was reached; its `confidence` is what the proof itself states.

        Raises, all of them SignInError: SignInDenied if the person or the provider ended it; IdentityNotProved if they
        signed in but were not proved to the level asked for, with the provider's return codes; SignInUnavailable if
        the provider could not do it now; SignInRejected if any check failed, with the `reason` for your logs. After
        each of them the person can only start again: what they brought back is used up. Raises CredentialsRefused if
        the provider does not take this service's key.
        """
        _pending(pending)
        return _with_return(await self._port.complete(pending, callback), pending)

    async def sign_out_url(self, identity: Identity | Secret, return_to: str | None = None) -> str:
        """Return the URL that ends the person's session with the provider: end your own first, then redirect there.

        `identity` is who signed in, or the `id_token` that was kept of them. `return_to` is a registered URL to which
        the provider sends them afterwards; without it they stay there. Raises InvalidInput for a URL that is not
        absolute, and NotSupported.
        """
        _sign_out(identity, return_to)
        return await self._port.sign_out_url(identity, return_to)

    async def parse_logout(self, body: LogoutBody, content_type: str | None = None) -> LogoutNotice:
        """Check a notice that somebody signed out elsewhere, which the provider sent by POST to this service.

        `body` is the request's body as it came, or its parameters; `content_type` that header, if you have it. Close
        the person's sessions, then answer what `govcomponents.identity.answer_to` says; without a CSRF check
        and without a sign-in, because the provider has neither.

        Raises CallbackRefused for a notice that is not good or that came before (its `code` is the reason),
        Unavailable if the store of notices failed, SignInUnavailable if the provider's keys cannot be had, and
        NotSupported.
        """
        return await self._port.parse_logout(body, content_type)

    async def parse_account_event(self, body: bytes | str, content_type: str | None = None) -> AccountEvent:
        """Check an event about a person's account, which the provider sent by POST to this service.

        `body` is the request's body as it came; `content_type` that header, if you have it. Decide what follows, then
        answer what `govcomponents.identity.answer_to` says; without a CSRF check and without a sign-in, because
        the provider has neither.

        Raises CallbackRefused for an event that is not good or that came before (its `code` is the reason),
        Unavailable if the store of notices failed, SignInUnavailable if the provider's keys cannot be had, and
        NotSupported.
        """
        return await self._port.parse_account_event(body, content_type)

    async def check(self) -> None:
        """Fetch what the provider publishes about itself, and compare it with what this adapter expects.

        Do it in a health check or before going live: no sign-in needs it. Raises ConfigurationError that says what
        differs, SignInUnavailable if it cannot be fetched, and NotSupported.
        """
        await self._port.check()
