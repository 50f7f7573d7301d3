"""A Django project with the admin pages of the durable layer, on a sandbox in its own process.

python admin_site.py PORT FOLDER
"""

import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command

PORT, FOLDER = sys.argv[1], Path(sys.argv[2])
PASSWORD = "a password of the tests"

settings.configure(
    DEBUG=True,  # so that Django serves the style sheets of its admin pages
    SECRET_KEY="a secret of the tests, of forty characters",
    ALLOWED_HOSTS=["localhost"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "govcomponents.integrations.django",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "govcomponents.integrations.django.sessions.PersonMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    STATIC_URL="static/",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(FOLDER / "service.db")}},
    GOVCOMPONENTS_DURABLE={},
)
django.setup()

from django.contrib import admin  # noqa: E402  # Django has to be set up
from django.contrib.auth.models import User  # noqa: E402  # the same
from django.urls import include, path  # noqa: E402  # the same

from govcomponents import GovComponents, Money  # noqa: E402  # the same
from govcomponents.integrations.django import gov  # noqa: E402  # the same

urlpatterns = [
    path("admin/", admin.site.urls),
    path("gov/", include("govcomponents.integrations.django.urls")),
]
RECEIPT = "5ab1ec0d-0000-4000-8000-000000000101"
VALUES = {"name": "Sam", "amount": "£145.00", "reference": "RENEW-7", "refund": "no"}

gov.use(GovComponents.sandbox())
call_command("migrate", verbosity=0)
User.objects.create_superuser("oncall", password=PASSWORD)
with gov.components.journey("renewal-7"):
    gov.later.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", "https://service.example.gov.uk/paid")
    for number in range(3):
        gov.later.notify.send_email("sam@example.com", RECEIPT, VALUES, reference=f"RENEW-{number}-receipt")
call_command("runserver", f"localhost:{PORT}", use_reloader=False, use_threading=True)
