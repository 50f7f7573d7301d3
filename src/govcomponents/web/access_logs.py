"""Access logs without what signs people in: the code, state and tokens in the queries of callbacks are masked."""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from typing import Final

ACCESS_LOGS: Final = (
    "uvicorn.access",
    "gunicorn.access",
    "hypercorn.access",
    "daphne.server",
    "werkzeug",
    "django.server",
    "aiohttp.access",
)
"""The loggers of access of common servers."""

_SECRET: Final = re.compile(r"(?<![^?&;])((?:code|state|id_token_hint|logout_token|response|login_hint)=)[^&;\s\"']+")
"""After a mark of a query, or where a text begins: formats of gunicorn and hypercorn may have the query by itself."""


class CallbackQueryFilter(logging.Filter):
    """A filter of logging that masks what a callback's query holds: whoever reads a log could sign in with a code.

    It never drops a record. A server with a log of its own, such as nginx, needs the same there.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the message and its arguments."""
        if isinstance(record.msg, str):
            record.msg = masked(record.msg)
        if isinstance(record.args, MutableMapping):
            for name, value in record.args.items():
                if isinstance(value, str):
                    record.args[name] = masked(value)
        elif isinstance(record.args, tuple):
            record.args = tuple(masked(one) if isinstance(one, str) else one for one in record.args)
        return True


_FILTER: Final = CallbackQueryFilter("govcomponents")


def hide_callback_queries(*loggers: str) -> None:
    """Put the filter on the loggers of access of common servers, and on those that are named. Repeating it is harmless.

    The shells for web frameworks do so when they are made.
    """
    for name in (*ACCESS_LOGS, *loggers):
        logging.getLogger(name).addFilter(_FILTER)


def unmasked() -> list[str]:
    """Return the loggers that are named as logs of access are, and on which the filter is not."""
    made = [one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    names = {*ACCESS_LOGS, *(one.name for one in made if "access" in one.name.lower().split("."))}
    return sorted(name for name in names if not is_hidden(name))


def is_hidden(logger: str) -> bool:
    """Whether the filter is on a logger."""
    return any(isinstance(one, CallbackQueryFilter) for one in logging.getLogger(logger).filters)


def masked(text: str) -> str:
    """Return a text with the secrets of queries masked."""
    return _SECRET.sub(r"\1***", text)
