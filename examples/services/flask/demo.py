"""Runs the whole service on this machine: the sandbox, the pages and a worker. Nothing real is behind it.

    python demo.py

Everything is kept in a folder that is gone when it ends. Stop it with Ctrl-C.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import threading
from contextlib import suppress
from tempfile import TemporaryDirectory

from renewal import create_app
from werkzeug.serving import WSGIRequestHandler, make_server

from govcomponents import GovComponents
from govcomponents.durable import Durable
from govcomponents.testing import serving

WAITS = 10.0  # seconds, at most, that a person waits for a call of a provider


class Quiet(WSGIRequestHandler):
    """Logs no requests: the query of a callback holds the code of a sign-in."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


def main() -> int:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=8000, help="the port of the service (default: %(default)s)")
    site = f"http://localhost:{parser.parse_args().port}"
    with (
        TemporaryDirectory() as folder,
        serving(redirect_to=f"{site}/gov/callback", callbacks_to=f"{site}/gov/events") as sandbox,
        GovComponents.from_settings(sandbox.sandbox.settings().model_copy(update={"time_limit": WAITS})) as gov,
    ):
        password = secrets.token_urlsafe(6)
        config = {"SECRET_KEY": secrets.token_urlsafe(32), "CASEWORK_PASSWORD": password}
        app = create_app(gov, {**config, "DATABASE": f"sqlite:///{folder}/renewal.db"})
        port = int(site.rpartition(":")[2])
        server = make_server("localhost", port, app, threaded=True, request_handler=Quiet)
        is_over = threading.Event()
        worker = threading.Thread(target=make_due, args=(app.extensions["renewal"].later, is_over))
        worker.start()
        print(f"The service is at   {site}/\nCaseworkers are at  {site}/casework  (any name, password {password})")
        print(
            f"The sandbox is at   {sandbox.base_url}/  where you see what was sent. Stop all with Ctrl-C.", flush=True
        )
        with suppress(KeyboardInterrupt):
            server.serve_forever()
        is_over.set()
        worker.join()
    return 0


def make_due(later: Durable, is_over: threading.Event) -> None:
    """Be the worker, which is a process of its own elsewhere: `flask --app renewal gov work`."""
    while not is_over.wait(0.5):
        later.run_due()


if __name__ == "__main__":
    sys.exit(main())
