"""Runs pages of Python, each in a fork of a process that has imported what most of them need: to import takes a second.

It is told a script a line, and answers with its exit status. What a page prints is in the file beside its script.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from importlib import import_module
from pathlib import Path

from govcomponents import GovComponents, Money
from govcomponents.testing import FormBrowser, pay_by_card

SECONDS = 60
EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"


def warm() -> None:
    """Do what many pages do: much is imported, and a provider's pages are compiled, when they are first used."""
    import_module("govcomponents.durable")
    with GovComponents.sandbox() as gov:
        person = FormBrowser(gov.simulator.visit)
        paid = gov.pay.create(Money(100), "R-1", "Renew", "https://service.example.gov.uk/back")
        pay_by_card(person, paid.redirect_url())
        gov.pay.get(paid.id)
        values = {"name": "Sam", "amount": "£1.00", "reference": "R-1", "refund": True}
        gov.notify.send_email("sam@example.com", EMAIL, values, "R-1")
        started = gov.identity.start()
        back = person.send(person.open(started.url).form_with("person"), person="SAM", outcome="success").url
        gov.identity.complete(started.pending, back)


warm()
for line in sys.stdin:
    script = Path(line.rstrip("\n"))
    page = os.fork()
    if page:
        ended = os.waitstatus_to_exitcode(os.waitpid(page, 0)[1])
        sys.stdout.write(f"{ended}\n")
        sys.stdout.flush()
        continue
    signal.alarm(SECONDS)
    with script.with_suffix(".txt").open("wb") as told:
        os.dup2(told.fileno(), 1)
        os.dup2(told.fileno(), 2)
    os.chdir(script.parent)
    sys.argv, sys.path[0] = [str(script)], str(script.parent)
    runpy.run_path(str(script), run_name="__main__")
    break
