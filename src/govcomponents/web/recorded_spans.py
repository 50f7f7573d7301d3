"""Spans without what signs people in: the stock instrumentations of frameworks record whole URLs, callbacks' too.

OpenTelemetry's instrumentations of Django, Flask, FastAPI and ASGI put a request's URL on their span before a view is
called, and with it the code and the state of a sign-in. While the view runs that span is the current one, so what is on
it can be masked, in the same way as in access logs. Without OpenTelemetry nothing is imported and nothing is done.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

from govcomponents.web.access_logs import masked

_HOME: Final = "opentelemetry.trace"


def hide_callback_query_of_span() -> None:
    """Mask what signs people in on the span that is open, if there is one that records."""
    current = getattr(sys.modules.get(_HOME), "get_current_span", None)
    if current is None:
        return
    span = current()
    recorded: object = getattr(span, "attributes", None)  # the API's own spans cannot be read, and record nothing
    if not isinstance(recorded, Mapping):
        return
    for name, value in list(recorded.items()):
        if isinstance(value, str) and (hidden := masked(value)) != value:
            span.set_attribute(name, hidden)
