"""The addresses of the service."""

from __future__ import annotations

from django.contrib.auth.views import LoginView
from django.urls import include, path

from renewal import views

handler404 = "renewal.views.missing"
handler500 = "renewal.views.broken"
urlpatterns = [
    path("", views.start, name="start"),
    path("renew", views.renew, name="renew"),
    path("renewals/<str:reference>", views.back, name="back"),
    path("renewals/<str:reference>/pay", views.pay, name="pay"),
    path("casework", views.casework, name="casework"),
    path("casework/sign-in", LoginView.as_view(template_name="casework_sign_in.html"), name="casework-sign-in"),
    path("casework/<str:reference>/refund", views.refund, name="refund"),
    path("language/", include("django.conf.urls.i18n")),
    path("gov/", include("govcomponents.integrations.django.urls")),
]
