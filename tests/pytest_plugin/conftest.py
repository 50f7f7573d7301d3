"""Runs of pytest in this process, for tests of what the plugin does to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from plain_pytest import PLAIN, Imports, libraries_kept

Run: TypeAlias = Callable[..., tuple[dict[str, int], str]]

SEND = """
TEMPLATE = "5ab1ec0d-0000-4000-8000-000000000101"
VALUES = {"name": "Sam", "amount": "£145.00", "reference": "RENEW-7", "refund": "no"}

def send(gov, to="sam@example.com", reference="RENEW-7-receipt"):
    gov.notify.send_email(to, TEMPLATE, VALUES, reference)
"""


@pytest.fixture
def imports(tmp_path: Path) -> Iterator[Imports]:
    with libraries_kept(tmp_path.parent) as imports:
        yield imports


@pytest.fixture
def run(imports: Imports, pytester: pytest.Pytester) -> Run:
    """Run tests in this process, which has imported already what a process of their own would spend its time on."""

    def run(test: str, *options: str) -> tuple[dict[str, int], str]:
        pytester.makepyfile(f"import pytest\n{SEND}\n{test}")
        result = pytester.runpytest_inprocess(*PLAIN, *options, plugins=[imports])
        return result.parseoutcomes(), result.stdout.str()

    return run
