"""The checkpoint of a bulk send: the state of each row, so that a send that was killed can go on where it was.

One line of JSON for each step of a row, written before the step has an effect, and never a recipient or a value: rows
are known by their numbers and a checksum. Each line ends with a checksum of its own, so that damage is never taken for
a state. The file may be cut off in the middle of its last line; a write that fails is taken back.
"""

from __future__ import annotations

import json
import os
import threading
import zlib
from array import array
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

from govcomponents.errors import ConfigurationError, InvalidInput
from govcomponents.notify.bulk.results import RowState

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


_STATES: Final = tuple(RowState)
_CODES: Final = {state: code for code, state in enumerate(_STATES)}
_LONGEST_LINE: Final = 16_384
"""Bytes. A longer line is not ours, and is not read to its end."""
_LONGEST_PROBLEM: Final = 500
_AS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_SEAL: Final = len(',"crc":"00000000"}\n')


class EarlierRow(NamedTuple):
    """A row that was done before this run: the message's id, or why it was refused."""

    notification_id: str | None
    problem: str


class Checkpoint:
    """The checkpoint of a bulk send: the states of all rows, in a file or in memory only.

    Threads may share it; one process at a time. It holds five bytes for each row, and eight more if it was done
    earlier.
    """

    def __init__(self, path: Path | None, *, batch: str, template: str) -> None:
        self._path = path
        self._head = {"batch": batch, "template": template}
        self._states = bytearray()
        self._checks = bytearray()
        self._places = array("Q")
        self._lock = threading.Lock()
        self._syncing = threading.Lock()
        self._file: int | None = None
        self._size = 0
        self._durable = 0
        self._is_closed = False
        self._cannot_be_mended = False

    def __enter__(self) -> Self:
        if self._path is not None:
            try:
                self._file = os.open(self._path, _AS, 0o600)
            except OSError as error:
                raise InvalidInput(
                    field="checkpoint",
                    problem=f"it cannot be opened ({error.strerror})",
                    fix="give the path of a file that can be written, in a folder that exists",
                    operation="notify.send_many",
                ) from None
            try:
                self._claim(self._file)
                self._load(self._path)
            except BaseException:
                self.close()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. Whoever still wants to record a row gets an error, and so sends nothing."""
        with self._syncing, self._lock:
            self._is_closed = True
            file, self._file = self._file, None
            if file is not None:
                os.close(file)

    @staticmethod
    def _claim(file: int) -> None:
        try:
            import fcntl
        except ImportError:
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigurationError(
                "another process is using the checkpoint of this bulk send", fix="wait for it to end"
            ) from None

    def _load(self, path: Path) -> None:
        """Read all lines. What a stop or a loss of power left of the last one is taken away."""
        with os.fdopen(os.dup(self._file or 0), "rb") as lines:
            head = _line(self._head)
            first = lines.readline(_LONGEST_LINE)
            is_cut_off = len(first) <= len(head) and head.startswith(first.rstrip(b"\0"))
            if is_cut_off and first != head:  # new, or nothing was sent yet
                self._begin(path, head)
                return
            if first != head:
                self._belongs_to_another(first)
            self._size = len(first)
            for number, line in enumerate(iter(lambda: lines.readline(_LONGEST_LINE), b""), 2):
                try:
                    self._take(_entry(line))
                except (ValueError, KeyError, TypeError, OverflowError):
                    if not _is_cut_off(line, lines):
                        self._damaged(number)
                    self._cut(self._size)
                    break
                self._size += len(line)
                if not line.endswith(b"\n"):
                    self._write(b"\n")
                    break

    def _begin(self, path: Path, head: bytes) -> None:
        self._cut(0)
        self._write(head)
        self.make_durable()
        if hasattr(os, "O_DIRECTORY"):  # so that the file itself is there after a loss of power
            with suppress(OSError):
                folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)

    def _belongs_to_another(self, first: bytes) -> NoReturn:
        with suppress(ValueError):
            if "batch" in _entry(first):
                raise ConfigurationError(
                    "the checkpoint belongs to another bulk send",
                    fix="give the batch and the template that it began with",
                )
        self._damaged(1)

    @staticmethod
    def _damaged(line: int) -> NoReturn:
        raise ConfigurationError(
            f"line {line} of the checkpoint is damaged, or the file is no checkpoint of a bulk send; nothing was sent",
            fix="bring the file back from a copy; without one, look at the provider for the batch's references "
            "before you begin a new batch with the rows that it does not hold",
        )

    def _take(self, entry: dict[str, Any]) -> None:
        row, check = entry["row"], entry["check"]
        if type(row) is not int or row < 1:
            raise ValueError(row)
        self._set(row, RowState(entry["state"]), check)
        if row >= len(self._places):
            self._places.extend([0] * (row + 1 - len(self._places)))
        self._places[row] = self._size

    def _write(self, line: bytes) -> None:
        """Write a line whole, or not at all. Raises ConfigurationError."""
        if self._is_closed:
            raise self._ended()
        if self._file is None:
            return
        if self._cannot_be_mended:
            raise self._unwritable("a line that was written in part cannot be taken back")
        written = 0
        try:
            while written < len(line):  # a disk that is nearly full takes a part, without an error
                written += os.write(self._file, line[written:])
        except OSError as error:
            self._cut(self._size)
            raise self._unwritable(error.strerror) from None
        self._size += len(line)

    def _cut(self, size: int) -> None:
        assert self._file is not None  # noqa: S101  # it is called only with a file
        try:
            os.ftruncate(self._file, size)
        except OSError:
            self._cannot_be_mended = True  # the next start takes the part away

    @staticmethod
    def _ended() -> ConfigurationError:
        return ConfigurationError(
            "the checkpoint is closed, for the bulk send has ended", fix="start it again with the same checkpoint"
        )

    @staticmethod
    def _unwritable(reason: str | None) -> ConfigurationError:
        return ConfigurationError(
            f"the checkpoint cannot be written ({reason}), so that the bulk send was stopped",
            fix="make room on the disk, or mend it, then start again with the same checkpoint",
        )

    def make_durable(self) -> None:
        """Wait until all that was recorded is on the disk itself (fsync); threads that wait share one. It blocks.

        Raises ConfigurationError.
        """
        wanted = self._size
        with self._syncing:
            if self._is_closed:
                raise self._ended()
            if self._file is None or self._durable >= wanted:
                return
            size = self._size
            try:
                os.fsync(self._file)
            except OSError as error:
                raise self._unwritable(error.strerror) from None
            self._durable = size

    @property
    def is_on_disk(self) -> bool:
        """Whether there is a file, which `make_durable` waits for."""
        return self._path is not None

    def _set(self, row: int, state: RowState, check: int) -> None:
        kept = check.to_bytes(4, "big")
        if row >= len(self._states):
            more = row + 1 - len(self._states)
            self._states.extend(bytes(more))
            self._checks.extend(bytes(4 * more))
        self._states[row] = _CODES[state]
        self._checks[4 * row : 4 * row + 4] = kept

    def state(self, row: int, check: int) -> RowState:
        """Return the state of a row. Raises ConfigurationError if it is not the row that the checkpoint knows."""
        with self._lock:
            if row >= len(self._states) or self._states[row] == _CODES[RowState.NEW]:
                return RowState.NEW
            if self._checks[4 * row : 4 * row + 4] != check.to_bytes(4, "big"):
                raise ConfigurationError(
                    f"row {row} is not what it was when the bulk send began",
                    fix="give the same rows in the same order, or begin a new batch with a new checkpoint",
                )
            return _STATES[self._states[row]]

    def earlier(self, row: int) -> EarlierRow:
        """Return what the file holds of a row that was done before this run."""
        with self._lock:
            if self._file is None or row >= len(self._places) or not self._places[row]:
                return EarlierRow(None, "")
            os.lseek(self._file, self._places[row], os.SEEK_SET)  # what is written goes to the end all the same
            line, _, _ = os.read(self._file, _LONGEST_LINE).partition(b"\n")
        entry = json.loads(line)
        return EarlierRow(entry.get("id"), entry.get("problem", ""))

    def record(
        self, row: int, state: RowState, check: int, notification_id: str | None = None, problem: str = ""
    ) -> None:
        """Record the state of a row, in the file too.

        Raises ConfigurationError if it cannot be written, or is closed: the row is then as it was.
        """
        entry: dict[str, object] = {"row": row, "state": state.value, "check": check}
        if notification_id is not None:
            entry["id"] = notification_id
        if problem:
            entry["problem"] = problem[:_LONGEST_PROBLEM]
        with self._lock:
            self._write(_line(entry))
            self._set(row, state, check)

    def rows_in(self, state: RowState) -> list[int]:
        """Return the numbers of the rows that are in a state."""
        with self._lock:
            return [row for row, one in enumerate(self._states) if one == _CODES[state]]


def _line(entry: dict[str, Any]) -> bytes:
    content = json.dumps(entry, separators=(",", ":")).encode()[:-1]
    return b'%s,"crc":"%08x"}\n' % (content, zlib.crc32(content))


def _entry(line: bytes) -> dict[str, Any]:
    """Return what a line holds. Raises ValueError for one that is not as it was written, before it is taken apart."""
    whole = line if line.endswith(b"\n") else line + b"\n"
    content = whole[:-_SEAL]
    if whole[-_SEAL:] != b',"crc":"%08x"}\n' % zlib.crc32(content):
        raise ValueError("the checksum is another")
    entry = json.loads(content + b"}")
    if not isinstance(entry, dict):
        raise ValueError("it is no object")  # noqa: TRY004  # callers ask only whether it can be read
    return entry


def _is_cut_off(line: bytes, lines: IO[bytes]) -> bool:
    """Whether a line is what a stop left of the last one: without its end, or with the zeros of a loss of power."""
    if line.endswith(b"\n") or len(line) < _LONGEST_LINE:
        return not line.endswith(b"\n")
    is_zeros = line.endswith(b"\0")
    while is_zeros and (more := lines.read(_LONGEST_LINE)):
        is_zeros = not more.strip(b"\0")
    return is_zeros
