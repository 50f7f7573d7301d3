"""A process of each framework starts without what only its later requests need: what costs time is what is imported."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = runpy.run_path(str(Path(__file__).parents[2] / "bench" / "web.py"))  # its services are what it measures
LATER = {
    "aiohttp": "calls of providers",
    "asyncio": "calls for asyncio callers",
    "cryptography": "cookies",
    "jwt": "signing in",
    "requests": "calls of providers",
    "sqlalchemy": "the durable layer",
    "tomllib": "files of settings",
    "urllib3": "calls of providers",
    "govcomponents.durable": "the durable layer",
    "govcomponents.identity.events": "logouts and changes of accounts",
    "govcomponents.identity.inputs": "signing in",
    "govcomponents.identity.models": "signing in",
    "govcomponents.pay.adapters.govuk_pay.parsing": "answers of the provider",
    "govcomponents.pay.inputs": "payments",
    "govcomponents.pay.models": "payments",
    "govcomponents.pay.mop_up": "a job",
    "govcomponents.pay.service": "payments",
    "govcomponents.pay.async_service": "payments",
    "govcomponents.sandbox": "tests",
}
"""What is imported when it is first used, and what uses it."""


def told(name, code, *, ours=True):
    """Return what code tells, as JSON, that follows a service on a framework in a process of its own."""
    command = [sys.executable, "-c", f"{BENCH['source'](name, ours=ours)}\n{code}"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def imported(name, *, ours=True, after=""):
    """Return the modules that a service has imported when its application is made, and some code has run."""
    return set(told(name, f"{after}\nimport json, sys; print(json.dumps(sorted(sys.modules)))", ours=ours))


@pytest.mark.parametrize("name", BENCH["SERVICES"])
def test_a_service_starts_without_what_only_later_requests_need(name):
    pytest.importorskip(name)
    more = imported(name, ours=True) - imported(name, ours=False)
    assert "govcomponents.components" in more
    later = LATER.keys() - ({"asyncio"} if name == "fastapi" else set())  # its server has imported it before
    assert sorted(more & later) == []


PREPARED = {
    "flask": "made.prepare(app)",
    "django": "gov.prepare()",
}


@pytest.mark.parametrize("name", PREPARED)
def test_a_process_that_was_prepared_has_imported_what_its_first_requests_need(name):
    pytest.importorskip(name)
    needed = {
        "cryptography.fernet",
        "govcomponents.core.transports.requests_adapter",
        "govcomponents.pay.adapters.govuk_pay.parsing",
        "govcomponents.pay.models",
        "govcomponents.pay.service",
        "requests",
    }
    assert needed - imported(name, after=PREPARED[name]) == set()


STARTED = """
import asyncio, json, sys, threading
found = {}

class Watch:
    def find_spec(name, path=None, target=None):
        found[name] = threading.current_thread() is threading.main_thread()

sys.meta_path.insert(0, Watch)

async def live():
    async with web.lifespan(app):
        pass

asyncio.run(live())
print(json.dumps(found))
"""


def test_an_asyncio_service_that_has_started_imports_on_a_thread_what_its_requests_need():
    pytest.importorskip("fastapi")
    found = told("fastapi", STARTED)
    needed = {
        "aiohttp",
        "cryptography.fernet",
        "govcomponents.pay.adapters.govuk_pay.parsing",
        "govcomponents.pay.async_service",
        "govcomponents.pay.inputs",
        "govcomponents.pay.models",
    }
    assert {name: found.get(name) for name in needed} == dict.fromkeys(needed, False)  # none by the event loop's own
