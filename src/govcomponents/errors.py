"""Every error that govcomponents raises, by what may have happened and what to do next.

    GovComponentsError
    ├── ConfigurationError        the set-up is wrong; nothing was sent
    ├── InvalidInput              an argument is wrong; nothing was sent           (also a ValueError)
    │   └── ReferenceReused       the reference stands for a call with another content already
    ├── NotSupported              this adapter does not do that; nothing was sent
    ├── NotSent                   the request certainly never arrived: repeating it is safe
    ├── OutcomeUnknown            the request may have arrived: look it up before repeating it
    │   └── UnexpectedReply       an answer came that cannot be read
    │       ├── UnreadableItems   of what a search found, some cannot be read; the others were given
    │       └── WrongAnswer       an answer came that belongs to another call
    ├── Unavailable               the provider says that it cannot answer now; nothing was changed
    ├── Refused                   the provider answered no; nothing was changed
    │   ├── CredentialsRefused    the key or its signature was refused
    │   ├── PermissionRefused     the key is good, but this account may not do that
    │   ├── RequestRefused        the provider finds the request wrong
    │   ├── NotFound              there is no such thing, or it belongs to somebody else
    │   ├── Conflict              the thing is in a state that does not allow it
    │   └── RateLimited           too many requests: wait `retry_after` seconds
    │       └── DailyLimitReached no more until `resets_at`
    ├── CardDeclined              the card was refused, and the payment has failed
    ├── CallbackRefused           a webhook or callback is not proved to be the provider's
    ├── SignInError               a sign-in did not end with a proved person
    │   ├── SignInRejected        the provider's answer failed a check (`reason`)
    │   ├── SignInDenied          the person or the provider ended it
    │   ├── SignInUnavailable     the provider cannot sign people in now
    │   └── IdentityNotProved     signed in, but identity is not proved to the level asked for
    └── AdapterSuspended          an adapter awaited something other than its transport (a fault in the adapter)

The text of an error is: operation, provider, what happened, status, the provider's code, request id, how to fix it.
It never holds a credential, a person's data or an argument's value, and neither does a pickle of it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Final, TypedDict, Unpack

from govcomponents.privacy import Guarded

if TYPE_CHECKING:
    from datetime import datetime

    from govcomponents.privacy import Personal

__all__ = [
    "AdapterSuspended",
    "CallbackRefused",
    "CardDeclined",
    "ConfigurationError",
    "Conflict",
    "CredentialsRefused",
    "DailyLimitReached",
    "GovComponentsError",
    "IdentityNotProved",
    "InvalidInput",
    "NotFound",
    "NotSent",
    "NotSupported",
    "OutcomeUnknown",
    "PermissionRefused",
    "RateLimited",
    "ReferenceReused",
    "Refused",
    "RequestRefused",
    "SignInDenied",
    "SignInError",
    "SignInReason",
    "SignInRejected",
    "SignInUnavailable",
    "Unavailable",
    "UnexpectedReply",
    "UnreadableItems",
    "WrongAnswer",
]


DEFAULT_ACCOUNT: Final = "default"
"""The name of the account of a component that has only one: that of the settings outside named accounts."""


class AnswerFacts(TypedDict, total=False):
    """Facts of a call and of its answer, as keywords of every error that stands for an answer."""

    operation: str
    provider: str
    status: int | None
    code: str | None
    request_id: str | None


class Facts(AnswerFacts, total=False):
    """Optional facts of an error, as keywords of `GovComponentsError`."""

    fix: str


class GovComponentsError(Exception):
    """The base of every error of this library. All arguments are safe to log.

    `happened` says what happened, `fix` how to mend it; `operation` is such as "pay.create", `provider` such as
    "GOV.UK Pay"; `status`, `code` and `request_id` are the provider's, where it gave any.
    """

    default_fix: ClassVar[str] = ""
    idempotency_key: str | None = None
    """The key that was sent, where the provider honours one: repeating the call with it acts once."""
    account: str = DEFAULT_ACCOUNT
    """The name of the account that the call was made with."""

    def __init__(
        self,
        happened: str,
        *,
        fix: str = "",
        operation: str = "",
        provider: str = "",
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(happened)
        self.happened = happened
        self.fix: str = fix or self.default_fix
        self.operation = operation
        self.provider = provider
        self.status = status
        self.code = code
        self.request_id = request_id

    def __str__(self) -> str:
        account = "" if self.account == DEFAULT_ACCOUNT else f"account {self.account}"
        provider = ", ".join(part for part in (self.provider, account) if part)
        where = f"{self.operation} ({provider})" if self.operation and provider else self.operation or provider
        facts = ", ".join(
            f"{name} {value}"
            for name, value in (("status", self.status), ("code", self.code), ("request id", self.request_id))
            if value is not None
        )
        text = f"{where}: {self.happened}" if where else self.happened
        text += f" [{facts}]" if facts else ""
        return f"{text}. To fix: {self.fix}" if self.fix else text

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def __reduce__(self) -> tuple[object, ...]:
        state = {name: None if isinstance(value, Guarded) else value for name, value in self.__dict__.items()}
        return _unfilled, (type(self), self.happened), state


def _unfilled(kind: type[GovComponentsError], happened: str) -> GovComponentsError:
    return kind.__new__(kind, happened)


class ConfigurationError(GovComponentsError):
    """The set-up is wrong: a setting is missing or malformed, or an optional package is not installed."""


class InvalidInput(GovComponentsError, ValueError):
    """An argument is wrong. Nothing was sent. `field` names it, `problem` says what is wrong with it."""

    def __init__(self, *, field: str, problem: str, fix: str, operation: str = "", provider: str = "") -> None:
        super().__init__(f"{field}: {problem}; nothing was sent", fix=fix, operation=operation, provider=provider)
        self.field = field
        self.problem = problem


class ReferenceReused(InvalidInput):
    """The reference stands for another call, whose content is another one or erased. Nothing was put down or sent."""

    def __init__(
        self,
        *,
        problem: str = "it was used for this operation already, with another content",
        fix: str = "give each call a reference of its own, or the same content again for the ticket of the first one",
        operation: str = "",
        provider: str = "",
    ) -> None:
        super().__init__(field="reference", problem=problem, fix=fix, operation=operation, provider=provider)


class NotSupported(GovComponentsError):
    """The adapter does not declare the `capability` that the call needs. Nothing was sent."""

    default_fix = "use another adapter, or leave that argument out; the docs list what each adapter can do"

    def __init__(self, capability: str, *, provider: str, operation: str = "", fix: str = "") -> None:
        happened = f"this adapter does not support {capability}; nothing was sent"
        super().__init__(happened, provider=provider, operation=operation, fix=fix)
        self.capability = capability


class NotSent(GovComponentsError):
    """The request certainly never reached the provider, after the retries that were allowed. Repeating it is safe."""

    default_fix = "check the network, the proxy settings and the provider's status page, then call again"


class OutcomeUnknown(GovComponentsError):
    """The request may have reached the provider, and its answer was lost: neither success nor failure is known.

    `lookup` says how to find out what happened. `idempotency_key` is the key that was sent, where the provider
    honours one: repeating the call with it is safe.
    """

    _doubt: ClassVar[str] = "; it is not known whether the provider acted on the request"
    default_lookup: ClassVar[str] = "repeat the call"

    def __init__(
        self,
        happened: str,
        *,
        lookup: str = "",
        idempotency_key: str | None = None,
        **facts: Unpack[AnswerFacts],
    ) -> None:
        super().__init__(happened + self._doubt, fix=lookup or self.default_lookup, **facts)
        self.lookup = lookup
        self.idempotency_key = idempotency_key


class UnexpectedReply(OutcomeUnknown):
    """An answer came that cannot be read: the provider may have acted. `lookup` says how to learn what it did."""

    _doubt: ClassVar[str] = ""
    default_lookup: ClassVar[str] = "call again later; if it goes on, report it with the request id"


class UnreadableItems(UnexpectedReply):
    """Of what a search found, some items cannot be read with certainty. Raised after all the others were given.

    Nothing was changed. `ids` are theirs, as far as they have any, for `get` and for the provider's support desk.
    """

    default_lookup: ClassVar[str] = "what was given is whole but for these: look at each of `ids` at the provider"

    def __init__(self, happened: str, *, ids: tuple[str, ...], **facts: Unpack[AnswerFacts]) -> None:
        super().__init__(happened, lookup=self.default_lookup, **facts)
        self.ids = ids


class WrongAnswer(UnexpectedReply):
    """An answer came that is about something else: another id, reference, amount or template than was asked for.

    Nothing of it is handed out, because it may be somebody else's. A cache or a proxy in between is the likely cause.
    """

    default_lookup: ClassVar[str] = (
        "look it up by your own reference before repeating anything; see what is between you and the provider"
    )


class Unavailable(GovComponentsError):
    """The provider cannot answer now, and the call changed nothing: it was a read, or was rejected unread."""

    default_fix = "call again later"


class Refused(GovComponentsError):
    """The provider answered no, and nothing was changed. `field` names the argument, where it is known."""

    default_fix = "see the provider's code"

    def __init__(self, happened: str, *, field: str | None = None, **facts: Unpack[Facts]) -> None:
        super().__init__(happened, **facts)
        self.field = field


class CredentialsRefused(Refused):
    """The provider refused the key or the signature made with it."""

    default_fix = "check that the key is whole, not revoked, and of this environment"


class PermissionRefused(Refused):
    """The key is good, but the account may not do that."""

    default_fix = "ask the provider to enable it for this account"


class RequestRefused(Refused):
    """The provider finds the request wrong."""


class NotFound(Refused):
    """There is nothing with that id, or it belongs to another account, or it is no longer kept."""

    default_fix = "check the id, and that it was made with the same account and environment"


class Conflict(Refused):
    """The thing is in a state that does not allow the call, or somebody else changed it first."""

    default_fix = "get it again and decide from its present state"


class RateLimited(Refused):
    """Too many requests. The request was not acted on.

    `retry_after` is the wait in seconds that the provider asks for or is known to need; None where it tells nobody.
    """

    default_fix = "slow down, then call again"

    def __init__(self, happened: str, *, retry_after: float | None, **facts: Unpack[Facts]) -> None:
        super().__init__(happened, **facts)
        self.retry_after = retry_after


class DailyLimitReached(RateLimited):
    """The day's limit is used up. `resets_at` is when the next day begins for the provider."""

    default_fix = "wait until the limit resets, or ask the provider for a higher one"

    def __init__(self, happened: str, *, resets_at: datetime, retry_after: float, **facts: Unpack[Facts]) -> None:
        super().__init__(happened, retry_after=retry_after, **facts)
        self.resets_at = resets_at


class CardDeclined(GovComponentsError):
    """The card was refused, and with it the payment has failed."""

    default_fix = "tell the person and make a new payment; the card must not be sent again for this one"


class CallbackRefused(GovComponentsError):
    """A webhook or callback is not proved to come from the provider, or cannot be read. Do not act on it."""

    default_fix = "check the secret that is configured; answer the sender with an error status"


class SignInReason(StrEnum):
    """The reason for a rejected sign-in: a closed list, safe for logs and metrics. The person sees a neutral page."""

    MALFORMED = "malformed"
    BAD_ALGORITHM = "bad_algorithm"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    BAD_ISSUER = "bad_issuer"
    BAD_AUDIENCE = "bad_audience"
    BAD_SUBJECT = "bad_subject"
    BAD_NONCE = "bad_nonce"
    BAD_HASH = "bad_hash"
    BAD_TYPE = "bad_type"
    BAD_LEVEL = "bad_level"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    BAD_STATE = "bad_state"
    REPLAYED = "replayed"
    PROVIDER_ERROR = "provider_error"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    BLOCKED_URL = "blocked_url"
    UNSAFE_RETURN_URL = "unsafe_return_url"


class SignInError(GovComponentsError):
    """A sign-in did not end with a person who is who the service asked for. `reason` says why, for logs."""

    default_fix = "show a neutral page and let the person start again"

    def __init__(self, happened: str, *, reason: SignInReason, **facts: Unpack[Facts]) -> None:
        super().__init__(happened, **facts)
        self.reason = reason


class SignInRejected(SignInError):
    """The answer of the identity provider failed a check: it may be forged, replayed, stale or meant for another."""


class SignInDenied(SignInError):
    """The person left, or the provider ended the sign-in. It gave no more reason than `code`."""


class SignInUnavailable(SignInError):
    """The provider cannot sign people in now; offer another route or try later."""


class IdentityNotProved(SignInError):
    """The person signed in, but identity was not proved to the level asked for.

    `subject` is who signed in; `return_codes` are the provider's reasons, whose meaning it gives to each service.
    """

    default_fix = "use the service's other route; do not send the person round again"

    def __init__(
        self, happened: str, *, subject: Personal[str], return_codes: tuple[str, ...], **facts: Unpack[Facts]
    ) -> None:
        super().__init__(happened, reason=SignInReason.BAD_LEVEL, **facts)
        self.subject = subject
        self.return_codes = return_codes


class AdapterSuspended(GovComponentsError):
    """An adapter awaited something that is not its transport, so a blocking caller cannot run it."""

    default_fix = "in the adapter, await only self._http.send(...) and the transport's sleep"
