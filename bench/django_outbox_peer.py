"""A service with django-govuk-notify-outbox, as its page shows it, for `bench.durable_peers --django PYTHON`.

It needs Django 6 and Python 3.12, so it runs in that interpreter, which has it, `celery[redis]` and `psycopg`.
`PYTHON -m bench.django_outbox_peer COUNT` puts so many emails down; `app` is what its Celery workers look for.
"""

from __future__ import annotations

import functools
import os
import sys

import django
from celery import Celery
from django.conf import settings
from notifications_python_client.notifications import NotificationsAPIClient
from psycopg.conninfo import conninfo_to_dict

settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django_govuk_notify_outbox"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "postgres",
            "OPTIONS": conninfo_to_dict(os.environ["PEERS_DSN"]),
            "CONN_MAX_AGE": 600,
        }
    },
    USE_TZ=True,
    DJANGO_GOVUK_NOTIFY_OUTBOX__API_KEY=os.environ["PEERS_API_KEY"],
)
django.setup()

app = Celery("peer", broker=os.environ["PEERS_BROKER"])
app.conf.task_ignore_result = True
app.conf.task_acks_late = True

from django_govuk_notify_outbox import tasks, utils  # noqa: E402  # both need the settings

app.finalize()
tasks.NotificationsAPIClient = functools.partial(NotificationsAPIClient, base_url=os.environ["PEERS_PROVIDER"])


def put_down(rows: int) -> None:
    from django.core.management import call_command
    from django.db import transaction

    call_command("migrate", verbosity=0)
    with transaction.atomic():
        for number in range(rows):
            utils.send_email_notification(
                "sam@example.com",
                os.environ["PEERS_TEMPLATE"],
                personalisation={"name": "Sam", "amount": "£145.00"},
                reference=f"R-{number}",
            )


if __name__ == "__main__":
    put_down(int(sys.argv[1]))
