"""A bulk send by either caller."""

import asyncio

import pytest

from govcomponents.core.http.runtime import Runtime
from govcomponents.notify.adapters.govuk_notify.adapter import GovUkNotify
from govcomponents.notify.async_service import AsyncNotifyService
from govcomponents.notify.service import NotifyService
from govcomponents.settings import NotifySettings
from notify.doubles import EMAIL, TEST_KEY


@pytest.fixture(params=["threads", "tasks"])
def send_many(request):
    def call(provider, rows, adapter=GovUkNotify, **options):
        runtime = Runtime(provider, clock=lambda: 0.0)
        port = adapter.from_settings(NotifySettings(api_key=TEST_KEY), runtime)
        arguments = {"template": EMAIL, "channel": "email", "batch": "b", "concurrency": 4, **options}
        if request.param == "threads":
            return NotifyService(port, runtime).send_many(rows, **arguments)
        return asyncio.run(AsyncNotifyService(port, runtime).send_many(rows, **arguments))

    return call
