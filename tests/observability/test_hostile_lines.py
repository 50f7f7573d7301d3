"""No value of the corpus is in a log line of ours, nor makes a second line."""

from __future__ import annotations

import io
import logging

import pytest

from govcomponents import GovComponents, GovComponentsError, Money
from govcomponents.cli.outcome import printable
from govcomponents.observability import LogObserver
from notify.hostile import VALUES

TEXT = "5ab1ec0d-0000-4000-8000-000000000102"


@pytest.fixture
def lines():
    """What the package's loggers write."""
    written, logger = io.StringIO(), logging.getLogger("govcomponents")
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("LINE %(name)s %(message)s"))
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield written
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_no_value_is_in_a_log_or_makes_a_line_of_its_own(lines):
    marked = [f"c4n4ry{value}c4n4ry" for value in VALUES[::4]]  # a part of each kind
    with GovComponents.sandbox(observers=[LogObserver()]) as gov:
        for value in marked:
            for call in (
                lambda value=value: gov.pay.create(Money.gbp("1.00"), value, value, "https://service.example.gov.uk/"),
                lambda value=value: gov.notify.send_sms(TEXT, value, {"name": value}, reference=value),
                lambda value=value: gov.notify.get(value),
            ):
                try:
                    call()
                except GovComponentsError as error:
                    lines.write(f"LINE error {error} {printable(repr(error.__dict__))}\n")
    told = lines.getvalue()
    assert "c4n4ry" not in told
    assert told.count("LINE ") > len(marked)
    assert all(line.startswith("LINE ") and line.isprintable() for line in told.split("\n") if line)
