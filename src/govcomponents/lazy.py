"""Imports public names, or a module, when they are first used, so that what stands on them is imported quickly."""

from __future__ import annotations

import sys
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class LazyModule:
    """A module of govcomponents that is imported when one of its names is first used.

    Type checkers see it by the import below `if TYPE_CHECKING:`.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> object:
        value: object = getattr(import_module(f"govcomponents.{self._name}"), name)
        setattr(self, name, value)
        return value


def lazy_exports(
    package: str, homes: Mapping[str, str], extras: Mapping[str, str] = MappingProxyType({})
) -> tuple[list[str], Callable[[str], object], Callable[[], list[str]]]:
    """Return `__all__`, `__getattr__` and `__dir__` for a package or module.

    `homes` says in which module of govcomponents each public name is: {"pay.models": "Payment Refund"}. Type checkers
    see the same names by the imports below `if TYPE_CHECKING:`. `extras` says how to install what not everybody
    has, by the name that is imported: {"pytest": "pip install pytest"}. A name that lacks it raises ConfigurationError.
    """
    modules = {name: f"govcomponents.{module}" for module, names in homes.items() for name in names.split()}

    def get(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            value: object = getattr(import_module(modules[name]), name)
        except ModuleNotFoundError as error:
            fix = extras.get(error.name or "")
            if fix is None:
                raise
            from govcomponents.errors import ConfigurationError

            raise ConfigurationError(f"{package}.{name} needs {error.name}, which is not installed", fix=fix) from None
        setattr(sys.modules[package], name, value)
        return value

    def listed() -> list[str]:
        return sorted({*modules, *(name for name in vars(sys.modules[package]) if name.startswith("__"))})

    return sorted(modules), get, listed
