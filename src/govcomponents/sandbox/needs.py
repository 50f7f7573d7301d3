"""Says at once which package the sandbox lacks: most are imported only when first used, and it would work by halves."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Final

from govcomponents.errors import ConfigurationError

_PACKAGES: Final = ("jinja2", "phonenumbers")


@cache
def check_packages() -> None:
    """Raise ConfigurationError, with the line that installs them, if a package of the extra `sandbox` is missing."""
    for package in _PACKAGES:
        if find_spec(package) is None:
            raise ConfigurationError(
                f"the sandbox needs {package}, which is not installed", fix='pip install "govcomponents[sandbox]"'
            )
