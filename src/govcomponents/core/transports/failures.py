"""The errors of transports: nothing was sent, the answer was lost, or the transport is set up wrongly."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from govcomponents.errors import ConfigurationError, GovComponentsError, NotSent, OutcomeUnknown

if TYPE_CHECKING:
    from govcomponents.core.http.messages import Request

GAVE_UP_WAITING = 408
_LONGEST = 3600
_SENDABLE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def not_sent(request: Request, error: BaseException) -> NotSent:
    """The error for a request that was certainly not sent. It shows the failure's type only: a text may hold a URL."""
    return NotSent(
        f"no connection could be made ({type(error).__name__}); the request was not sent",
        operation=request.operation,
        provider=request.provider,
    )


def not_waited_for(request: Request) -> NotSent:
    """The error for status 408: the server gave up waiting for the request, as it does on a connection that idled.

    Nothing was acted on, because the request had not arrived (RFC 9110 section 15.5.9).
    """
    return NotSent(
        "the connection had been idle and the server gave it up (status 408); the request was not read",
        operation=request.operation,
        provider=request.provider,
    )


def closed(request: Request) -> ConfigurationError:
    """The error for a request after the transport was closed."""
    return ConfigurationError(
        "these components were closed; the request was not sent",
        fix="make new ones, or close them only when the last call has ended",
        operation=request.operation,
        provider=request.provider,
    )


def lost(request: Request, happened: str) -> OutcomeUnknown:
    """The error for a request that may have arrived."""
    return OutcomeUnknown(
        happened,
        lookup=request.lookup,
        idempotency_key=request.idempotency_key,
        operation=request.operation,
        provider=request.provider,
    )


def refused_by_library(request: Request, error: ValueError) -> GovComponentsError:
    """The error for a ValueError of the HTTP library, whose text may hold a credential.

    Where a header cannot be written, nothing was sent: an API key read from a file often ends with a line break.
    """
    for name, value in request.headers.items():
        if not _SENDABLE.fullmatch(value):
            return ConfigurationError(
                f"the header {name} holds a character that no header can; the request was not sent",
                fix="check the setting behind it, often an API key, for line breaks and letters outside Latin-1",
                operation=request.operation,
                provider=request.provider,
            )
    return lost(request, f"the answer was lost ({type(error).__name__})")


def check_limits(**limits: object) -> None:
    """Raise ConfigurationError unless every limit is a positive number, and a time an hour at most.

    None can be switched off, also not by a number so large that it never ends.
    """
    for name, value in limits.items():
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value) or value <= 0:
            raise ConfigurationError(
                f"{name} must be a positive number; limits cannot be switched off", fix=f"give {name} a number above 0"
            )
        if name.endswith("_timeout") and value > _LONGEST:
            raise ConfigurationError(
                f"{name} is more than an hour; limits cannot be switched off", fix=f"give {name} as seconds, up to 3600"
            )
