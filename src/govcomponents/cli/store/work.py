"""`govcomponents work`: be a worker with the service's handlers, or several that are started again when they end."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from govcomponents.cli.loading import load
from govcomponents.cli.outcome import Status, add_json, printable, tell
from govcomponents.cli.store import add_database, data_keys, database_url, port_number, whole_number
from govcomponents.errors import ConfigurationError, Unavailable
from govcomponents.integrations.commands import IDLE, TURN

if TYPE_CHECKING:
    from govcomponents.durable.async_service import AsyncDurable
    from govcomponents.durable.outbox.worker import WorkReport
    from govcomponents.durable.service import Durable

    Later: TypeAlias = AsyncDurable | Durable

_HUNG: Final = 75
"""The exit status of a process that ended itself because a handler hung: the transaction ends with it."""
_RESTART_WAIT: Final = 1.0
_APP_FIX: Final = "give module:name, such as service.jobs:later, of a Durable or an AsyncDurable with its handlers"


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this subcommand to the command line."""
    worker = commands.add_parser(
        "work",
        help="make the calls that are due, until it is stopped",
        description="Makes the calls that `govcomponents.durable` has put down, by the environment's settings. Any "
        "number of workers may be at it at once. SIGTERM and Ctrl-C let it finish what is under way. A line of "
        "progress on a terminal, one JSON object a turn elsewhere and with --json.",
    )
    add_database(worker)
    worker.add_argument("--keys-file", type=Path, help="data keys in base64, one a line, newest first")
    worker.add_argument("--app", metavar="MODULE:NAME", help="the service's own Durable, whose handlers are to run")
    worker.add_argument("--processes", type=whole_number, default=1, metavar="N", help="so many processes (1)")
    worker.add_argument("--once", action="store_true", help="end when nothing is due any more, for cron")
    told = "answer /health, /ready and /metrics on this port of the loopback address"
    worker.add_argument("--health-port", type=port_number, metavar="PORT", help=told)
    worker.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)
    add_json(worker)
    worker.set_defaults(run=work)


def work(options: argparse.Namespace) -> int:
    """Be a worker until a signal comes, or nothing is due.

    With `--once`, what was refused, given up or of unknown outcome makes the status 1.
    """
    if options.app is not None and (options.database or options.keys_file):
        raise ConfigurationError("--app has a database and keys of its own", fix="leave --database and --keys-file out")
    is_one = options.processes == 1 and (options.app is None or options.once)
    if options.supervised or is_one:
        return asyncio.run(_work(options))
    return asyncio.run(_supervise(options))


def _app(name: str) -> Later:
    """Find the service's own Durable. Its folder may be the one in which the command is run."""
    from govcomponents.durable.async_service import AsyncDurable
    from govcomponents.durable.service import Durable

    found = load(name, _APP_FIX)
    if not isinstance(found, (AsyncDurable, Durable)):
        raise ConfigurationError(f"--app is no durable layer, but of the type {type(found).__name__}", fix=_APP_FIX)
    return found


async def _work(options: argparse.Namespace) -> int:
    from govcomponents.cli.store.health import serving_health
    from govcomponents.durable.outbox.worker import WorkReport

    is_stopped = _stopped_by_signals()
    parent = os.getppid()
    progress = _Progress(is_json=options.json or not sys.stdout.isatty())
    async with AsyncExitStack() as stack:
        later = _app(options.app) if options.app is not None else await _own(options, stack)
        if options.supervised:
            later.when_hung(_end_process)
        if options.health_port:
            stack.enter_context(serving_health(options.health_port, later.engine, lambda: True))
        while not is_stopped.is_set():
            try:
                done = await _turn(later, None if options.once else TURN)
            except Unavailable as error:
                if options.once:
                    raise
                print(printable(str(error)), file=sys.stderr, flush=True)  # a database that is restarted comes back
                done = WorkReport()
            if any(asdict(done).values()):
                progress.tell(done)
                continue
            if options.once:
                break
            if options.supervised and os.getppid() != parent:
                break  # whoever started it is gone, and would start others
            with suppress(TimeoutError):
                await asyncio.wait_for(is_stopped.wait(), IDLE)
    progress.end()
    return Status.NOT_ALL if options.once and progress.is_short else Status.DONE


async def _own(options: argparse.Namespace, stack: AsyncExitStack) -> Later:
    from govcomponents.components import AsyncGovComponents
    from govcomponents.durable.async_service import AsyncDurable
    from govcomponents.durable.storage.engines import engine_for

    keys = data_keys(options.keys_file)
    # Not made here: a worker of a new file beside the one that was meant would find nothing to do, and say nothing.
    engine = engine_for(database_url(options), is_made=False)
    stack.callback(engine.dispose)
    gov = await stack.enter_async_context(AsyncGovComponents.from_settings())
    return AsyncDurable(gov, engine, keys=keys)


async def _turn(later: Later, seconds: float | None) -> WorkReport:
    from govcomponents.durable.service import Durable

    if isinstance(later, Durable):
        return await asyncio.to_thread(later.run_due, seconds=seconds)
    return await later.run_due(seconds=seconds)


def _end_process() -> None:
    print("a handler hangs: this process is ended, and its transaction with it", file=sys.stderr, flush=True)
    os._exit(_HUNG)


def _stopped_by_signals() -> asyncio.Event:
    is_stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, is_stopped.set)
    return is_stopped


async def _supervise(options: argparse.Namespace) -> int:
    """Keep so many processes at work, and start one again that ends before it is asked to."""
    from govcomponents.cli.store.health import serving_health
    from govcomponents.durable.storage.engines import engine_for

    engine = _app(options.app).engine if options.app is not None else engine_for(database_url(options), is_made=False)
    is_stopped = _stopped_by_signals()
    running: set[asyncio.subprocess.Process] = set()
    async with AsyncExitStack() as stack:
        if options.health_port:
            stack.enter_context(serving_health(options.health_port, engine, lambda: len(running) == options.processes))
        async with asyncio.TaskGroup() as group:
            kept = [group.create_task(_kept(options, is_stopped, running)) for _ in range(options.processes)]
            stopping = group.create_task(_stop(is_stopped, running))
            await asyncio.wait(kept)
            is_stopped.set()
            await stopping
    return max(one.result() for one in kept)


async def _stop(is_stopped: asyncio.Event, running: set[asyncio.subprocess.Process]) -> None:
    await is_stopped.wait()
    for process in running:
        with suppress(ProcessLookupError):
            process.terminate()


async def _kept(
    options: argparse.Namespace, is_stopped: asyncio.Event, running: set[asyncio.subprocess.Process]
) -> int:
    """Run one process, and another one after it, until they are to stop. Returns the last one's exit status."""
    while not is_stopped.is_set():
        process = await asyncio.create_subprocess_exec(*_command(options))
        running.add(process)
        if is_stopped.is_set():
            process.terminate()  # the signal came while it was being started
        status = await process.wait()
        running.discard(process)
        if status == Status.COULD_NOT_RUN:
            is_stopped.set()  # another one could not run either
            return status
        if options.once and status in (Status.DONE, Status.NOT_ALL):
            return status
        if not is_stopped.is_set():
            print(f"a worker ended with {status}: another one is started", file=sys.stderr, flush=True)
            with suppress(TimeoutError):
                await asyncio.wait_for(is_stopped.wait(), _RESTART_WAIT)
    return Status.DONE


def _command(options: argparse.Namespace) -> list[str]:
    command = [sys.executable, "-m", "govcomponents.cli.main", "work", "--supervised"]
    for name in ("database", "keys_file", "app"):
        if (value := getattr(options, name)) is not None:
            command += [f"--{name.replace('_', '-')}", str(value)]
    return command + [f"--{name}" for name in ("once", "json") if getattr(options, name)]


class _Progress:
    """What was done: on a terminal one line that is written over, elsewhere a JSON object a turn."""

    def __init__(self, *, is_json: bool) -> None:
        self._is_json = is_json
        self._counts: Counter[str] = Counter()

    @property
    def is_short(self) -> bool:
        """Whether anything that was asked for did not come to a good end."""
        return any(self._counts[name] for name in ("refused", "dead", "in_doubt", "failed", "events_given_up"))

    def tell(self, done: WorkReport) -> None:
        """Tell of a turn."""
        facts = asdict(done)
        self._counts.update(facts)
        if self._is_json:
            tell(json.dumps(facts))
            return
        told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in self._counts.items() if count)
        tell(f"\r\x1b[K{printable(told)}", end="")

    def end(self) -> None:
        """Leave the line that is written over."""
        if not self._is_json and self._counts:
            tell("")
