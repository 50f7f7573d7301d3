"""A service on the sandbox's GOV.UK One Login, for the tests in this folder."""

import pytest

from identity.kit import Desk


@pytest.fixture
def desk():
    return Desk()
