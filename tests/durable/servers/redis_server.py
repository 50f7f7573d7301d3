"""A real Redis for the tests: started on a free port, in a folder of its own, keeping nothing."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .postgres import _free_port


class NoRedis(Exception):
    """There is no Redis to be started here, and why."""


@contextmanager
def serving(folder: Path, port: int | None = None) -> Iterator[str]:
    """Run a server; gives its URL. Raises NoRedis, which says why not."""
    program = shutil.which("redis-server")
    if program is None:
        raise NoRedis("Redis is not installed (on Debian or Ubuntu: apt-get install redis-server)")
    port = port or _free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with (folder / "redis.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_for(port)
        yield f"redis://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def _wait_for(port: int) -> None:
    import redis

    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            redis.Redis(port=port).ping()
        except redis.RedisError:
            time.sleep(0.05)
        else:
            return
    raise NoRedis("Redis did not answer within 20 seconds")
