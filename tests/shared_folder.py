"""The folder beside this repository with recorded exchanges, for the tests that compare with them where it is there."""

from __future__ import annotations

import os
from pathlib import Path

SHARED = Path(os.environ.get("GOVCOMPONENTS_SHARED", Path(__file__).parents[1].parent / "shared"))
