"""A real RabbitMQ for the tests: started on free ports, in a folder of its own, heard on this machine only."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .postgres import _free_port

_SCRIPTS = "usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server"
_STARTS_WITHIN = 600.0


class NoRabbit(Exception):
    """There is no RabbitMQ to be started here, and why."""


@contextmanager
def serving(folder: Path, port: int | None = None) -> Iterator[str]:
    """Run a broker; gives its URL. What it holds is gone with it. Raises NoRabbit, which says why not."""
    script = next(iter(sorted(Path("/").glob(_SCRIPTS))), None)  # that of the PATH becomes another user
    epmd = shutil.which("epmd")
    if script is None or epmd is None:
        raise NoRabbit("RabbitMQ is not installed (on Debian or Ubuntu: apt-get install rabbitmq-server)")
    port, names = port or _free_port(), _free_port()
    home = folder / f"rabbitmq-{names}"
    home.mkdir()
    (home / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\n")
    for name in ("plugins", "environment"):
        (home / name).write_text("[].\n" if name == "plugins" else "")
    variables = os.environ | {
        "HOME": str(home),
        "ERL_EPMD_PORT": str(names),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"tests-{names}@localhost",
        "RABBITMQ_DIST_PORT": str(_free_port()),
        "RABBITMQ_CONF_ENV_FILE": str(home / "environment"),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_PID_FILE": str(home / "pid"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    }
    with (home / "output").open("wb") as log:
        # The one that knows nodes by their names would outlive the broker, if that started it.
        started = [
            subprocess.Popen(command, env=variables, stdout=log, stderr=log, start_new_session=True)
            for command in ([epmd, "-port", str(names)], [str(script)])
        ]
    try:
        _wait_for(port, started[1], home / "output")
        yield f"amqp://guest:guest@127.0.0.1:{port}//"
    finally:
        for process in reversed(started):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(port: int, broker: subprocess.Popen[bytes], output: Path) -> None:
    until = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < until and broker.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
                probe.sendall(b"AMQP\x00\x00\x09\x01")
                if probe.recv(1):
                    return
        except OSError:
            time.sleep(0.1)
    raise NoRabbit(f"RabbitMQ did not start: {output.read_text(errors='replace')[-500:]}")
