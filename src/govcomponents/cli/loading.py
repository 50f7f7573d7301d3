"""Finds what is the service's own, by the module and the name in it that --app says."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

from govcomponents.errors import ConfigurationError, GovComponentsError

_VARIABLE = re.compile("[A-Z][A-Z0-9_]{1,63}")


def load(name: str, fix: str) -> object:
    """Import it; its folder may be the one in which the command is run. Raises ConfigurationError with `fix`."""
    module, _, attribute = name.partition(":")
    if "/" in module or module.startswith(".") or module.endswith(".py"):
        raise ConfigurationError("--app names a file, not a module", fix=fix)
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(f"--app cannot be found ({type(error).__name__}: {error})", fix=fix) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever the service does when it is imported
        raise not_had("imported", error, f"python -c 'import {module}'") from None
    return found


def not_had(done: str, error: BaseException, see_why: str) -> ConfigurationError:
    """Return the error of an application that could not be "imported" or "made", with what its cause tells.

    What is wrong with the components has its own way to be mended; anything else is seen by `see_why`, a command.
    """
    if isinstance(error, GovComponentsError):
        fix = error.fix or f"see why: {see_why}"
        return ConfigurationError(f"--app cannot be {done}: {error.happened}", fix=fix, operation=error.operation)
    told = type(error).__name__
    if isinstance(error, SyntaxError):
        told += f", {error.filename} line {error.lineno}"
    elif isinstance(error, KeyError) and _VARIABLE.fullmatch(str(error.args[0] if error.args else "")):
        told += f": {error.args[0]}"  # `os.environ["..."]`; other texts may hold what is secret
    return ConfigurationError(f"--app cannot be {done} ({told})", fix=f"see why: {see_why}")
