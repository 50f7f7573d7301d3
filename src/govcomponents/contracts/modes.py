"""One test body for both callers: an asyncio service object, seen as a blocking one."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from enum import StrEnum
from typing import Any


class Mode(StrEnum):
    """The mode of a caller: blocking or asyncio."""

    BLOCKING = "blocking"
    ASYNCIO = "asyncio"


class BlockingView:
    """Shows an asyncio object to a test as if it were blocking: each call runs on `runner`, each iterator too."""

    def __init__(self, target: object, runner: asyncio.Runner) -> None:
        self._target = target
        self._runner = runner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            result = found(*args, **kwargs)
            if inspect.isawaitable(result):
                return self._runner.run(_awaited(result))
            if isinstance(result, AsyncIterator):
                return self._items(result)
            return result

        return call

    def _items(self, items: AsyncIterator[Any]) -> Iterator[Any]:
        while True:
            try:
                yield self._runner.run(_awaited(items.__anext__()))
            except StopAsyncIteration:
                return


async def _awaited(awaitable: Any) -> Any:
    return await awaitable
