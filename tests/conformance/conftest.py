"""Options of the conformance checks, and the browsers that they share."""

import pytest

from .pages.browser import NotHere, axe_source, browser


def pytest_addoption(parser):
    parser.addoption("--issuer", help="where a GOV.UK One Login simulator runs, such as http://localhost:3000")


@pytest.fixture(scope="module")
def axe():
    try:
        return axe_source()
    except NotHere as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def reader():
    """A browser with JavaScript, which axe-core needs; the pages do not."""
    try:
        with browser() as person:
            yield person
    except NotHere as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def clicker():
    """A browser without JavaScript."""
    try:
        with browser(javascript=False) as person:
            yield person
    except NotHere as missing:
        pytest.skip(str(missing))
