"""Celery as the clock, in the place of `manage.py govcomponents_work`: `celery --app renewal.celery worker --beat`.

The broker holds one task without any data; what is due is in the database.
"""

from __future__ import annotations

import os

import django
from celery import Celery  # type: ignore[import-untyped]  # Celery has no types

from govcomponents.integrations.clocks import celery_clock

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "renewal.settings")
django.setup()

from govcomponents.integrations.django import gov  # noqa: E402  # needs Django set up

app = Celery("renewal", broker=os.environ.get("RENEWAL_BROKER", "redis://localhost:6379/0"))
nudge = celery_clock(app, lambda: gov.later)
