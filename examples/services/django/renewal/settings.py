"""The settings of the project, from the environment; README.md lists the variables."""

from __future__ import annotations

import os
from pathlib import Path

import django

SECRET_KEY = os.environ["RENEWAL_SECRET_KEY"]
ALLOWED_HOSTS = os.environ.get("RENEWAL_HOSTS", "localhost").split(",")
ROOT_URLCONF = "renewal.urls"
WSGI_APPLICATION = "renewal.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "govcomponents.integrations.django",
    "renewal",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",  # serves the style sheet, under gunicorn too
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "govcomponents.integrations.django.sessions.PersonMiddleware",
    "govcomponents.integrations.django.ProblemMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "renewal.middleware.pages_for_methods",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request", "renewal.views.everywhere"]},
    }
]
DATABASES = {
    "default": {
        "ENGINE": os.environ.get("RENEWAL_DATABASE_ENGINE", "django.db.backends.sqlite3"),
        "NAME": os.environ.get("RENEWAL_DATABASE_NAME", str(Path(__file__).parents[1] / "renewal.db")),
        "USER": os.environ.get("RENEWAL_DATABASE_USER", ""),
        "PASSWORD": os.environ.get("RENEWAL_DATABASE_PASSWORD", ""),
        "HOST": os.environ.get("RENEWAL_DATABASE_HOST", ""),
        "PORT": os.environ.get("RENEWAL_DATABASE_PORT", ""),
        "TEST": {"NAME": os.environ.get("RENEWAL_TEST_DATABASE")},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
GOVCOMPONENTS_DURABLE = {"keys": [key for key in os.environ.get("RENEWAL_DATA_KEYS", "").split(",") if key]}

HAS_TASKS = bool(os.environ.get("RENEWAL_TASKS"))
if HAS_TASKS:  # Django's own tasks are the clock, see README.md
    TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    INSTALLED_APPS += ["django_tasks_db"] if django.VERSION >= (6,) else ["django_tasks", "django_tasks_db"]

LANGUAGE_CODE = "en"
TIME_ZONE = "Europe/London"
LANGUAGES = [("en", "English"), ("cy", "Cymraeg")]
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # from where the files lie: nothing has to be collected first
CSRF_FAILURE_VIEW = "renewal.views.forged"
LOGIN_URL = "casework-sign-in"
LOGIN_REDIRECT_URL = "casework"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
LANGUAGE_COOKIE_HTTPONLY = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if os.environ.get("RENEWAL_BEHIND_PROXY") else None
SECURE_SSL_REDIRECT = bool(os.environ.get("RENEWAL_BEHIND_PROXY"))
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_SSL_REDIRECT else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # it asks for HSTS preloading, and browsers hold the whole of gov.uk already
# The query of a callback holds the code of a sign-in, so requests are not logged with theirs.
LOGGING = {"version": 1, "disable_existing_loggers": False, "loggers": {"django.server": {"level": "ERROR"}}}
