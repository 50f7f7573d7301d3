"""What readers look for is at most two links from the first page of the docs."""

from __future__ import annotations

import re

import pytest

from .sources import ROOT

DOCS = ROOT / "docs"
LOOKED_FOR = {
    "how to take a payment": "pay/take-a-payment.md",
    "what personal data goes where": "architects/personal-data.md",
    "what happens when Notify is down": "architects/failure-modes.md",
    "how to write an adapter": "writing-an-adapter.md",
    "how to leave": "architects/exit-plan.md",
    "what a call takes, gives and raises": "reference/operations/pay-payments.md",
    "which settings there are": "reference/settings.md",
    "how to move from the official Notify client": "notify/providers/moving-from-notifications-python-client.md",
    "what to do at three in the morning": "operations/runbook.md",
}


def clicks(most: int) -> set[str]:
    """The pages that are at most so many links from the first one."""
    found, edge = {DOCS / "index.md"}, {DOCS / "index.md"}
    for _ in range(most):
        links = (
            (page.parent / path).resolve()
            for page in edge
            for path in re.findall(r"\]\(([^)#\s]+\.md)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        )
        edge = {page for page in links if page.is_file() and page.is_relative_to(DOCS)} - found
        found |= edge
    return {page.relative_to(DOCS).as_posix() for page in found}


@pytest.mark.parametrize("page", LOOKED_FOR.values(), ids=LOOKED_FOR)
def test_what_is_looked_for_is_two_clicks_away(page: str) -> None:
    assert page in clicks(2)


def test_every_page_can_be_reached_from_the_first() -> None:
    every = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    assert every - clicks(5) == set()
