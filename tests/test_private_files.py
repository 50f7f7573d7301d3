"""What is written to this machine is for its owner alone, and through no link that somebody else put there."""

from __future__ import annotations

import os
import stat

import pytest

from govcomponents import ConfigurationError
from govcomponents.cli.sandbox import write_environment
from govcomponents.identity import FileReplayStore
from govcomponents.sandbox.persistence.event_log import EventLog
from govcomponents.sandbox.server import SandboxServer

pytestmark = pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")


@pytest.fixture(autouse=True)
def _usual_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(scope="module")
def server():
    served = SandboxServer(port=0)
    yield served
    served.close()


def modes(folder):
    return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in folder.rglob("*") if path.is_file()}


def keep_a_notice(path, _server):
    store = FileReplayStore(path)
    store.add("key", 2.0, 1.0)
    assert store.has("key", 1.5)


def keep_rows(path, _server):
    sa = pytest.importorskip("sqlalchemy")
    from govcomponents.durable.storage.engines import engine_for

    engine = engine_for(f"sqlite:///{path}", is_made=True)
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
    engine.dispose()


def keep_steps(path, _server):
    EventLog(path, "test").close()


def write_settings(path, server):
    write_environment(server, str(path))


@pytest.mark.parametrize("write", [keep_a_notice, keep_rows, keep_steps, write_settings])
def test_a_file_that_is_made_is_for_its_owner_alone(tmp_path, server, write):
    write(tmp_path / "made", server)
    found = modes(tmp_path)
    assert "made" in found
    assert set(found.values()) == {"0o600"}, found


def test_settings_over_a_file_that_everybody_may_read_are_for_their_owner_alone(tmp_path, server):
    path = tmp_path / "made"
    path.write_text(f"GOVCOMPONENTS_PAY__API_KEY={'x' * 100_000}")
    path.chmod(0o644)
    write_settings(path, server)
    assert modes(tmp_path) == {"made": "0o600"}
    assert "xxx" not in path.read_text()


def test_settings_are_written_through_no_link(tmp_path, server):
    other = tmp_path / "other"
    other.write_text("precious")
    (tmp_path / "made").symlink_to(other)
    with pytest.raises(ConfigurationError, match="--env"):
        write_settings(tmp_path / "made", server)
    assert other.read_text() == "precious"


def test_a_file_that_is_shared_on_purpose_stays_shared(tmp_path, server):
    path = tmp_path / "made"
    path.touch()
    path.chmod(0o660)
    keep_a_notice(path, server)
    assert modes(tmp_path) == {"made": "0o660"}
