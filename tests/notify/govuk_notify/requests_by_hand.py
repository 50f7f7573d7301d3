"""Requests written by hand to the GOV.UK Notify stub, and its answers."""

import json

from govcomponents import Secret
from govcomponents.core.http.messages import Replay, Request
from govcomponents.notify.adapters.govuk_notify.wire import ServiceKey
from govcomponents.sandbox.app import Sandbox
from notify.doubles import TEST_KEY


def world(**changes):
    section = Sandbox().notify.world.model_dump(mode="json")
    section["services"][0].update(changes)
    return {"notify": section}


def post(sandbox, path, body, key=TEST_KEY, **headers):
    token = ServiceKey.parse(Secret(key)).token(sandbox.clock.time())
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    method = "POST" if body is not None else "GET"
    request = Request(
        "t", method, f"{sandbox.base_url}{path}", Replay.ALWAYS, {"Authorization": f"Bearer {token}", **headers}, raw
    )
    response = sandbox.handle(request)
    return response.status, json.loads(response.body)


def get(sandbox, path, key=TEST_KEY, **headers):
    token = ServiceKey.parse(Secret(key)).token(sandbox.clock.time())
    headers = {"Authorization": f"Bearer {token}", **headers}
    response = sandbox.handle(Request("t", "GET", f"{sandbox.base_url}{path}", Replay.ALWAYS, headers))
    return response.status, json.loads(response.body)


def messages(answered):
    return [(one["error"], one["message"]) for one in answered[1]["errors"]]
