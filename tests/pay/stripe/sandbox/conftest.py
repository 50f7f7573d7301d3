"""A stub for each test that asks for one."""

import pytest

from .raw import Raw


@pytest.fixture
def raw():
    return Raw()
