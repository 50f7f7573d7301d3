"""Payments, notifications and identity for government services, behind one consistent interface.

    from govcomponents import GovComponents, Money

    with GovComponents.sandbox() as gov:
        payment = gov.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", "https://service.example.gov.uk/back")

Names are imported when first used: importing the package imports no adapter and no HTTP library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.lazy import lazy_exports

if TYPE_CHECKING:
    from govcomponents.accounts import Account as Account
    from govcomponents.components import (
        AsyncGovComponents as AsyncGovComponents,
        GovComponents as GovComponents,
    )
    from govcomponents.core.callbacks import Headers as Headers
    from govcomponents.core.ports.checks import CheckResult as CheckResult
    from govcomponents.core.observe import (
        AnyObserver as AnyObserver,
        Attempt as Attempt,
        AttemptOutcome as AttemptOutcome,
        CallEvent as CallEvent,
        Happening as Happening,
        Observer as Observer,
        Operation as Operation,
    )
    from govcomponents.core.http.retry import RetryPolicy as RetryPolicy
    from govcomponents.errors import (
        AdapterSuspended as AdapterSuspended,
        CallbackRefused as CallbackRefused,
        CardDeclined as CardDeclined,
        ConfigurationError as ConfigurationError,
        Conflict as Conflict,
        CredentialsRefused as CredentialsRefused,
        DailyLimitReached as DailyLimitReached,
        GovComponentsError as GovComponentsError,
        IdentityNotProved as IdentityNotProved,
        InvalidInput as InvalidInput,
        NotFound as NotFound,
        NotSent as NotSent,
        NotSupported as NotSupported,
        OutcomeUnknown as OutcomeUnknown,
        PermissionRefused as PermissionRefused,
        RateLimited as RateLimited,
        ReferenceReused as ReferenceReused,
        Refused as Refused,
        RequestRefused as RequestRefused,
        SignInDenied as SignInDenied,
        SignInError as SignInError,
        SignInReason as SignInReason,
        SignInRejected as SignInRejected,
        SignInUnavailable as SignInUnavailable,
        Unavailable as Unavailable,
        UnexpectedReply as UnexpectedReply,
        UnreadableItems as UnreadableItems,
        WrongAnswer as WrongAnswer,
    )
    from govcomponents.money import Money as Money
    from govcomponents.privacy import Personal as Personal, Secret as Secret
    from govcomponents.settings import Settings as Settings

_HOMES = {
    "accounts": "Account",
    "components": "AsyncGovComponents GovComponents",
    "core.callbacks": "Headers",
    "core.ports.checks": "CheckResult",
    "core.observe": "AnyObserver Attempt AttemptOutcome CallEvent Happening Observer Operation",
    "core.http.retry": "RetryPolicy",
    "errors": (
        "AdapterSuspended CallbackRefused CardDeclined ConfigurationError Conflict CredentialsRefused "
        "DailyLimitReached GovComponentsError IdentityNotProved InvalidInput NotFound NotSent NotSupported "
        "OutcomeUnknown PermissionRefused RateLimited ReferenceReused Refused RequestRefused SignInDenied SignInError "
        "SignInReason SignInRejected SignInUnavailable Unavailable UnexpectedReply UnreadableItems WrongAnswer"
    ),
    "money": "Money",
    "privacy": "Personal Secret",
    "settings": "Settings",
}

if not TYPE_CHECKING:
    __all__, __getattr__, __dir__ = lazy_exports(__name__, _HOMES)
