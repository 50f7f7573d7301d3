"""Sending to many, and rendering offline: the rate kept, the memory of a million rows, the CPU of one template."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator

from bench.variants.measuring import NOTIFY_KEY, TEMPLATE, URL, choose, cpu_of

PERMITTED = 500.0
COUNT = 20_000
FEW, MANY = 10_000, 1_000_000


def rows(count: int) -> Iterator[dict[str, object]]:
    for number in range(count):
        yield {"email address": f"person{number}@example.com", "name": f"Person {number}", "amount": "£145.00"}


def chosen() -> object:
    """The template as a choice whose placeholders are known, so that nothing is asked before."""
    from govcomponents.notify import Channel
    from govcomponents.notify.templates.registry import TemplateChoice

    return TemplateChoice("receipt", TEMPLATE, Channel.EMAIL, "en", ("name", "amount"))


def options(count: int) -> dict[str, object]:
    return {"rows": rows(count), "template": chosen(), "channel": "email", "batch": "bench"}


def permitted() -> None:
    print(json.dumps({"rate": PERMITTED}))


def told(result: object, seconds: float) -> None:
    progress = result.progress
    assert result.is_complete, result
    print(json.dumps({"rate": progress.accepted / seconds}))


def in_threads() -> None:
    from govcomponents import GovComponents, Settings

    with GovComponents.from_settings(Settings(notify={"api_key": NOTIFY_KEY, "base_url": URL})) as gov:
        started = time.perf_counter()
        result = gov.notify.send_many(**options(COUNT), per_minute=PERMITTED * 60)
        told(result, time.perf_counter() - started)


def in_tasks() -> None:
    from govcomponents import AsyncGovComponents, Settings

    async def run() -> None:
        settings = Settings(notify={"api_key": NOTIFY_KEY, "base_url": URL})
        async with AsyncGovComponents.from_settings(settings) as gov:
            started = time.perf_counter()
            result = await gov.notify.send_many(**options(COUNT), per_minute=PERMITTED * 60)
            told(result, time.perf_counter() - started)

    asyncio.run(run())


def memory_of(count: int) -> None:
    """Send to so many through a transport that answers at once: the memory is that of the process."""
    from bench.stage import SENT_EMAIL
    from govcomponents.core.http.messages import Request, Response
    from govcomponents.core.http.runtime import Runtime
    from govcomponents.notify.adapters.govuk_notify.adapter import GovUkNotify
    from govcomponents.notify.service import NotifyService
    from govcomponents.settings import NotifySettings

    answer = Response(201, {}, json.dumps(SENT_EMAIL).encode())

    class Answers:
        async def send(self, _request: Request) -> Response:
            return answer

        async def sleep(self, _seconds: float) -> None:
            pass

        async def aclose(self) -> None:
            pass

    runtime = Runtime(Answers(), clock=lambda: 0.0)
    port = GovUkNotify.from_settings(NotifySettings(api_key=NOTIFY_KEY), runtime)
    result = NotifyService(port, runtime).send_many(**{**options(count), "concurrency": 2}, per_minute=1e9)
    assert result.progress.accepted == count


def memory_of_many() -> None:
    memory_of(MANY)


def memory_of_few() -> None:
    memory_of(FEW)


def render() -> None:
    from govcomponents.notify import Channel, Template

    body = (
        "Dear ((name))\r\n\r\n# Your licence is renewed\r\n\r\nWe have received your payment of ((amount)).\r\n\r\n"
        "* keep this email\r\n* see https://www.gov.uk/renew\r\n\r\nYou do not need to do anything else."
    )
    template = Template(
        id=TEMPLATE,
        name="receipt",
        channel=Channel.EMAIL,
        version=1,
        subject="Renewed: ((name))",
        body=body,
        placeholders=("name", "amount"),
    )
    values = {"name": "Sam", "amount": "£145.00"}
    cpu_of(lambda: template.render(values), 3000)


if __name__ == "__main__":
    choose(globals())
