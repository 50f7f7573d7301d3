"""A demonstration of an example service, running as a newcomer runs it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

SERVICES = Path(__file__).parents[3] / "examples" / "services"


@contextmanager
def running(name, folder=None):
    """Run the demonstration of a service, or of a copy in a folder; give where its pages and its sandbox are."""
    with socket.create_server(("localhost", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "demo.py", "--port", str(port)]
    with subprocess.Popen(command, cwd=folder or SERVICES / name, stdout=subprocess.PIPE, text=True) as process:
        try:
            told = ""
            while "The sandbox is at" not in told:
                line = process.stdout.readline()
                assert line, f"the service ended: {told}"
                told += line
            site, sandbox = (re.search(rf"The {what} is at +(\S+)", told)[1] for what in ("service", "sandbox"))
            password = re.search(r"password (\S+)\)", told)[1]
            wait_for(site)
            yield site, sandbox, password
        finally:
            process.terminate()
            process.communicate(timeout=30)


def wait_for(site):
    until = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(site, timeout=5).close()
        except OSError:
            assert time.monotonic() < until
        else:
            return
