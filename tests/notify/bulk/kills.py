"""Kills, signals and full disks for bulk sends: each goes on until it is done, then everybody is counted.

`make kills` runs it in full.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import json
import multiprocessing
import os
import random
import resource
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from govcomponents import AsyncGovComponents, GovComponents
from govcomponents.cli.main import main as command_line
from govcomponents.core.driver import drive
from govcomponents.notify.adapters.govuk_notify.adapter import GovUkNotify
from govcomponents.notify.capabilities import NotifyCapability
from govcomponents.settings import NotifySettings, Settings
from notify.bulk.provider import TEMPLATE
from notify.doubles import EMAIL, TEST_KEY

SETTLES_IN = 0.2
"""Seconds after which whatever was on its way at a kill is with the server."""
FACES = ("command", "tasks", "blind")


class Server:
    """A Notify on loopback that takes everything, each after a short time, and counts messages by their references."""

    def __init__(self, latency: float) -> None:
        self.accepted: Counter[str] = Counter()
        self._latency = latency
        self._random = random.Random(1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        made = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop).result()
        self.url = f"http://127.0.0.1:{made.sockets[0].getsockname()[1]}"
        self._server = made
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = head.lower().partition("content-length:")[2].partition("\r\n")[0].strip()
                body = await reader.readexactly(int(length or 0))
                await asyncio.sleep(self._random.uniform(0, self._latency))
                status, answer = self._answer(head.split(" ", 2)[1], body)
                await asyncio.sleep(self._random.uniform(0, self._latency))
                content = json.dumps(answer).encode()
                writer.write(b"HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n" % (status, len(content)) + content)
                await writer.drain()
        writer.close()

    def _answer(self, path: str, body: bytes) -> tuple[int, Any]:
        if "/template/" in path:
            return 200, TEMPLATE
        template = {"id": EMAIL, "version": 1}
        if body:
            reference = json.loads(body)["reference"]
            self.accepted[reference] += 1
            content = {"body": "x", "subject": "s"}
            return 201, {"id": f"id-{reference}", "reference": reference, "content": content, "template": template}
        reference = path.partition("reference=")[2].partition("&")[0]
        item = {"id": f"id-{reference}", "type": "email", "status": "created", "template": template,
                "created_at": "2026-03-02T09:00:00.000000Z", "reference": reference}  # fmt: skip
        return 200, {"notifications": [item] if self.accepted[reference] and "older_than" not in path else []}


# One run of a send, in a process of its own


class CannotLookUp(GovUkNotify):
    """An adapter that cannot be asked what it sent, as a mail server cannot."""

    capabilities = GovUkNotify.capabilities - {NotifyCapability.SEARCH}


def send(face: str, url: str, folder: str, batch: str, disk: int) -> None:
    """Send the whole batch, from where it was, and tell in the result file what became of each row."""
    place = Path(folder)
    sys.stdout = sys.stderr = (place / "said").open("a")
    if disk:
        resource.setrlimit(resource.RLIMIT_FSIZE, (disk, resource.RLIM_INFINITY))
    os.environ.update(
        GOVCOMPONENTS_ENVIRONMENT="test", GOVCOMPONENTS_NOTIFY__API_KEY=TEST_KEY, GOVCOMPONENTS_NOTIFY__BASE_URL=url
    )
    if face == "command":
        status = command_line([
            "notify", "bulk", str(place / "rows.csv"), "--template", EMAIL, "--channel", "email", "--batch", batch,
            "--checkpoint", str(place / "checkpoint"), "--result", str(place / "result.csv"), "--per-minute", "600000",
            "--concurrency", "48",
        ])  # fmt: skip
        sys.stdout.flush()
        os._exit(status)
    from govcomponents.cli.notify import _Results

    settings = Settings(environment="test", notify=NotifySettings(api_key=TEST_KEY, base_url=url))
    with _Results(str(place / "result.csv"), batch) as results:
        arguments: dict[str, Any] = {
            "channel": "email", "batch": batch, "checkpoint": place / "checkpoint", "per_minute": 600_000,
            "concurrency": 48, "on_result": results.add,
        }  # fmt: skip
        if face == "tasks":

            async def main() -> Any:
                async with AsyncGovComponents.from_settings(settings) as gov:
                    return await gov.notify.send_many(place / "rows.csv", EMAIL, **arguments)

            result = asyncio.run(main())
        else:
            with GovComponents.from_settings(settings) as gov:
                port = CannotLookUp.from_settings(settings.notify, gov.notify._runtime)
                result = type(gov.notify)(port, gov.notify._runtime).send_many(place / "rows.csv", EMAIL, **arguments)
                drive(port.aclose()) if hasattr(port, "aclose") else None
    os._exit(0 if result.stopped_by is None else 2)


# All runs of a send, and what came of them


@dataclass
class Count:
    """What came of the sends: rows and stops, then what must be 0."""

    sends: int = 0
    rows: int = 0
    kills: int = 0
    terminated: int = 0
    interrupted: int = 0
    full_disks: int = 0
    unknown: int = 0
    missed: int = 0
    doubled: int = 0
    untold: int = 0
    tracebacks: int = 0
    slowest_interruption: float = 0.0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return ", ".join(f"{one.name} {getattr(self, one.name)}" for one in fields(self))

    @property
    def is_good(self) -> bool:
        """Whether nobody was missed, nobody got two, everything was told, and no traceback was shown."""
        return not (self.missed or self.doubled or self.untold or self.tracebacks)

    def add(self, other: Count) -> None:
        """Add what came of another send."""
        for one in fields(self):
            mine, others = getattr(self, one.name), getattr(other, one.name)
            setattr(self, one.name, max(mine, others) if one.name.startswith("slowest") else mine + others)


def one_send(server: Server, face: str, batch: str, rows: int, stops: list[str], chance: random.Random) -> Count:
    """Send a batch through all the stops, then to its end, and count."""
    count = Count(sends=1, rows=rows)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["notify.bulk.kills"])
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with (place / "rows.csv").open("w") as file:
            file.write("email address,name\n")
            file.writelines(f"p{number}@example.com,P {number}\n" for number in range(rows))

        def accepted() -> int:
            return sum(server.accepted[f"{batch}-{number}"] > 0 for number in range(1, rows + 1))

        for stop in [*stops, *[""] * 4]:
            before = sum(server.accepted.values())
            size = (place / "checkpoint").stat().st_size if (place / "checkpoint").exists() else 0
            disk = size + chance.randrange(1, 20_000) if stop == "disk" else 0
            process = context.Process(target=send, args=(face, server.url, folder, batch, disk))
            process.start()
            if stop and stop != "disk":
                while process.is_alive() and sum(server.accepted.values()) == before:
                    time.sleep(0.002)
                time.sleep(chance.uniform(0, 0.25))
                begins = time.monotonic()
                if process.is_alive() and process.pid is not None:
                    os.kill(process.pid, {"kill": signal.SIGKILL, "term": signal.SIGTERM}.get(stop, signal.SIGINT))
                    if stop == "twice":
                        time.sleep(chance.uniform(0, 0.1))
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(process.pid, signal.SIGINT)
            process.join(300)
            if stop in ("int", "twice"):
                count.interrupted += 1
                count.slowest_interruption = max(count.slowest_interruption, time.monotonic() - begins)
            count.kills += stop == "kill"
            count.terminated += stop == "term"
            count.full_disks += bool(disk) and process.exitcode == 2
            if not stop and process.exitcode == (0 if face != "command" else process.exitcode):
                with contextlib.suppress(FileNotFoundError):
                    if accepted() == rows or face == "blind":
                        break
            time.sleep(SETTLES_IN)

        held = {number: server.accepted[f"{batch}-{number}"] for number in range(1, rows + 1)}
        told: dict[int, str] = {}
        with (place / "result.csv").open(newline="") as file:
            for line in csv.DictReader(file):
                told[int(line["row"])] = line["outcome"]
        for number, times in held.items():
            count.unknown += told.get(number) == "unknown"
            count.missed += times == 0 and told.get(number) != "unknown"
            count.doubled += times > 1
            count.untold += told.get(number) not in ("accepted", "unknown" if face == "blind" else "accepted")
        said = (place / "said").read_text(errors="replace")
        if face == "command" and "Traceback" in said:
            count.tracebacks += said.count("Traceback")
            count.faults.append(said[said.index("Traceback") :][:2000])
    return count


def run(kills: int, rows: int, others: int, *, seed: int = 1, latency: float = 0.03, say: Any = None) -> Count:
    """Send so many rows through so many kills, and a few smaller batches through signals and full disks."""
    chance, whole = random.Random(seed), Count()
    with Server(latency) as server:
        sends = max(3, kills // 50)
        for number in range(sends):
            stops = ["kill"] * (kills // sends)
            whole.add(one_send(server, FACES[number % 3], f"k{number}", rows // sends, stops, chance))
            if say is not None:
                say(f"{number + 1} of {sends}: {whole}")
        for number in range(others):
            stops = [chance.choice(["int", "twice", "term", "disk", "disk"]) for _ in range(6)]
            whole.add(one_send(server, FACES[number % 3], f"o{number}", 400, stops, chance))
        if say is not None:
            say(f"with signals and full disks: {whole}")
    return whole
