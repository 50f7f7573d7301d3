"""Makes the calls that are due, and handles what came: `python manage.py govcomponents_work`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from govcomponents.durable.storage.faults import MIGRATE_FIX
from govcomponents.errors import ConfigurationError
from govcomponents.integrations.commands import work
from govcomponents.integrations.django import gov

if TYPE_CHECKING:
    import argparse


class Command(BaseCommand):
    """Make the calls that are due, until SIGTERM or Ctrl-C comes."""

    help = "Make the calls that are due and handle what came, until it is stopped. Any number may run at once."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--once", action="store_true", help="end when nothing is due any more, for cron")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Work. Raises CommandError if a setting is wrong, or the tables are not there."""
        try:
            work(gov.later, self.stdout.write, is_once=options["once"])
        except ConfigurationError as error:
            raise CommandError(str(error).replace(MIGRATE_FIX, "run `python manage.py migrate`")) from None
