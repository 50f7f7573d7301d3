"""Runs the whole service on this machine: the sandbox, and the pages with a worker. Nothing real is behind it.

    python demo.py

Everything is kept in a folder that is gone when it ends. Stop it with Ctrl-C.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from tempfile import TemporaryDirectory

import uvicorn
from renewal import create_app

from govcomponents import AsyncGovComponents
from govcomponents.testing import serving

WAITS = 10.0  # seconds, at most, that a person waits for a call of a provider


def main() -> int:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=8000, help="the port of the service (default: %(default)s)")
    port = parser.parse_args().port
    site = f"http://localhost:{port}"
    with (
        TemporaryDirectory() as folder,
        serving(redirect_to=f"{site}/gov/callback", callbacks_to=f"{site}/gov/events") as sandbox,
    ):
        password = secrets.token_urlsafe(6)
        app = create_app(
            AsyncGovComponents.from_settings(sandbox.sandbox.settings().model_copy(update={"time_limit": WAITS})),
            secret_key=secrets.token_urlsafe(32),
            database=f"sqlite+aiosqlite:///{folder}/renewal.db",
            casework_password=password,
        )
        print(f"The service is at   {site}/\nCaseworkers are at  {site}/casework  (any name, password {password})")
        print(
            f"The sandbox is at   {sandbox.base_url}/  where you see what was sent. Stop all with Ctrl-C.", flush=True
        )
        # Requests are not logged: the query of a callback holds the code of a sign-in.
        uvicorn.run(app, host="localhost", port=port, log_level="warning", access_log=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
