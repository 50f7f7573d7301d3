"""Ctrl-C: it ends a bulk send within seconds, also while it waits for a limit; twice leaves no thread that sends."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from notify.bulk.provider import TEMPLATE
from notify.doubles import EMAIL, TEST_KEY

SENDING = """
import asyncio, signal, sys, threading, time
from govcomponents import AsyncGovComponents, GovComponents
from govcomponents.settings import NotifySettings, Settings

signal.signal(signal.SIGINT, signal.default_int_handler)  # a process in the background is born to ignore it
face, url, checkpoint, key, template = sys.argv[1:]
settings = Settings(environment="test", notify=NotifySettings(api_key=key, base_url=url))
rows = [{"email address": f"p{number}@example.com", "name": f"P {number}"} for number in range(150)]
arguments = {"channel": "email", "batch": "b", "checkpoint": checkpoint, "concurrency": 8, "per_minute": 60_000}

async def main():
    async with AsyncGovComponents.from_settings(settings) as gov:
        await gov.notify.send_many(rows, template, **arguments)

try:
    if face == "tasks":
        asyncio.run(main())
    else:
        GovComponents.from_settings(settings).notify.send_many(rows, template, **arguments)
except KeyboardInterrupt:
    print("interrupted", sum(thread.name.startswith("send-many") for thread in threading.enumerate()), flush=True)
    time.sleep(float(1))
else:
    print("done", 0, flush=True)
"""


class Notify(BaseHTTPRequestHandler):
    """Takes 50 messages, then answers 429; each answer is a little late."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if "/template/" in self.path:
            self.answer(200, TEMPLATE)
            return
        reference = self.path.partition("reference=")[2].partition("&")[0]
        held = self.server.accepted[reference] and "older_than" not in self.path
        item = {"id": f"id-{reference}", "type": "email", "status": "created", "template": {"id": EMAIL, "version": 1},
                "created_at": "2026-03-02T09:00:00.000000Z", "reference": reference}  # fmt: skip
        self.answer(200, {"notifications": [item] if held else [], "links": {}})

    def do_POST(self):
        fields = json.loads(self.rfile.read(int(self.headers["content-length"])))
        time.sleep(0.1)
        with self.server.lock:
            is_taken = self.server.limit > 0
            self.server.limit -= 1
            self.server.accepted[fields["reference"]] += is_taken
        if not is_taken:
            self.server.is_limited.set()
            self.answer(429, {"errors": [{"error": "RateLimitError", "message": "x"}]})
            return
        self.answer(201, {"id": f"id-{fields['reference']}", "reference": fields["reference"],
                          "content": {"body": "x"}, "template": {"id": EMAIL, "version": 1}})  # fmt: skip

    def answer(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with contextlib.suppress(OSError):  # an interrupted caller may have gone
            self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Notify)
    server.accepted, server.limit = Counter(), 50
    server.lock, server.is_limited = threading.Lock(), threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("face", "interruptions"), [("threads", 1), ("threads", 2), ("threads", 4), ("tasks", 1)])
def test_an_interruption_ends_it_within_seconds_and_nothing_goes_out_afterwards(server, tmp_path, face, interruptions):
    url, checkpoint = f"http://127.0.0.1:{server.server_port}", str(tmp_path / "checkpoint")
    arguments = [sys.executable, "-c", SENDING, face, url, checkpoint, TEST_KEY, EMAIL]
    running = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert server.is_limited.wait(30)
    begins = time.monotonic()
    for _ in range(interruptions):
        time.sleep(0.1)
        os.kill(running.pid, signal.SIGINT)
    assert running.stdout is not None
    said = running.stdout.readline().split()
    took = time.monotonic() - begins
    time.sleep(0.3)  # what was cancelled on its way is with the server by then
    server.limit = 1000  # the limit lifts: whoever is left would send
    running.wait(30)
    running.stdout.close()
    assert said == ["interrupted", "0"]
    assert took < 8
    assert sum(server.accepted.values()) == 50

    done = subprocess.run(
        arguments, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2], check=True
    )
    assert done.stdout.split() == ["done", "0"]
    assert len(server.accepted) == 150
    assert set(server.accepted.values()) == {1}
