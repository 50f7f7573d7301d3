"""Requests and answers as Flask has them: where a request comes back to, and answers of the web handlers."""

from __future__ import annotations

from flask import Response, current_app, g, request, session

from govcomponents.web.messages import PRIVATE, Answer, page_asked_for


def mark_personal(response: Response) -> Response:
    """Keep a page about a person out of every cache: it differs by cookie, and one that requires them is private."""
    if "gov_person" in g:
        response.vary.add("Cookie")
        if "gov_required" in g and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = PRIVATE
    return response


def renew_session() -> None:
    """Give the service's own session a new id, where it is kept on the server by what can: Flask-Session can."""
    renew = getattr(current_app.session_interface, "regenerate", None)
    if renew is not None and session:
        renew(session)


def english() -> str:
    """Tell that the person reads English, where the service registered nothing that tells another language."""
    return "en"


def this_page() -> str:
    """Return the path and query of the page that is asked for, to come back to."""
    raw: str = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or ""
    return page_asked_for(request.method, request.script_root + request.path, request.query_string, raw)


def as_response(answer: Answer) -> Response:
    """Return an answer of the web handlers as Flask's."""
    response = Response(answer.body, answer.status)
    response.headers.clear()
    for name, value in answer.headers:
        response.headers.add(name, value)
    return response


def add_headers(response: Response, answer: Answer) -> None:
    """Add the headers of an answer, and its cookies, to a page of the service's own."""
    for name, value in answer.headers:
        if name not in ("Content-Type", "Location"):
            response.headers.add(name, value)
