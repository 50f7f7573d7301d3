"""`govcomponents status --every` on a real terminal, while a real PostgreSQL goes away and comes back."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
import sqlalchemy as sa

from govcomponents.durable.storage.migrating import migrate

from .servers.postgres import Postgres

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    """A terminal in which the command runs. What was drawn before the last look is forgotten."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._reading, theirs = pty.openpty()
        # Tests that run in the background ignore interrupts, and what they start would do so too.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            self.process = subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
        finally:
            signal.signal(signal.SIGINT, before)
        os.close(theirs)
        self._drawn = b""

    def screen_with(self, *wanted: str, without: str = "\0") -> str:
        """Wait for a whole screen that has these words, and not others; gives it."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if select.select([self._reading], [], [], 0.2)[0]:
                self._drawn += os.read(self._reading, 65536)
            drawn = _COLOURS.sub("", self._drawn.decode(errors="ignore"))
            for screen in drawn.split("┏")[1:]:
                if "┘" in screen and all(word in screen for word in wanted) and without not in screen:
                    self._drawn = b""
                    return screen
        raise AssertionError(f"it was not drawn: {self._drawn[-3000:]!r}")

    def close(self) -> int:
        """Interrupt it, and read what it draws until it ends: it cannot end while its terminal is full."""
        self.process.send_signal(signal.SIGINT)
        until = time.monotonic() + 30
        while self.process.poll() is None:
            assert time.monotonic() < until, "it goes on after an interrupt"
            if select.select([self._reading], [], [], 0.1)[0]:
                with suppress(OSError):  # nobody has the other end any more
                    os.read(self._reading, 65536)
        os.close(self._reading)
        return self.process.wait()


@pytest.fixture
def terminal(postgres: Postgres, postgres_url: str) -> Iterator[Terminal]:
    engine = sa.create_engine(postgres_url)
    migrate(engine)
    engine.dispose()
    command = [sys.executable, "-m", "govcomponents.cli.main", "status", "--every", "0.2"]
    size = {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"}
    made = Terminal(command, {**os.environ, **size, "DATABASE_URL": postgres_url})
    yield made
    if made.process.poll() is None:
        made.close()


def test_a_database_that_goes_away_is_told_and_looked_for_until_it_is_back(
    terminal: Terminal, postgres: Postgres
) -> None:
    assert "nothing" in terminal.screen_with("needs somebody", "outbox paused")
    postgres.stop("immediate")
    try:
        away = terminal.screen_with("the database", "cannot be used", "as it was at")
        assert "needs somebody" in away  # what was last seen stays in sight
        assert terminal.process.poll() is None
    finally:
        postgres.start()
    assert "cannot be used" not in terminal.screen_with("needs somebody", without="as it was at")
    assert terminal.close() == 130
