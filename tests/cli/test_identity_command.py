"""`govcomponents identity`: keys made, and key sets printed."""

import json
import stat

import pytest

from govcomponents.cli.main import main


def run(capsys, *arguments):
    status = main(["identity", *map(str, arguments)])
    shown = capsys.readouterr()
    return status, shown.out, shown.err


@pytest.mark.parametrize(("algorithm", "kind"), [("RS256", "RSA"), ("PS256", "RSA"), ("ES256", "EC")])
def test_a_new_key(tmp_path, capsys, algorithm, kind):
    path = tmp_path / "key.pem"
    status, out, err = run(capsys, "new-key", path, "--algorithm", algorithm)
    assert status == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "PRIVATE" in path.read_text()
    assert "PRIVATE" not in out + err
    (key,) = json.loads(out)["keys"]
    assert (key["kty"], key["alg"], key["use"]) == (kind, algorithm, "sig")
    assert "d" not in key


def test_the_public_half_as_pem_alone(tmp_path, capsys):
    status, out, _ = run(capsys, "new-key", tmp_path / "key.pem", "--pem")
    assert status == 0
    assert out.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert out.endswith("-----END PUBLIC KEY-----\n")


def test_a_key_is_never_overwritten(tmp_path, capsys):
    path = tmp_path / "key.pem"
    path.write_text("mine")
    status, _, err = run(capsys, "new-key", path)
    assert status == 2
    assert f"{path} cannot be written: File exists" in err
    assert "To fix" in err
    assert path.read_text() == "mine"


def test_a_key_that_would_be_too_small(tmp_path, capsys):
    assert run(capsys, "new-key", tmp_path / "key.pem", "--bits", "1024")[0] == 2
    assert not (tmp_path / "key.pem").exists()


def test_two_keys_are_published_side_by_side(tmp_path, capsys):
    for name in ("old", "new"):
        run(capsys, "new-key", tmp_path / name)
    status, out, _ = run(capsys, "jwks", tmp_path / "new", tmp_path / "old")
    assert status == 0
    assert len({key["kid"] for key in json.loads(out)["keys"]}) == 2


def test_one_key_is_not_published_twice(tmp_path, capsys):
    run(capsys, "new-key", tmp_path / "key")
    assert run(capsys, "jwks", tmp_path / "key", tmp_path / "key")[0] == 2


def test_a_file_that_is_no_key(tmp_path, capsys):
    path = tmp_path / "key"
    path.write_text("canary")
    status, out, err = run(capsys, "jwks", path)
    assert status == 2
    assert str(path) in err
    assert "canary" not in out + err


def test_a_file_that_is_not_there_is_named_with_the_reason(tmp_path, capsys):
    run(capsys, "new-key", tmp_path / "good")
    status, out, err = run(capsys, "jwks", tmp_path / "good", tmp_path / "absent")
    assert (status, out) == (2, "")
    assert f"{tmp_path / 'absent'}" in err
    assert "No such file or directory" in err


def test_reports_for_programs(tmp_path, capsys):
    path = tmp_path / "key.pem"
    status, out, _ = run(capsys, "new-key", path, "--json")
    made = json.loads(out)
    assert (status, made["file"]) == (0, str(path))
    assert made["public_pem"].startswith("-----BEGIN PUBLIC KEY-----")
    status, out, _ = run(capsys, "jwks", path, "--json")
    assert (status, json.loads(out)) == (0, made["jwks"])


def test_an_unknown_algorithm():
    from govcomponents.errors import ConfigurationError
    from govcomponents.identity.jose.own_keys import new_private_key

    with pytest.raises(ConfigurationError):
        new_private_key("HS256")
