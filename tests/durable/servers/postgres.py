"""A real PostgreSQL for the tests: started on a free port, in a folder of its own, as somebody who is not root."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

_HOMES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")
_UNPRIVILEGED = ("postgres", "nobody")


class NoPostgres(Exception):
    """There is no PostgreSQL to be started here, and why."""


@dataclass
class Postgres:
    """A server that runs. `url` is of its database."""

    folder: Path
    port: int
    _bin: Path
    runs_as: list[str]

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://gov@127.0.0.1:{self.port}/postgres"

    @property
    def dsn(self) -> str:
        return f"host=127.0.0.1 port={self.port} user=gov dbname=postgres"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-D", "data", "-o", options, "-l", "log", "-w", "-t", "60", "start")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", "data", "-m", mode, "-w", "-t", "60", "stop")

    def _run(self, tool: str, *arguments: str) -> None:
        command = [*self.runs_as, str(self._bin / tool), *arguments]
        with (self.folder / "tools.log").open("ab") as log:
            done = subprocess.run(command, cwd=self.folder, stdout=log, stderr=log, timeout=120, check=False)
        if done.returncode:
            raise NoPostgres(f"{tool} failed: {(self.folder / 'tools.log').read_text(errors='replace')[-500:]}")


def start() -> Postgres:
    """Make a server of its own and start it. Raises NoPostgres, which says why not."""
    tools = _tools()
    folder = Path(tempfile.mkdtemp(prefix="govcomponents-postgres-"))
    drop: list[str] = []
    if os.geteuid() == 0:
        user = _unprivileged()
        os.chown(folder, user.pw_uid, user.pw_gid)
        if shutil.which("setpriv") is None:
            raise NoPostgres("initdb refuses root, and there is no setpriv to become somebody else")
        drop = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    made = Postgres(folder, _free_port(), tools, drop)
    made._run("initdb", "-D", "data", "-U", "gov", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    made.start()
    return made


def remove(server: Postgres) -> None:
    """Stop it and remove its folder."""
    try:
        server.stop("immediate")
    except NoPostgres:
        time.sleep(0)  # it was stopped already
    shutil.rmtree(server.folder, ignore_errors=True)


def _tools() -> Path:
    if (found := shutil.which("pg_ctl")) is not None:
        return Path(found).resolve().parent
    for home in _HOMES:
        for folder in sorted(Path("/").glob(home.lstrip("/")), reverse=True):
            if (folder / "pg_ctl").exists():
                return folder
    raise NoPostgres("PostgreSQL is not installed (on Debian or Ubuntu: apt-get install postgresql)")


def _unprivileged() -> pwd.struct_passwd:
    for name in _UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("initdb refuses root, and there is nobody else to run it")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
