"""The checkpoint of a bulk send: the state of each row, so that a send that was killed can go on where it was.

One line of JSON for each step of a row, written before the step has an effect, and never a recipient or a value: rows
are known by their numbers and a checksum. The file may be cut off in the middle of its last line.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from govcomponents.errors import ConfigurationError, InvalidInput
from govcomponents.notify.bulk.results import RowState

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


_STATES: Final = tuple(RowState)
_CODES: Final = {state: code for code, state in enumerate(_STATES)}


class Checkpoint:
    """The checkpoint of a bulk send: the states of all rows, in a file or in memory only.

    Threads may share it; one process at a time. It holds a byte and a checksum of four bytes for each row.
    """

    def __init__(self, path: Path | None, *, batch: str, template: str) -> None:
        self._path = path
        self._head = {"batch": batch, "template": template}
        self._states = bytearray()
        self._checks = bytearray()
        self._lock = threading.Lock()
        self._file: int | None = None

    def __enter__(self) -> Self:
        if self._path is not None:
            try:
                flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
                self._file = os.open(self._path, flags, 0o600)
            except OSError as error:
                raise InvalidInput(
                    field="checkpoint",
                    problem=f"it cannot be opened ({error.strerror})",
                    fix="give the path of a file that can be written, in a folder that exists",
                    operation="notify.send_many",
                ) from None
            try:
                self._claim()
                self._load()
            except BaseException:
                self.__exit__(None, None, None)
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _claim(self) -> None:
        try:
            import fcntl
        except ImportError:
            return
        try:
            fcntl.flock(self._file or 0, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigurationError(
                "another process is using the checkpoint of this bulk send", fix="wait for it to end"
            ) from None

    def _load(self) -> None:
        with os.fdopen(os.dup(self._file or 0), "rb") as lines:
            first = lines.readline()
            if not first:
                self._write(self._head)
                return
            if self._read(first) != self._head:
                raise ConfigurationError(
                    "the checkpoint belongs to another bulk send",
                    fix="give the batch and the template that it began with",
                )
            last = first
            for line in lines:
                last = line
                entry = self._read(line)
                if entry is not None and "row" in entry:
                    self._set(int(entry["row"]), RowState(entry["state"]), int(entry["check"]))
            if not last.endswith(b"\n"):
                os.write(self._file or 0, b"\n")

    @staticmethod
    def _read(line: bytes) -> dict[str, Any] | None:
        try:
            entry = json.loads(line)
        except ValueError:
            return None
        return entry if isinstance(entry, dict) else None

    def _write(self, entry: object) -> None:
        if self._file is not None:
            os.write(self._file, json.dumps(entry, separators=(",", ":")).encode() + b"\n")

    def _set(self, row: int, state: RowState, check: int) -> None:
        if row >= len(self._states):
            more = row + 1 - len(self._states)
            self._states.extend(bytes(more))
            self._checks.extend(bytes(4 * more))
        self._states[row] = _CODES[state]
        self._checks[4 * row : 4 * row + 4] = check.to_bytes(4, "big")

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

    def record(self, row: int, state: RowState, check: int, notification_id: str | None = None) -> None:
        """Record the state of a row, in the file too."""
        entry: dict[str, object] = {"row": row, "state": state.value, "check": check}
        if notification_id is not None:
            entry["id"] = notification_id
        with self._lock:
            self._set(row, state, check)
            self._write(entry)

    def rows_in(self, state: RowState) -> list[int]:
        """Return the numbers of the rows that are in a state."""
        with self._lock:
            return [row for row, one in enumerate(self._states) if one == _CODES[state]]
