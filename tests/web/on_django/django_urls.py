"""The pages of the service with which the Django shell is tested."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from govcomponents import Money
from govcomponents.integrations.django import gov
from govcomponents.integrations.django.models import UsedOnce
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


def look(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(list(gov.components.pay.search())))


async def look_async(request: HttpRequest) -> HttpResponse:
    return await sync_to_async(look)(request)


def pay(request: HttpRequest) -> HttpResponse:
    UsedOnce.objects.get_or_create(key="made by the page", defaults={"until": 9e9})
    fee = Money.gbp(request.GET.get("fee", "145.00"))
    return HttpResponse(gov.components.pay.create(fee, "R-1", "Renew", "https://service.example.gov.uk/back").id)


@gov.when(PaymentChanged)
def paid(event: PaymentChanged) -> None:
    handled.append(event.key)


urlpatterns = [
    path("admin/", admin.site.urls),
    path("gov/", include("govcomponents.integrations.django.urls")),
    path("look", look),
    path("look-async", look_async),
    path("open", open_page),
    path("pay", pay),
    path("protected", protected),
    path("protected-async", protected_async),
    path("user", user_page),
    path("protected/<path:name>", protected),
]
