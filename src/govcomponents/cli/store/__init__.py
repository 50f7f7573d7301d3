"""The commands that work on the durable layer's tables, and what they share: the option that names these tables."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from sqlalchemy import Engine

_DATABASE: Final = "DATABASE_URL"


def add_database(parser: argparse.ArgumentParser) -> None:
    """Add the option --database."""
    told = f"the database's URL (default: {_DATABASE} of the environment, or the file govcomponents.db)"
    parser.add_argument("--database", metavar="URL", help=told)


def database_url(options: argparse.Namespace) -> str | None:
    """Return the URL that was given, or that of the environment."""
    url: str | None = options.database or os.environ.get(_DATABASE) or None
    return url


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Engine]:
    """Open the database, which must have the tables. Raises ConfigurationError."""
    from govcomponents.durable.storage.engines import engine_for
    from govcomponents.durable.storage.migrating import check_version

    engine = engine_for(database_url(options), is_made=False)
    try:
        check_version(engine)
        yield engine
    finally:
        engine.dispose()


def data_keys(file: Path | None) -> list[str]:
    """Read the data keys of a file, one a line. Raises ConfigurationError."""
    if file is None:
        return []
    try:
        return [line.strip() for line in file.read_text(encoding="ascii").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
        raise ConfigurationError(
            f"the file of data keys {file} cannot be read: {reason}", fix="give one key in base64 a line"
        ) from None
