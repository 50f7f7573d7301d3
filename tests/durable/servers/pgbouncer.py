"""A real PgBouncer for the tests, in its mode "transaction": many clients share a few connections of a PostgreSQL."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from .postgres import Postgres, _free_port

CONNECTIONS = 3  # to the database, for all clients together


class NoPgBouncer(Exception):
    """There is no PgBouncer to be started here, and why."""


@contextmanager
def pooling(server: Postgres) -> Iterator[str]:
    """Run one before a server; gives the URL of its database. Raises NoPgBouncer, which says why not."""
    program = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
    if program is None:
        raise NoPgBouncer("PgBouncer is not installed (on Debian or Ubuntu: apt-get install pgbouncer)")
    port = _free_port()
    configuration = server.folder / "pgbouncer.ini"
    configuration.write_text(
        "[databases]\n"
        f"postgres = host=127.0.0.1 port={server.port} dbname=postgres user=gov\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        f"pool_mode = transaction\ndefault_pool_size = {CONNECTIONS}\nmax_client_conn = 500\n"
    )
    configuration.chmod(0o644)
    log = server.folder / "pgbouncer.log"
    with log.open("wb") as output:
        # As whoever runs the server: it refuses root.
        pooler = subprocess.Popen([*server.runs_as, program, str(configuration)], stdout=output, stderr=output)
    try:
        _wait_for(port, log.read_text)
        yield f"postgresql+psycopg://gov@127.0.0.1:{port}/postgres"
    finally:
        pooler.kill()
        pooler.wait()


def _wait_for(port, told) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} user=gov dbname=postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise NoPgBouncer(f"PgBouncer did not answer within 20 seconds: {told()[-500:]}")
