"""A sandbox with a stopped clock for each test that asks for one."""

import pytest

from .context import Desk


@pytest.fixture
def desk():
    return Desk()
