"""A provider in this process that holds what it accepted, and goes wrong as a test says."""

import json
import threading

from govcomponents import (
    OutcomeUnknown,
)
from govcomponents.core.http.messages import Response
from notify.doubles import EMAIL

TEMPLATE = {"id": EMAIL, "name": "t", "type": "email", "version": 1, "subject": "s", "body": "((name))",
            "personalisation": {"name": {"required": True}}}  # fmt: skip


class Provider:
    """Holds what was accepted, by reference; goes wrong as `trouble` says: a function of the number of the POST."""

    def __init__(self, trouble=lambda number: None):
        self.accepted = {}
        self.trouble = trouble
        self.posts = 0
        self.waits = []
        self.lock = threading.Lock()

    async def send(self, request):
        with self.lock:
            if request.method == "GET":
                return self.read(request)
            self.posts += 1
            wrong = self.trouble(self.posts)
            if isinstance(wrong, Exception) and not isinstance(wrong, OutcomeUnknown):
                raise wrong
            if isinstance(wrong, Response):
                return wrong
            fields = json.loads(request.body)
            self.accepted.setdefault(fields["reference"], []).append(fields)
            if wrong is not None:
                raise wrong
            return Response(201, {}, json.dumps({
                "id": f"id-{fields['reference']}", "reference": fields["reference"],
                "content": {"body": "x", "subject": "s"}, "template": {"id": fields["template_id"], "version": 1},
            }).encode())  # fmt: skip

    def read(self, request):
        if "/template/" in request.url:
            return Response(200, {}, json.dumps(TEMPLATE).encode())
        reference = request.url.partition("reference=")[2].partition("&")[0]
        held = self.accepted.get(reference, []) if "older_than" not in request.url else []
        items = [
            {"id": f"id-{reference}", "type": "email", "status": "created", "created_at": "2026-03-02T09:00:00.000000Z",
             "template": {"id": EMAIL, "version": 1}}
            for _ in held
        ]  # fmt: skip
        return Response(200, {}, json.dumps({"notifications": items, "links": {}}).encode())

    async def sleep(self, seconds):
        self.waits.append(seconds)

    async def run_blocking(self, work):
        return work()

    async def aclose(self):
        pass


def people(count):
    return [{"email address": f"person{number}@example.com", "Name": f"Person {number}"} for number in range(count)]
