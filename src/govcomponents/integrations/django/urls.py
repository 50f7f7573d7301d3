"""Routes of the app: `path("gov/", include("govcomponents.integrations.django.urls"))`."""

from __future__ import annotations

from django.urls import path

from govcomponents.integrations.django import views

app_name = "govcomponents"
urlpatterns = [
    path("sign-in", views.sign_in, name="sign-in"),
    path("callback", views.callback, name="callback"),
    path("sign-out", views.sign_out, name="sign-out"),
    path("events/<str:component>", views.event, name="event"),
    path("health", views.health, name="health"),
]
