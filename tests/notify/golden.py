"""The recorded exchanges with the real server, replayed in this process by the recorder's own script."""

import importlib.util
import json
import sys

import pytest
import requests
from requests.adapters import BaseAdapter

from govcomponents.core.http.messages import Replay, Request
from govcomponents.sandbox.app import Sandbox
from shared_folder import SHARED

FOLDER = SHARED / "golden" / "govuk-notify"
IS_THERE = FOLDER.is_dir()
needs_golden = pytest.mark.skipif(not IS_THERE, reason="the recorded exchanges are not on this machine")


def steps():
    return json.loads((FOLDER / "exchanges.json").read_text(encoding="utf-8"))["steps"] if IS_THERE else []


def names():
    return [step["name"] for step in steps() if "name" in step and not step.get("setup")]


class InProcess(BaseAdapter):
    """Gives what requests would send to a sandbox in this process."""

    def __init__(self, sandbox):
        super().__init__()
        self.sandbox = sandbox
        self.exchanges = []

    def send(self, request, **_options):
        body = request.body.encode() if isinstance(request.body, str) else request.body
        url = request.url.replace("http://sandbox.invalid", self.sandbox.base_url)
        sent = Request("golden", request.method, url, Replay.ALWAYS, dict(request.headers), body)
        answer = self.sandbox.handle(sent)
        self.exchanges.append((sent, answer))
        response = requests.Response()
        response.status_code = answer.status
        response.headers.update({name.title(): value for name, value in answer.headers.items()})
        response._content = answer.body
        response.request = request
        return response

    def close(self):
        pass


def load_script():
    spec = importlib.util.spec_from_file_location("golden_replay", FOLDER / "replay.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["golden_replay"] = module
    spec.loader.exec_module(module)
    return module


def replay():
    """Replay every step in order; return {name: differences} and the exchanges by name."""
    script = load_script()
    sandbox = Sandbox({"notify": json.loads((FOLDER / "world.json").read_text(encoding="utf-8"))["notify"]})
    adapter = InProcess(sandbox)
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", adapter)
        replayer = script.Replayer("http://sandbox.invalid", script.World.load(FOLDER / "world.json"), session)
        present = set(names())
        found, exchanges = {}, {}
        for step in steps():
            if "wait_seconds" in step:
                sandbox.clock.advance(step["wait_seconds"])
                continue
            found[step["name"]] = replayer.run(step, present)
            exchanges[step["name"]] = adapter.exchanges[-1]
    return found, exchanges
