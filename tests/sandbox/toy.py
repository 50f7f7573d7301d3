"""A small provider for tests of the frame: it echoes, fails, counts and cuts on request. `SPEC` registers it."""

from __future__ import annotations

import threading
from functools import partial

from govcomponents.core.http.messages import Response
from govcomponents.sandbox.faults.catalogue import RATE_LIMITED, Effect, Fault, FaultKind, json
from govcomponents.sandbox.http.messages import Call, ConnectionCut, Route, json_response, text_response
from govcomponents.sandbox.plugins.provider import Fact, ProviderSpec
from govcomponents.sandbox.plugins.world_section import WorldPart, on_each, read_section


class Service(WorldPart):
    name: str
    hook: str | None = None


class ToyWorld(WorldPart):
    services: tuple[Service, ...]


class Toy:
    section = "toy"

    def __init__(self, world=None, context=None):
        self.world = world
        self.context = context
        self.count = 0
        self._lock = threading.Lock()

    def client_settings(self):
        return {"adapter": "toy", "base_url": f"{self.context.base_url}/toy", "api_key": "toy-key"}

    def summary(self):
        yield Fact("Services", ", ".join(service.name for service in self.world.services))

    def corrupt(self, fault, response):
        return Response(response.status, response.headers, fault.encode())

    def routes(self):
        yield Route("GET", "/toy", self.echo)
        yield Route("POST", "/toy", self.echo)
        yield Route("GET", "/toy/things/<thing>", self.echo, "get_thing")
        yield Route("GET", "/toy/things/first", self.first)
        yield Route("POST", "/toy/count", self.add)
        yield Route("GET", "/toy/fails", self.fails)
        yield Route("GET", "/toy/cut", self.cut)
        yield Route("GET", "/toy/nothing", lambda call: json_response(204, None))
        yield Route("GET", "/toy/odd", lambda call: text_response(599, "odd", {"x-split": "a\r\nevil: b"}))

    def owns(self, path):
        return path.startswith("/toy")

    def missing(self, call, allowed):
        return json_response(405 if allowed else 404, {"allowed": sorted(allowed)})

    def echo(self, call: Call):
        return json_response(
            200,
            {
                "method": call.method,
                "path": call.path,
                "query": call.query,
                "form": call.form,
                "headers": dict(call.headers),
                "size": len(call.body),
                "params": call.params,
                "url": call.base_url + call.path_and_query,
            },
        )

    def first(self, call: Call):
        return text_response(200, "first")

    def add(self, call: Call):
        with self._lock:
            self.count += 1
        return json_response(200, {"count": self.count})

    def fails(self, call: Call):
        raise RuntimeError("canary-jo@example.com")

    def cut(self, call: Call):
        raise ConnectionCut(float(dict(call.query).get("silent", "0")))


def read(section, base_url):
    return partial(Toy, read_section(ToyWorld, "toy", section, base_url))


SPEC = ProviderSpec(
    section="toy",
    name="The Toy",
    component="pay",
    start_path="/toy",
    read=read,
    faults=(
        RATE_LIMITED.at(json(429, {"toy": "slower"}), "The Toy: slower."),
        Fault(FaultKind("toy_nonsense", Effect.CORRUPTS, "It babbles.", "nothing", ("get_thing",))),
    ),
    default_section=lambda: {"services": [{"name": "Toys", "hook": "<host>/hook"}]},
    is_default=True,  # which only a built-in provider can be
    send_callbacks_to=lambda section, url: on_each(section, "services", lambda one: {**one, "hook": f"{url}/toy"}),
)
