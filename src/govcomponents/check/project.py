"""The files of a service that the rules look at, each read once."""

from __future__ import annotations

import io
import os
import stat
import tokenize
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govcomponents.core.inputs import reason_of
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_NEVER_ENTERED: Final = frozenset(
    {"node_modules", "__pycache__", "site-packages", "venv", "env", "build", "dist", "htmlcov"}
)
_LARGEST: Final = 2_000_000  # bytes; no file that a person writes is larger
_DOTENV: Final = ("*.env", ".env", ".env.*", ".envrc", ".flaskenv")
_EXAMPLES: Final = ("*.example", "*.sample", "*.template", "*.dist", "*example.env", "*sample.env")
_DEPLOYMENT: Final = (
    *("Dockerfile*", "*.dockerfile", "Procfile*", "*.yml", "*.yaml", "*.sh", "*.service", "Makefile", "*.ini", "*.cfg"),
    *("*.tf", "*.hcl", "*.bicep", "*.conf"),
)
_lines_of = lru_cache(maxsize=4)(str.splitlines)  # findings come file by file, and a file may have many


@dataclass(frozen=True, slots=True)
class TextFile:
    """One file that was read."""

    path: str
    """As the findings name it: below the folder from which the check was run, with slashes."""
    place: Path
    text: str

    @property
    def is_test(self) -> bool:
        """Whether it is of the service's tests: what would be a mistake in the service may be on purpose there."""
        parts, name = self.path.split("/")[:-1], self.place.name
        return (
            name.startswith(("test_", "conftest.")) or name.endswith("_test.py") or bool({"tests", "test"} & {*parts})
        )

    def source(self, line: int) -> str:
        """Return a line without the space round it."""
        lines = _lines_of(self.text)
        return lines[line - 1].strip() if 0 < line <= len(lines) else ""


@dataclass(frozen=True, slots=True)
class Unread:
    """The reason why a file could not be looked at. `line` is where its form is wrong, or 0; `source` is that line."""

    why: str
    line: int = 0
    source: str = ""


@dataclass(frozen=True)
class Project:
    """Everything that is looked at. `paths` are files and folders; a folder is walked, without what tools put there."""

    paths: Sequence[Path]
    root: Path = field(default_factory=Path.cwd)
    unread: dict[str, Unread] = field(default_factory=dict)
    """Files and folders that could not be looked at, by path; it is filled while they are."""

    @cached_property
    def files(self) -> list[TextFile]:
        """Every file that some rule may look at. Raises ConfigurationError if a path is not there."""
        for path in self.paths:
            if not path.exists():
                raise ConfigurationError(f"there is no {path}", fix="name files and folders of the service")
        places = dict.fromkeys(_real(place) for path in self.paths for place in _walk(path, self._closed))
        return [one for place in sorted(places) if (one := self._read(place)) is not None]

    def _read(self, place: Path) -> TextFile | None:
        try:
            about = place.stat()
            if not stat.S_ISREG(about.st_mode):
                why = "it is no file, but a pipe or a device"  # to read it might never end
            elif about.st_size > _LARGEST:
                why = "it is larger than any that a person writes"
            else:
                return TextFile(self.shown(place), place, _decoded(place))
        except (OSError, UnicodeDecodeError) as error:
            why = reason_of(error)
        self.unread[self.shown(place)] = Unread(why)
        return None

    def _closed(self, error: OSError) -> None:
        """Note a folder that cannot be entered."""
        self.unread[self.shown(Path(error.filename))] = Unread(reason_of(error))

    def shown(self, place: Path) -> str:
        """Return a path as findings name it."""
        place, root = _real(place), self.root.resolve()
        return (place.relative_to(root) if place.is_relative_to(root) else place).as_posix()

    @cached_property
    def python(self) -> list[TextFile]:
        """The Python files."""
        return [one for one in self.files if one.place.suffix == ".py"]

    @cached_property
    def dotenv(self) -> list[TextFile]:
        """The files of environment variables, without those that are only examples."""
        return [one for one in self.files if _is_like(one, _DOTENV) and not _is_like(one, _EXAMPLES)]

    @cached_property
    def toml(self) -> list[TextFile]:
        """The TOML files."""
        return [one for one in self.files if one.place.suffix == ".toml"]

    @cached_property
    def deployment(self) -> list[TextFile]:
        """The files that say how the service is built, started and deployed."""
        return [one for one in self.files if _is_like(one, _DEPLOYMENT)]


def _is_like(one: TextFile, patterns: Iterable[str]) -> bool:
    return any(fnmatch(one.place.name, pattern) for pattern in patterns)


_READ: Final = ("*.py", "*.toml", *_DOTENV, *_DEPLOYMENT)


def _real(place: Path) -> Path:
    """Return where a path leads; of a link that leads nowhere, or round, the link itself."""
    try:
        return place.resolve(strict=True)
    except (OSError, RuntimeError):  # the second one on Python 3.11 and 3.12, for a link that leads round
        return place.absolute()


def _decoded(place: Path) -> str:
    """Read a file in UTF-8, or in the encoding that Python declares in its first lines. Raises UnicodeDecodeError."""
    content = place.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        if place.suffix != ".py":
            raise
        try:
            declared, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        except SyntaxError:
            declared = "utf-8"  # it declares none, and says so by failing again
        text = content.decode(declared)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_installed(folder: Path) -> bool:
    """Whether a folder is a virtual environment. Of one that cannot be entered the walk itself says so."""
    try:
        return (folder / "pyvenv.cfg").exists()
    except PermissionError:
        return False


def _walk(path: Path, closed: Callable[[OSError], None]) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path, onerror=closed):
        folders[:] = sorted(
            name
            for name in folders
            if name not in _NEVER_ENTERED
            and (not name.startswith(".") or name in (".github", ".ci"))
            and not _is_installed(Path(folder, name))
        )
        yield from (Path(folder, name) for name in sorted(names) if any(fnmatch(name, pattern) for pattern in _READ))
