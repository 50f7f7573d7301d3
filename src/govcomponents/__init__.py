"""Payments, notifications and identity for government services, behind one consistent interface.

    from govcomponents import GovComponents, Money

    with GovComponents.sandbox() as gov:
        payment = gov.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", "https://service.example.gov.uk/back")

Names are imported when first used: importing the package imports no adapter and no HTTP library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from govcomponents.components import AsyncGovComponents, GovComponents
    from govcomponents.core.observe import CallEvent, Observer
    from govcomponents.core.retry import RetryPolicy
    from govcomponents.errors import (
        AdapterSuspended,
        CallbackRefused,
        CardDeclined,
        ConfigurationError,
        Conflict,
        CredentialsRefused,
        DailyLimitReached,
        GovComponentsError,
        IdentityNotProved,
        InvalidInput,
        NotFound,
        NotSent,
        NotSupported,
        OutcomeUnknown,
        PermissionRefused,
        RateLimited,
        Refused,
        RequestRefused,
        SignInDenied,
        SignInError,
        SignInReason,
        SignInRejected,
        SignInUnavailable,
        Unavailable,
        UnexpectedReply,
    )
    from govcomponents.money import Money
    from govcomponents.privacy import Personal, Secret
    from govcomponents.settings import Settings

_HOMES = {
    "GovComponents": "components",
    "AsyncGovComponents": "components",
    "RetryPolicy": "core.retry",
    "CallEvent": "core.observe",
    "Observer": "core.observe",
    "Settings": "settings",
    "Money": "money",
    "Personal": "privacy",
    "Secret": "privacy",
}

__all__ = [
    "AdapterSuspended",
    "AsyncGovComponents",
    "CallEvent",
    "CallbackRefused",
    "CardDeclined",
    "ConfigurationError",
    "Conflict",
    "CredentialsRefused",
    "DailyLimitReached",
    "GovComponents",
    "GovComponentsError",
    "IdentityNotProved",
    "InvalidInput",
    "Money",
    "NotFound",
    "NotSent",
    "NotSupported",
    "Observer",
    "OutcomeUnknown",
    "PermissionRefused",
    "Personal",
    "RateLimited",
    "Refused",
    "RequestRefused",
    "RetryPolicy",
    "Secret",
    "Settings",
    "SignInDenied",
    "SignInError",
    "SignInReason",
    "SignInRejected",
    "SignInUnavailable",
    "Unavailable",
    "UnexpectedReply",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])
