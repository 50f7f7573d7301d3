"""Asks each provider whether it answers and takes the credential: `python manage.py govcomponents_check`."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.urls import NoReverseMatch, reverse

from govcomponents.integrations.checking import checked
from govcomponents.integrations.django import gov


class Command(BaseCommand):
    """Ask each provider whether it answers and takes the credential; exit with 1 if one does not."""

    help = "Ask each provider whether it answers and takes the credential; exits with 1 if one does not."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print a line for each component and account, and what their callbacks lack."""
        try:
            callback: str | None = reverse("govcomponents:callback")
        except NoReverseMatch:  # a project that only sends needs no routes
            callback = None
        lines, is_well = checked(gov.components, callback)
        self.stdout.write("\n".join(lines))
        if not is_well:
            sys.exit(1)
