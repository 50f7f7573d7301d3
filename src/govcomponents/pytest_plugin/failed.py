"""The note on a test that it has failed, so that what is asked of it at its end is not asked then."""

from __future__ import annotations

from typing import Final

import pytest

HAS_FAILED: Final = pytest.StashKey[bool]()
