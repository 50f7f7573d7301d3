"""Runs the whole service on this machine: the sandbox, the pages and a worker. Nothing real is behind it.

    python demo.py

Everything is kept in a folder that is gone when it ends. Stop it with Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import threading
from contextlib import suppress
from tempfile import TemporaryDirectory

import django

from govcomponents import GovComponents
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
        GovComponents.from_settings(sandbox.sandbox.settings().model_copy(update={"time_limit": WAITS})) as components,
    ):
        os.environ["DJANGO_SETTINGS_MODULE"] = "renewal.settings"
        os.environ["RENEWAL_SECRET_KEY"] = secrets.token_urlsafe(48)
        os.environ["RENEWAL_DATABASE_NAME"] = f"{folder}/renewal.db"
        django.setup()
        serve(components, port, sandbox.base_url)
    return 0


def serve(components: GovComponents, port: int, sandbox: str) -> None:
    """Make the tables and a caseworker, then serve the pages beside a worker."""
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from govcomponents.integrations.django import gov

    gov.use(components)
    call_command("migrate", verbosity=0)
    password = secrets.token_urlsafe(6)
    User.objects.create_user("caseworker", password=password, is_staff=True)
    is_over = threading.Event()
    worker = threading.Thread(target=make_due, args=(is_over,))
    worker.start()
    print(f"The service is at   http://localhost:{port}/")
    print(f"Caseworkers are at  http://localhost:{port}/casework  (caseworker, password {password})")
    print(f"The sandbox is at   {sandbox}/  where you see what was sent. Stop all with Ctrl-C.", flush=True)
    with suppress(KeyboardInterrupt, SystemExit):
        address = f"localhost:{port}"
        call_command("runserver", address, use_reloader=False, insecure_serving=True, skip_checks=True, verbosity=0)
    is_over.set()
    worker.join()


def make_due(is_over: threading.Event) -> None:
    """Be the worker, which is a process of its own elsewhere: `python manage.py govcomponents_work`."""
    from govcomponents.integrations.django import gov

    while not is_over.wait(0.5):
        gov.later.run_due()


if __name__ == "__main__":
    sys.exit(main())
