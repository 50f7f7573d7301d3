"""What all tests share: no settings, proxies, certificates or pipeline of the machine that runs them."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import certifi
import hypothesis
import pytest

_WAYS_OUT = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"}
# Pytest writes its summary in full where a pipeline runs it; Rich and argparse wrap and colour by the others.
_PIPELINE = {"CI", "BUILD_NUMBER", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "JENKINS_URL", "BUILDKITE", "CIRCLECI"}
_TERMINAL = {"COLUMNS", "FORCE_COLOR", "NO_COLOR", "PY_COLORS", "CLICOLOR_FORCE"}
_NOT_OURS = _WAYS_OUT | _PIPELINE | _TERMINAL
_KEPT = "GOVCOMPONENTS_SHARED"  # where the recorded exchanges are, for the tests that compare with them

# Once, and not in a fixture of every test, which took a fifth of what pytest itself does for each of them.
for name in list(os.environ):
    if (name.upper().startswith("GOVCOMPONENTS_") and name != _KEPT) or name.upper() in _NOT_OURS:
        del os.environ[name]
# Sandboxes keep their keys here, and not where the person who runs the tests keeps theirs.
os.environ["XDG_STATE_HOME"] = str(Path(__file__).parent.parent / ".venv" / "state")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the collector of garbage away from tests by the ten thousand: they all live until the end of the run.

    To look through them again and again took half the time of collecting them, in each worker.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def one_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let certifi's bundle hold one authority: to read all takes each transport 20 ms, and loopback needs none."""
    end = "-----END CERTIFICATE-----\n"
    first = Path(certifi.where()).read_text(encoding="utf-8").partition(end)[0] + end
    bundle = tmp_path_factory.mktemp("authorities") / "one.pem"
    bundle.write_text(first, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certifi, "where", lambda: str(bundle))
        yield


_LONGEST_NAME = 10_000


def pytest_itemcollected(item: pytest.Item) -> None:
    """Refuse a name that holds megabytes of values: each worker sends every name, and each report has one."""
    if len(item.nodeid) > _LONGEST_NAME:
        raise pytest.UsageError(f"{item.nodeid[:200]}... is a name of {len(item.nodeid)} characters: give shorter ids")


# A busy machine is slow; what a property test holds is not how long one example takes.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")
