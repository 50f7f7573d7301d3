"""A small provider for tests of the frame: it echoes, fails, counts and cuts on request."""

from __future__ import annotations

import threading

from govcomponents.sandbox.http.messages import Call, ConnectionCut, Route, json_response, text_response


class Toy:
    section = "toy"

    def __init__(self):
        self.count = 0
        self._lock = threading.Lock()

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
