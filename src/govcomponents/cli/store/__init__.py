"""The commands that work on the durable layer's tables, and what they share: the option that names these tables."""

from __future__ import annotations

import argparse
import os
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

_DATABASE: Final = "DATABASE_URL"


def add_database(parser: argparse.ArgumentParser) -> None:
    """Add the option --database."""
    told = f"the database's URL (default: {_DATABASE} of the environment, or the file govcomponents.db)"
    parser.add_argument("--database", metavar="URL", help=told)


def database_url(options: argparse.Namespace) -> str | None:
    """Return the URL that was given, or that of the environment."""
    if options.database == "":
        raise ConfigurationError("--database is empty", fix='give a URL such as "sqlite:///govcomponents.db"')
    url: str | None = options.database or os.environ.get(_DATABASE) or None
    return url


def whole_number(text: str) -> int:
    """Read an argument that is a number above 0."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:19]) < 2**63):
        raise argparse.ArgumentTypeError("it is not a number above 0")
    return int(text)


S = TypeVar("S", bound=HTTPServer)


def listening(kind: type[S], port: int, handler: type[BaseHTTPRequestHandler]) -> S:
    """Make a server on a port of the loopback address. Raises ConfigurationError."""
    try:
        return kind(("127.0.0.1", port), handler)
    except OSError as error:
        raise ConfigurationError(
            f"port {port} of the loopback address cannot be used: {error.strerror}", fix="give another port"
        ) from None


def port_number(text: str) -> int:
    """Read an argument that is a port."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) < 2**16):
        raise argparse.ArgumentTypeError("it is no port: a number from 1 to 65535")
    return int(text)


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
    """Read the data keys of a file, one a line. Raises ConfigurationError that names the file."""
    from govcomponents.durable.storage.sealing import PayloadKeys

    if file is None:
        return []
    try:
        keys = [line.strip() for line in file.read_text(encoding="ascii").splitlines() if line.strip()]
        PayloadKeys(keys)
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error.happened}", fix=error.fix) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
        raise ConfigurationError(
            f"the file of data keys {file} cannot be read: {reason}", fix="give one key in base64 a line"
        ) from None
    return keys
