"""The client of Redis that a service gives: a blocking one, which may decode what it reads, as a service's own may."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import Any

from govcomponents.core.inputs import method_argument, text_argument
from govcomponents.errors import ConfigurationError


def blocking(client: Any, *, prefix: str, operation: str) -> Any:  # redis types its answers loosely
    """Return a client, which is given with a prefix of keys. Raises InvalidInput for what is none.

    Raises ConfigurationError for one of asyncio, whose answers would never be awaited.
    """
    fix = "give `redis.Redis.from_url(url)`"
    method_argument(client, "execute_command", "register_script", field="client", fix=fix, operation=operation)
    text_argument(prefix, field="prefix", fix="give the text with which its keys begin", operation=operation)
    if iscoroutinefunction(getattr(client, "execute_command", None)):
        raise ConfigurationError(
            "the client of Redis is one of asyncio, and this needs a blocking one",
            fix="give `redis.Redis.from_url(url)`: it is used on threads, and keeps no loop waiting",
        )
    return client


def as_bytes(found: bytes | str | None) -> bytes:
    """Return what was read, whether or not the client decodes it; nothing if there is none."""
    return found.encode() if isinstance(found, str) else found or b""
