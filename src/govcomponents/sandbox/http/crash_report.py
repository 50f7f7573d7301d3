"""Tells whoever runs a sandbox that it has failed itself, without telling anybody's data."""

from __future__ import annotations

import sys
import traceback


def report(error: Exception) -> None:
    """Print where the sandbox failed, without the error's text: it may hold personal data."""
    frames = traceback.extract_tb(error.__traceback__)
    where = "; ".join(f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames[-3:])
    print(f"govcomponents sandbox: {type(error).__name__} at {where}", file=sys.stderr)  # noqa: T201  # a server's log
