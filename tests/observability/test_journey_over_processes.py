"""A journey over three processes and two days is rebuilt from its rows and from its spans, and both say the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from durable.test_inbox import PERSON
from govcomponents.durable.audit.timeline import timeline
from govcomponents.durable.storage.schema import METADATA
from govcomponents.observability.opentelemetry import journey_link

from .journey_process import JOURNEY

DAY = 86_400
TESTS = Path(__file__).parents[1]


class Collector(ThreadingHTTPServer):
    """Takes spans by OTLP over HTTP, as protobuf."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans: list[Any] = []
        self.bodies: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/traces"


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                self.server.spans += scope.spans
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run(part: str, url: str, collector: Collector, *rest: str, before: tuple[str, ...] = ()) -> str:
    command = [*before, sys.executable, "-m", "observability.journey_process", part, url, collector.url, *rest]
    # What counts how long something takes is no clock, and stays as it is.
    environment = {**os.environ, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    done = subprocess.run(command, cwd=TESTS, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def let_a_day_pass(url: str, spans: list[Any]) -> None:
    """Move all that was written and told so far a day back, which is as if the clock were moved on by one."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for table in METADATA.sorted_tables:
            times = [column for column in table.columns if isinstance(column.type, sa.Double)]
            if times:
                connection.execute(sa.update(table).values({column: column - DAY for column in times}))
    engine.dispose()
    for span in spans:
        span.start_time_unix_nano -= DAY * 10**9
        span.end_time_unix_nano -= DAY * 10**9


def attributes(span: Any) -> dict[str, str]:
    return {one.key: one.value.string_value for one in span.attributes}


def test_rows_and_spans_say_the_same_where_each_process_has_the_clock_of_its_day(
    collector: Collector, tmp_path: Path
) -> None:
    """The clocks of the second and the third process, and of their database with them, are a day and two days on."""
    if shutil.which("faketime") is None:
        pytest.skip("there is no faketime: Debian's package of that name has it")
    url = f"sqlite:///{tmp_path / 'service.db'}"
    payment_id = run("web", url, collector)
    run("worker", url, collector, before=("faketime", "-f", "+1d"))
    run("callbacks", url, collector, payment_id, before=("faketime", "-f", "+2d"))
    assert_rows_and_spans_say_the_same(url, collector)


def test_rows_and_spans_say_the_same(collector: Collector, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'service.db'}"
    payment_id = run("web", url, collector)
    let_a_day_pass(url, collector.spans)
    run("worker", url, collector)
    let_a_day_pass(url, collector.spans)
    run("callbacks", url, collector, payment_id)
    assert_rows_and_spans_say_the_same(url, collector)


def assert_rows_and_spans_say_the_same(url: str, collector: Collector) -> None:
    engine = sa.create_engine(url)
    steps_of_rows = timeline(engine, JOURNEY)
    rows = [(step.what, step.outcome) for step in steps_of_rows]
    engine.dispose()
    link = journey_link(JOURNEY).context
    wanted = (link.trace_id.to_bytes(16, "big"), link.span_id.to_bytes(8, "big"))
    linked = [span for span in collector.spans if wanted in {(one.trace_id, one.span_id) for one in span.links}]
    steps = sorted((span for span in linked if span.name == "journey.step"), key=lambda span: span.start_time_unix_nano)
    told = [(found["govcomponents.what"], found["govcomponents.outcome"]) for found in map(attributes, steps)]
    assert told == rows
    assert len(rows) == 9
    for row, span in zip(steps_of_rows, steps, strict=True):
        assert abs(row.at.timestamp() - span.start_time_unix_nano / 1e9) < 60, "a step has another time in its span"
    assert (steps_of_rows[-1].at - steps_of_rows[0].at).days == 2
    assert {"pay.create", "notify.send_email", "outbox.queued", "outbox.delivered"} <= {span.name for span in linked}
    assert "pay.search" in {span.name for span in collector.spans}
    assert "pay.search" not in {span.name for span in linked}
    assert {attributes(span)["govcomponents.journey"] for span in linked} == {JOURNEY}

    queued, delivered = (next(s for s in linked if s.name == name) for name in ("outbox.queued", "outbox.delivered"))
    assert {(one.trace_id, one.span_id) for one in queued.links} == {
        (one.trace_id, one.span_id) for one in delivered.links
    }
    assert len(queued.links) == 2  # the journey's, and the row's
    assert PERSON.encode() not in b"".join(collector.bodies)
