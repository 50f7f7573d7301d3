"""Answers in the forms that GOV.UK Notify gives: its errors, the older form of error, and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic_core import to_json

from govcomponents.core.http.messages import Response
from govcomponents.sandbox.http.messages import json_response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NOT_FOUND = (
    "The requested URL was not found on the server. If you entered the URL manually please check your spelling and "
    "try again."
)


class Refusal(Exception):
    """Ends a handler with an error answer."""

    def __init__(self, status: int, errors: Iterable[tuple[str, str]], **more: object) -> None:
        super().__init__()
        self.status = status
        self.errors = [{"error": kind, "message": message, **more} for kind, message in errors]

    def response(self) -> Response:
        """Make the answer."""
        return json_response(self.status, {"errors": self.errors, "status_code": self.status})


def bad_request(message: str, status: int = 400) -> Refusal:
    """A refusal by a rule of the service."""
    return Refusal(status, [("BadRequestError", message)])


def invalid(*messages: str, **more: object) -> Refusal:
    """A refusal by the form of the request."""
    return Refusal(400, [("ValidationError", message) for message in messages], **more)


def no_result() -> Refusal:
    """A refusal because there is no such thing."""
    return Refusal(404, [("NoResultFound", "No result found")])


def accepted(value: Mapping[str, object]) -> Response:
    """The answer to a message that was taken in, by a writer that takes half of the standard library's time."""
    return Response(201, {"content-type": "application/json"}, to_json(value))


def unknown_route() -> Response:
    """The answer at a path that is none of the API's, in the older form of error."""
    return json_response(404, {"result": "error", "message": _NOT_FOUND})


def wrong_method() -> Response:
    """The answer to a method that a path does not take: JSON that calls itself HTML."""
    body = json.dumps({"message": "The method is not allowed for the requested URL.", "result": "error"}, indent=2)
    return Response(405, {"content-type": "text/html; charset=utf-8"}, f"{body}\n".encode())
