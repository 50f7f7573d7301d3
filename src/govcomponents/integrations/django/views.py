"""Views of the routes: each translates a request, and the web handlers' answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST, require_safe

from govcomponents.frames import leaving_own_frames_behind
from govcomponents.integrations.django import sessions
from govcomponents.integrations.django.service import (
    add_headers,
    durable_setting,
    gov,
    language,
    response,
    signed_out_url,
    web_request,
)
from govcomponents.web.messages import MAX_CALLBACK, Answer, is_too_long
from govcomponents.web.person import Requirement
from govcomponents.web.results import SignedIn

if TYPE_CHECKING:
    from govcomponents.core.callbacks import Headers


@require_safe
@leaving_own_frames_behind
def sign_in(request: HttpRequest) -> HttpResponse:
    """Begin a sign-in."""
    return_to = request.GET.get("next", "")
    answer = gov.handlers.sign_in(web_request(request), Requirement(), return_to, language=language())
    return gov.shown(request, answer)


@transaction.non_atomic_requests
@require_GET
@leaving_own_frames_behind
def callback(request: HttpRequest) -> HttpResponse:
    """Take the way back from the provider."""
    ended = gov.handlers.callback(web_request(request), language=language())
    if isinstance(ended, SignedIn):
        with transaction.atomic():
            is_known = sessions.begin(request, ended)
            if is_known and gov.on_signed_in is not None:
                gov.on_signed_in(request, ended.identity)
        if is_known:
            return response(ended.answer)
        ended = ended.not_let_in(language())
    if not ended.is_known:
        return gov.shown(request, ended.answer)
    if gov.refused_page is None or ended.answer.status == 303:
        return response(ended.answer)
    page = gov.refused_page(request, ended)
    add_headers(page, ended.answer, but=("Content-Type",))
    return page


@require_POST
@leaving_own_frames_behind
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this browser's session, and the provider's."""
    answer = gov.handlers.sign_out(web_request(request), signed_out_url())
    sessions.end(request)
    return response(answer)


@transaction.non_atomic_requests  # a provider is asked, and another connection writes, meanwhile
@csrf_exempt
@require_POST
@leaving_own_frames_behind
def event(request: HttpRequest, component: str) -> HttpResponse:
    """Take what a provider sends."""
    if is_too_long(request.META.get("CONTENT_LENGTH") or "0"):
        return response(Answer.too_large())
    body = _body(request)
    if body is None:
        return HttpResponse(status=411)
    receive = None if durable_setting() is None else _stored
    return response(gov.handlers.take(component, body, request.headers, gov, receive))


@require_safe
@leaving_own_frames_behind
def health(_request: HttpRequest) -> HttpResponse:
    """Tell of health."""
    return response(gov.handlers.health(None if durable_setting() is None else _check_store))


def _stored(component: str, body: bytes, headers: Headers) -> Answer:
    """Store what came: the durable layer is made when it is first needed."""
    return gov.later.receive(component, body, headers)


def _check_store() -> None:
    """Look at the durable layer, which is made when it is first needed."""
    gov.later.check()


def _body(request: HttpRequest) -> bytes | None:
    """Read a body up to one byte beyond the limit; None where it has no length and the server does not tell its end.

    Under WSGI, Django itself takes a body without a length for an empty one.
    """
    if not isinstance(request, WSGIRequest) or "HTTP_TRANSFER_ENCODING" not in request.META:
        return request.read(MAX_CALLBACK + 1)
    if not request.environ.get("wsgi.input_terminated"):
        return None
    body: bytes = request.environ["wsgi.input"].read(MAX_CALLBACK + 1)
    return body
