"""The service's own page where Django has a bare answer."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from renewal import views


def pages_for_methods(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer whoever asks by a method that an address does not have as for an address that is none."""

    def answer(request: HttpRequest) -> HttpResponse:
        found = get_response(request)
        if found.status_code != 405:
            return found
        page = views.message(request, "missing", "missing_text", 405)
        page["Allow"] = found["Allow"]
        return page

    return answer
