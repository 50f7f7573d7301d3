"""Finds adapters by name: the built-in ones, and others' packages through entry points; none can shadow a built-in."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from govcomponents.core.ports.port import Port
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

PortT = TypeVar("PortT", bound=Port[Any])


def find_adapter(
    port: type[PortT], component: str, name: str, built_in: Mapping[str, str], setting: str
) -> type[PortT]:
    """Return the adapter class called `name`, which implements `port`; `setting` is the variable that names it.

    `built_in` maps names to "module:Class"; an entry point that claims one of these names is never looked at. Others
    come from the entry-point group "govcomponents.<component>". Raises ConfigurationError if there is none, if two
    packages claim the name, or if what the adapter imports is not installed.
    """
    adapter: object
    if name in built_in:
        module, _, attribute = built_in[name].partition(":")
        try:
            adapter = getattr(import_module(module), attribute)
        except ImportError as error:
            raise ConfigurationError(
                f"the {component} adapter {name!r} needs {error.name}, which is not installed",
                fix='pip install "govcomponents[all]"',
            ) from None
    else:
        adapter = _from_entry_points(component, name, built_in, setting)
    if not (isinstance(adapter, type) and issubclass(adapter, port)):
        raise ConfigurationError(
            f"the {component} adapter {name!r} is not a {port.__name__} class",
            fix="point its entry point at the adapter class",
        )
    return adapter


def _from_entry_points(component: str, name: str, built_in: Mapping[str, str], setting: str) -> object:
    from importlib.metadata import entry_points

    group = f"govcomponents.{component}"
    installed = entry_points(group=group)
    found = [entry for entry in installed if entry.name == name]
    if not found:
        known = ", ".join(sorted({*built_in, *(entry.name for entry in installed)}))
        raise ConfigurationError(
            f"there is no {component} adapter called {name!r}",
            fix=f"set {setting} to one of: {known}; "
            f"or install the package that has it in its entry-point group {group}",
        )
    if len({entry.value for entry in found}) > 1:
        raise ConfigurationError(
            f"{len(found)} installed packages claim the {component} adapter name {name!r}",
            fix="uninstall all but one of them",
        )
    try:
        loaded: object = found[0].load()
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"the {component} adapter {name!r} cannot be imported ({type(error).__name__})",
            fix=f"install what its package {found[0].module.partition('.')[0]} needs",
        ) from None
    return loaded
