"""Views of the routes: each translates a request, and the web handlers' answer."""

from __future__ import annotations

import logging
from typing import Final

from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST, require_safe

from govcomponents.errors import GovComponentsError
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

_LOG: Final = logging.getLogger("govcomponents.django")


@require_safe
@leaving_own_frames_behind
def sign_in(request: HttpRequest) -> HttpResponse:
    """Begin a sign-in."""
    return_to = request.GET.get("next", "")
    return response(gov.handlers.sign_in(web_request(request), Requirement(), return_to, language=language()))


@transaction.non_atomic_requests
@require_GET
@leaving_own_frames_behind
def callback(request: HttpRequest) -> HttpResponse:
    """Take the way back from the provider."""
    ended = gov.handlers.callback(web_request(request))
    if isinstance(ended, SignedIn):
        with transaction.atomic():
            is_known = sessions.begin(request, ended)
            if is_known and gov.on_signed_in is not None:
                gov.on_signed_in(request, ended.identity)
        if is_known:
            return response(ended.answer)
        ended = ended.not_let_in()
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
    if component not in ("pay", "notify", "identity"):
        raise Http404
    length = request.META.get("CONTENT_LENGTH") or "0"
    if is_too_long(length):
        return response(Answer.too_large())
    body = _body(request)
    if body is None:
        return HttpResponse(status=411)
    if len(body) > MAX_CALLBACK:
        return response(Answer.too_large())
    try:
        if durable_setting() is not None:
            if component == "identity":
                gov.handlers.event(component, body, request.headers)  # ends sessions at once
            return response(gov.later.receive(component, body, request.headers))
        happened = gov.handlers.event(component, body, request.headers)
        for handler in gov.for_event(happened):
            handler(happened)
        return response(gov.handlers.done(happened))
    except GovComponentsError as error:
        _LOG.warning("a callback for %s was not dealt with: %s", component, error)
        return response(Answer.for_error(error))


@require_safe
@leaving_own_frames_behind
def health(_request: HttpRequest) -> HttpResponse:
    """Tell of health."""
    return response(gov.handlers.health())


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
