"""The blocking service objects are those that the tool writes, and the tool writes what it should."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "generate_services.py"


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_services", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("source", _tool().SOURCES, ids=lambda path: path.parent.name)
def test_each_blocking_service_is_up_to_date(source: Path) -> None:
    ours = source.with_name(source.name.removeprefix("async_")).read_text(encoding="utf-8")
    assert ours == _tool().generated(source.read_text(encoding="utf-8"), source.name), "run `make format`"


SAMPLE = '''"""The asyncio service object of the sample."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from govcomponents.core.ports.service import Service


class AsyncSample(Service):
    """Samples, for asyncio callers."""

    async def get(self, name: str) -> str:
        """Return it."""
        return await self._perform(self._port.get(name))

    def search(self) -> AsyncGenerator[str, None]:
        """Find them."""
        return self._each(self._port.search())
'''

BLOCKING = '''"""The blocking service object of the sample.

Generated from async_service.py by `make format`: edit that file.
"""

from __future__ import annotations

from collections.abc import Iterator

from govcomponents.core.driver import drive, drive_iterator
from govcomponents.core.ports.service import Service


class Sample(Service):
    """Samples, for blocking callers."""

    def get(self, name: str) -> str:
        """Return it."""
        return drive(self._perform(self._port.get(name)))

    def search(self) -> Iterator[str]:
        """Find them."""
        return drive_iterator(self._each(self._port.search()))
'''


def test_awaits_are_driven_and_names_lose_their_async() -> None:
    assert _tool().generated(SAMPLE, "async_service.py") == BLOCKING
