"""Answers with one of the sandbox's own pages: it may run the sandbox's own small script, and nothing else."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from govcomponents.core.http.messages import Response
from govcomponents.sandbox.http.messages import Call, Route, html_response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; img-src data:; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SCRIPT_PATH: Final = "/_sandbox/page.js"


def own_page(status: int, page: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a page of the sandbox's own."""
    return html_response(status, page, {"content-security-policy": POLICY, **(headers or {})})


def script_routes() -> Iterable[Route]:
    """Return the route of the script that all own pages share; every page works without it."""
    yield Route("GET", SCRIPT_PATH, _script)


def _script(_call: Call) -> Response:
    return Response(
        200,
        {"content-type": "text/javascript; charset=utf-8", "x-content-type-options": "nosniff"},
        _script_source(),
    )


@cache
def _script_source() -> bytes:
    return files("govcomponents.sandbox.control.pages").joinpath("page.js").read_bytes()
