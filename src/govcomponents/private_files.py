"""Makes files that only their owner may read, also where a library would make them for everybody."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def make_private(path: Path | str) -> None:
    """Make an empty file for its owner alone, before a library opens it; one that is there stays as it is.

    Who shares a file on purpose has made it, or has changed its mode. Raises OSError.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def open_to_write(path: Path | str) -> int:
    """Open a file to write anew, for its owner alone from now on. No link is followed. Raises OSError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        about = os.fstat(handle)
        if stat.S_ISREG(about.st_mode):
            if hasattr(os, "fchmod") and about.st_mode & 0o077:
                os.fchmod(handle, 0o600)
            os.ftruncate(handle, 0)
    except BaseException:
        os.close(handle)
        raise
    return handle
