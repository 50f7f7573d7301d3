"""What a pytest needs that a test starts: to be without the plugins that it does not use, and to keep libraries.

To import them takes longer than the few tests for which it is started.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

PLAIN = tuple(f"-pno:{plugin}" for plugin in ("cacheprovider", "schemathesis", "hypothesispytest", "anyio"))


@contextmanager
def libraries_kept(own: Path) -> Iterator[Imports]:
    """Keep in `sys.modules` what runs in this process import, but for modules below the folder `own`.

    Pytester forgets all of it when its test ends. Libraries are imported again then, and half of their classes are no
    longer those of the other half.
    """
    imports = Imports()
    yield imports
    for name, module in imports.seen.items():
        if own not in Path(getattr(module, "__file__", None) or "").parents:
            sys.modules.setdefault(name, module)


class Imports:
    """A plugin of pytest that looks at what is imported when a run ends."""

    def __init__(self) -> None:
        self.seen: dict[str, ModuleType] = {}

    def pytest_unconfigure(self) -> None:
        self.seen.update(sys.modules)
