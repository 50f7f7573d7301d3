"""The pages of the service with which the Django shell is tested."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from govcomponents.integrations.django import gov
from govcomponents.pay import PaymentChanged

handled: list[str] = []


def open_page(request: HttpRequest) -> HttpResponse:
    person = gov.person(request)
    return HttpResponse(person.subject.reveal() if person else "nobody")


@gov.require_identity(confidence="medium")
def protected(request: HttpRequest, name: str = "") -> HttpResponse:
    return open_page(request)


@gov.require_identity(confidence="medium")
async def protected_async(request: HttpRequest) -> HttpResponse:
    return HttpResponse("here")


def user_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.user.get_username())


@gov.when(PaymentChanged)
def paid(event: PaymentChanged) -> None:
    handled.append(event.key)


urlpatterns = [
    path("admin/", admin.site.urls),
    path("gov/", include("govcomponents.integrations.django.urls")),
    path("open", open_page),
    path("protected", protected),
    path("protected-async", protected_async),
    path("user", user_page),
    path("protected/<path:name>", protected),
]
