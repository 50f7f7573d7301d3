"""Finds what is the service's own, by the module and the name in it that --app says."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from govcomponents.errors import ConfigurationError


def load(name: str, fix: str) -> object:
    """Import it; its folder may be the one in which the command is run. Raises ConfigurationError with `fix`."""
    module, _, attribute = name.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(f"--app cannot be found ({type(error).__name__}: {error})", fix=fix) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever the service does when it is imported
        where = f", {error.filename} line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise ConfigurationError(
            f"--app cannot be imported ({type(error).__name__}{where})",
            fix=f"see why: python -c 'import {module}'",
        ) from None
    return found
