"""Keeps tools that watch HTTP libraries from recording our URLs, in whose queries people are.

OpenTelemetry's instrumentations of requests, urllib3 and aiohttp make a span of every request, with the whole URL. They
leave out what is sent within their own `suppress_http_instrumentation`, which is there as soon as one of them is.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_HOME: Final = "opentelemetry.instrumentation.utils"
_NOTHING: Final = nullcontext()


def unrecorded() -> AbstractContextManager[None]:
    """Return the context in which no span is made of a request. Does nothing where OpenTelemetry is not in use."""
    suppress = getattr(sys.modules.get(_HOME), "suppress_http_instrumentation", None)
    return _NOTHING if suppress is None else suppress()
