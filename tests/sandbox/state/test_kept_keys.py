"""The sandbox's private keys are made at its first start, for this user on this machine alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from jwt.algorithms import RSAAlgorithm

from govcomponents import ConfigurationError, GovComponents
from govcomponents.identity import new_private_key
from govcomponents.sandbox.identity_provider import kept_keys
from govcomponents.sandbox.identity_provider.kept_keys import kept_key, state_folder

FILE = "sandbox-service-key.pem"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    kept_keys._kept.cache_clear()
    yield tmp_path / "state" / "govcomponents"
    kept_keys._kept.cache_clear()


def test_a_key_is_made_once_and_kept_for_its_owner_alone(folder):
    before = os.umask(0)
    try:
        first = kept_key("service")
    finally:
        os.umask(before)
    kept_keys._kept.cache_clear()
    assert kept_key("service").private_numbers() == first.private_numbers()
    assert kept_key("provider").private_numbers() != first.private_numbers()
    assert (folder / FILE).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["sandbox-provider-key.pem", FILE]


PROBE = """
from govcomponents.sandbox.identity_provider.kept_keys import kept_key
print(kept_key("service").private_numbers().public_numbers.n)
"""


def test_processes_that_start_at_once_have_one_key(folder):
    environment = {**os.environ, "XDG_STATE_HOME": str(folder.parent)}

    def start(_number):
        return subprocess.run(
            [sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, check=True
        ).stdout

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(start, range(6)))) == 1
    assert [path.name for path in folder.iterdir()] == [FILE]


def spoil_mode(path):
    path.chmod(0o644)


def spoil_content(path):
    path.write_text("no key")


def spoil_kind(path):
    path.write_text(new_private_key().reveal())  # somebody's own: it is not the sandbox's to use


def make_folder(path):
    path.unlink()
    path.mkdir()


def make_link(path):
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


@pytest.mark.parametrize("spoil", [spoil_mode, spoil_content, spoil_kind, make_folder, make_link])
def test_a_file_that_others_may_have_made_is_not_used(folder, spoil):
    kept_key("service")
    kept_keys._kept.cache_clear()
    spoil(folder / FILE)
    with pytest.raises(ConfigurationError, match="own key") as caught:
        GovComponents.sandbox()
    assert "PRIVATE" not in f"{caught.value!r} {caught.value.fix}"


def test_where_nothing_can_be_kept_a_key_lasts_as_long_as_the_process(folder, monkeypatch, caplog):
    folder.parent.write_text("a file, so that there can be no folder")
    first = kept_key("service")
    assert kept_key("service") is first
    assert "cannot be kept" in caplog.text
    with GovComponents.sandbox() as gov:
        started = gov.identity.start()
        assert started.url


@pytest.mark.parametrize("named", ["", "relative/state"])
def test_without_a_state_folder_that_is_named_it_is_the_usual_one(monkeypatch, named):
    monkeypatch.setenv("XDG_STATE_HOME", named)
    assert state_folder() == Path.home() / ".local" / "state" / "govcomponents"


def test_a_user_without_a_home_has_none(monkeypatch):
    def homeless():
        raise RuntimeError

    monkeypatch.setenv("XDG_STATE_HOME", "")
    monkeypatch.setattr(Path, "home", homeless)
    assert not state_folder().exists()


def test_a_sign_in_works_with_the_key_that_was_made(folder):
    with GovComponents.sandbox() as gov:
        jwk = json.loads(gov.simulator.settings().identity.private_key.reveal())
        assert set(jwk) == {"kty", "n", "e", "d", "p", "q", "dp", "dq", "qi"}
        page = gov.simulator.visit(gov.identity.start().url)
        assert page.status < 400


def test_the_private_key_that_a_client_is_given_is_the_jwk_that_pyjwt_writes(folder):
    members = RSAAlgorithm.to_jwk(kept_key("service"), as_dict=True)
    with GovComponents.sandbox() as gov:
        given = json.loads(gov.simulator.one_login.client_settings()["private_key"])
    assert given == {name: value for name, value in members.items() if name != "key_ops"}


def test_nobody_waits_for_pyjwt_before_the_first_page():
    """Its import takes longer than all that a first page needs."""
    program = (
        "import sys; from govcomponents.testing import Sandbox; sandbox = Sandbox();"
        "assert sandbox.visit(sandbox.base_url + '/').status == 200; assert 'jwt' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
