"""`govcomponents journey` and `audit`: what happened to one case, and whether the record of it was tampered with."""

from __future__ import annotations

import argparse
import html
import json
from dataclasses import asdict
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from govcomponents.cli.outcome import Status, add_json, printable, report, tell
from govcomponents.cli.store import add_database, data_keys, listening, opened, port_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcomponents.durable.audit.timeline import JourneyStep

_PAGE: Final = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Journey {journey}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#0b0c0c}}
table{{border-collapse:collapse;width:100%}}th,td{{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #b1b4b6}}
caption{{text-align:left}}</style></head>
<body><main><h1>Journey {journey}</h1>
<table><caption>What happened, the first thing first. Times are UTC.</caption>
<thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">Outcome</th><th scope="col">Reference</th>
<th scope="col">Problem</th></tr></thead><tbody>{rows}</tbody></table></main></body></html>
"""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add these subcommands to the command line."""
    told = "show what happened on a journey, in all three components; exits with 1 if nothing did"
    journey = commands.add_parser("journey", help=told, description=f"{told[0].upper()}{told[1:]}.")
    journey.add_argument("journey", help="its id, such as licence-7")
    journey.add_argument(
        "--serve", type=port_number, metavar="PORT", help="show it as a page on this port of the loopback address"
    )
    add_database(journey)
    add_json(journey)
    journey.set_defaults(run=show_journey)
    audit = commands.add_parser(
        "audit", help="verify and export the audit", description="Verifies and exports the audit."
    )
    actions = audit.add_subparsers(title="actions", dest="action", required=True, metavar="ACTION")
    told = "compare every entry with the seals over it; exits with 1 if any was changed or is missing"
    verify = actions.add_parser("verify", help=told, description=f"{told[0].upper()}{told[1:]}.")
    verify.add_argument("--keys-file", type=Path, help="data keys in base64, one a line, that the seals were made with")
    told = "the newest seal of an earlier verification: it must still be there"
    verify.add_argument("--last", metavar="SEAL", help=told)
    add_database(verify)
    add_json(verify)
    verify.set_defaults(run=verify_entries)
    told = "print the audit as CloudEvents 1.0, one JSON object a line"
    export = actions.add_parser("export", help=told, description=f"{told[0].upper()}{told[1:]}.")
    export.add_argument("--after", type=int, default=0, metavar="ID", help="only what came after this entry")
    add_database(export)
    add_json(export)  # it is JSON in any case
    export.set_defaults(run=export_entries)


def show_journey(options: argparse.Namespace) -> int:
    """Show a journey, as text, as JSON or as a page."""
    from govcomponents.durable.audit.timeline import timeline

    with opened(options) as engine:
        if options.serve:
            _serve(options.serve, lambda: page(options.journey, timeline(engine, options.journey)))
            return Status.DONE
        steps = timeline(engine, options.journey)
    facts = [asdict(step) | {"at": step.at.isoformat(timespec="seconds")} for step in steps]
    report(
        options,
        {"journey": options.journey, "steps": facts},
        map(_line, steps) if steps else ["nothing is known of it"],
    )
    return Status.DONE if steps else Status.NOT_ALL


def verify_entries(options: argparse.Namespace) -> int:
    """Verify the audit."""
    from govcomponents.durable.audit.chain import has_seal, verify_audit
    from govcomponents.durable.storage.sealing import PayloadKeys

    with opened(options) as engine:
        verdict = verify_audit(engine, PayloadKeys(data_keys(options.keys_file)))
        problems = list(verdict.problems)
        if options.last is not None and not has_seal(engine, options.last):
            problems.append("the seal that was named is not there any more: the end of the audit was cut off")
    facts = asdict(verdict) | {"problems": problems}
    lines = [f"{verdict.entries} entries, {verdict.seals} seals, {verdict.unsealed} not sealed yet", *problems]
    if verdict.let_go:
        lines.insert(1, f"seals 1 to {verdict.let_go} were let go of, as an entry says: is the service that old?")
    report(options, facts, [*lines, f"newest seal: {verdict.last}"] if verdict.last else lines)
    return Status.NOT_ALL if problems else Status.DONE


def export_entries(options: argparse.Namespace) -> int:
    """Print the audit as CloudEvents."""
    from govcomponents.durable.audit.timeline import cloud_events

    with opened(options) as engine:
        for event in cloud_events(engine, after=options.after):
            tell(printable(json.dumps(event, ensure_ascii=False)))
    return Status.DONE


def page(journey: str, steps: Sequence[JourneyStep]) -> bytes:
    """Return a journey as a page."""
    cells = [(_when(step.at), step.what, step.outcome, step.reference or "", step.problem or "") for step in steps]
    rows = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in cells)
    return _PAGE.format(journey=html.escape(journey), rows=rows).encode()


def _serve(port: int, make: Any) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body: bytes = make() if self.path == "/" else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Ids of journeys belong in no log of requests."""

    with listening(HTTPServer, port, Handler) as server:
        tell(f"http://127.0.0.1:{server.server_port}/  (Ctrl-C ends it)")
        server.serve_forever()


def _when(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


def _line(step: JourneyStep) -> str:
    more = [part for part in (step.reference, step.problem) if part]
    return "  ".join([_when(step.at), f"{step.what:<22}", f"{step.outcome:<12}", *more]).rstrip()
