"""Names that an adapter's package cannot have, as somebody else has them: adapters, modules and distributions."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution, entry_points
from importlib.util import find_spec
from typing import Final

COMPONENTS: Final = ("pay", "notify", "identity")


def who_has(name: str) -> str:
    """Say who has the name of a module already; nothing if nobody here does."""
    for component in COMPONENTS:
        if name in import_module(f"govcomponents.{component}.adapters").BUILT_IN:
            return f"the built-in adapter of {component}"  # in settings it would never be looked for elsewhere
        if entry_points(group=f"govcomponents.{component}", name=name):
            return f"an adapter of {component} that is installed here"
    if name in sys.stdlib_module_names:
        return "a module of Python itself"
    spec = find_spec(name)
    if spec is not None and spec.origin is not None:  # a mere folder of that name is no package
        return "a package that can be imported here"
    try:
        return f"a package that is installed here ({distribution(name).metadata['Name']})"
    except PackageNotFoundError:
        return ""


def free_name(name: str, component: str) -> str:
    """Return a name like the one that is taken, and that nobody here has."""
    return next(one for one in (f"{name}_{component}", f"my_{name}", "my_provider") if not who_has(one))
