"""A module that is imported when one of its names is first used."""

import subprocess
import sys

import pytest

from govcomponents.lazy import LazyModule


def test_it_is_imported_with_the_first_name_and_not_before():
    code = """
import sys
from govcomponents.lazy import LazyModule
times = LazyModule("core.times")
before = "govcomponents.core.times" in sys.modules
one = times.time_of
from govcomponents.core.times import time_of
print(before, one is time_of, vars(times)["time_of"] is time_of)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False True True"


def test_a_name_that_it_lacks_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        LazyModule("core.times").no_such_name  # noqa: B018  # to ask for it is the test
