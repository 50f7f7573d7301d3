"""`govcomponents sandbox`: serves the sandbox over HTTP and says where it is and how to reach it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govcomponents.cli.outcome import Status, add_json, report, tell
from govcomponents.core.validation import LOOPBACK
from govcomponents.errors import ConfigurationError
from govcomponents.private_files import open_to_write

if TYPE_CHECKING:
    import argparse
    from types import FrameType

    from govcomponents.sandbox.server import SandboxServer

_OURS: Final = ("GOVCOMPONENTS_PAY__", "GOVCOMPONENTS_NOTIFY__", "GOVCOMPONENTS_IDENTITY__")
"""How settings begin that `--env` writes anew: one of an earlier sandbox, which this one has not, is not to stay."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this subcommand to the command line."""
    parser = commands.add_parser(
        "sandbox",
        help="serve GOV.UK Pay, GOV.UK Notify and GOV.UK One Login on one port, as stubs",
        description="Serves GOV.UK Pay, GOV.UK Notify and GOV.UK One Login on one port, as stubs. No real money, "
        "message or identity is behind it. Any client of these providers can be pointed at it.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8910, help="the port; 0 takes a free one (default: %(default)s)")
    parser.add_argument(
        "--world",
        metavar="FILE",
        help="a JSON file that is merged over the default world: a section that is null is left out, and what has the "
        "same client_id, symbol, id, name or key is changed",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="where ids come from (default: %(default)s)")
    parser.add_argument("--now", metavar="TIME", help="stop the clock at this time, in ISO 8601 (default: it runs)")
    parser.add_argument(
        "--sign-in",
        choices=("page", "at_once"),
        help="show the sign-in page to everybody, or sign in at once whom the world names (default: as the world says)",
    )
    parser.add_argument(
        "--keep",
        "--state",
        dest="state",
        metavar="FILE",
        help="keep what happens in this file over restarts (default: in memory only)",
    )
    parser.add_argument(
        "--callbacks-to",
        metavar="URL",
        help="send every provider's callbacks below this address of your service (default: where the world says)",
    )
    parser.add_argument(
        "--redirect-to",
        metavar="URL",
        help="register this page of your service as the one to which people come back from signing in, and print it in "
        "the settings (default: those of the world)",
    )
    parser.add_argument(
        "--may-send-to",
        metavar="URL",
        action="append",
        default=[],
        help="let it send below this address too, if a world that a reset brings names it; may be given several times "
        "(default: only where the first world or --callbacks-to says)",
    )
    parser.add_argument(
        "--env",
        metavar="FILE",
        help="write the settings of a service that uses it into this file, too; what else is in it stays",
    )
    parser.add_argument("--public-url", metavar="URL", help="the address that clients use, if it is another one")
    parser.add_argument(
        "--scenario",
        metavar="NAME",
        action="append",
        default=[],
        help="begin this scenario at the start, such as outage-at-noon, or that of a file that ends in .toml; may be "
        "given several times; the page Scenarios lists them",
    )
    parser.add_argument("--scenarios", metavar="FOLDER", help="list the scenarios of this folder too")
    parser.add_argument(
        "--snapshots", action="store_true", help="let the control API take snapshots, and bring it back to them"
    )
    parser.add_argument(
        "--log",
        action="store_true",
        help="print a line for each request to a provider: its answer, and why it was refused",
    )
    add_json(parser)
    parser.set_defaults(run=run)
    parts = parser.add_subparsers(title="commands", dest="part", metavar="COMMAND")
    world = parts.add_parser(
        "world",
        help="print the world that it serves without --world, to begin one of your own with",
        description="Prints as JSON the world that the sandbox serves without --world, for a file of your own.",
    )
    add_json(world)
    world.set_defaults(run=show_world)


def show_world(options: argparse.Namespace) -> int:
    """Print the default world, which is JSON in any case."""
    from govcomponents.sandbox.world import default_world

    world = dict(default_world())
    report(options, world, json.dumps(world, indent=2, ensure_ascii=False).split("\n"))
    return Status.DONE


def run(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    from govcomponents.sandbox.server import SandboxServer
    from govcomponents.sandbox.world import default_world, load_world, merged_world

    world = None if options.world is None else merged_world(default_world(), load_world(options.world))
    server = SandboxServer(
        world,
        host=options.host,
        port=options.port,
        seed=options.seed,
        now=options.now,
        sign_in=options.sign_in,
        public_url=options.public_url,
        state=options.state,
        callbacks_to=options.callbacks_to,
        redirect_to=options.redirect_to,
        send_below=options.may_send_to,
        scenarios=options.scenarios,
        snapshots=options.snapshots,
    )
    try:
        for name in options.scenario:
            server.sandbox.play(name)
        if options.env is not None:
            write_environment(server, options.env)
    except BaseException:
        server.close()
        raise

    def stop(_number: int, _frame: FrameType | None) -> None:
        # shutdown() waits for the loop that this signal interrupted, so another thread has to call it
        threading.Thread(target=server.stop).start()

    previous = [(number, signal.signal(number, stop)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        if options.log:
            from govcomponents.cli.request_lines import printer

            server.sandbox.requests.on_request = printer(server.sandbox, as_json=options.json)
        report(options, _facts(server), welcome(server, options.host).split("\n"))
        server.serve()
    finally:
        for number, handler in previous:
            signal.signal(number, handler)
    if not options.json:
        tell("The sandbox has stopped.")
    return Status.DONE


def _facts(server: SandboxServer) -> dict[str, object]:
    """The first words: where the sandbox is, what is there, and the settings of a service that uses it."""
    from govcomponents.sandbox.control.client_environment import environment_for

    return {
        "base_url": server.base_url,
        "providers": _places(server),
        "environment": dict(environment_for(server.sandbox.providers)),
    }


def _places(server: SandboxServer) -> dict[str, str]:
    """Where each provider is; one that does not speak HTTP says so first of what it tells of itself."""
    return {
        one.spec.name: f"{server.base_url}{one.spec.start_path}"
        if one.spec.speaks_http
        else next(iter(one.stub.summary())).value
        for one in server.sandbox.providers
    }


def write_environment(server: SandboxServer, path: str) -> None:
    """Write the settings into a file of NAME='value' lines that only its owner can read.

    Lines of a file that is there already stay, but for settings of the three components. Raises ConfigurationError.
    """
    from govcomponents.sandbox.control.client_environment import environment_for

    settings = environment_for(server.sandbox.providers)
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in settings]
    try:
        kept = _lines_of_others(Path(path), {name for name, _ in settings})
        with os.fdopen(open_to_write(path), "w", encoding="utf-8", errors="surrogateescape") as file:
            file.writelines([*kept, *lines])
    except OSError as error:
        raise ConfigurationError(
            f"the file of settings {path} cannot be written: {error.strerror}", fix="check the path given with --env"
        ) from None


def _lines_of_others(path: Path, ours: set[str]) -> list[str]:
    """Return what a file of settings holds beside those of the components, such as the secret of a framework."""
    if not path.is_file():  # there is none, or it is such as /dev/stdout
        return []
    from dotenv.parser import parse_stream

    with path.open(encoding="utf-8", errors="surrogateescape") as file:
        kept = [
            one.original.string
            for one in parse_stream(file)
            if one.key not in ours and not (one.key or "").startswith(_OURS)
        ]
    if kept and not kept[-1].endswith("\n"):
        kept.append("\n")
    return kept


def welcome(server: SandboxServer, host: str) -> str:
    """Text that is printed at the start: where it is, what is there, and lines to paste into a shell."""
    from govcomponents.sandbox.control.client_environment import environment_for

    lines = [
        f"The govcomponents sandbox is at {server.base_url}",
        "No real money, message or identity is behind it. Stop it with Ctrl-C.",
        "",
        *(f"  {name:<16}  {where}" for name, where in _places(server).items()),
        "",
        "For a service that uses govcomponents, paste:",
        "",
        *(f"  export {name}={shlex.quote(value)}" for name, value in environment_for(server.sandbox.providers)),
        "",
        f"To see what is in it, open {server.base_url}/",
    ]
    if host not in LOOPBACK:
        lines.insert(2, f"It listens on {host}: other machines can reach it. It has no access control.")
    return "\n".join(lines)
