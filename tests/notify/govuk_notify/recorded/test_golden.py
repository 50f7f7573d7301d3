"""The sandbox answers every recorded request as the real server did."""

import pytest

from notify.golden import names, needs_golden, replay

pytestmark = needs_golden


@pytest.fixture(scope="module")
def replayed():
    return replay()[0]


@pytest.mark.parametrize("name", names())
def test_the_sandbox_answers_as_the_real_server_did(replayed, name):
    assert replayed[name] == []
