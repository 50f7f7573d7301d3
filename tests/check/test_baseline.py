"""What a service accepts: a comment for one place, a baseline for all that is found now."""

import json

import pytest

from govcomponents.check.rules import rules
from govcomponents.cli.main import main

from .service import checked, written

WRONG = rules()["GC306"].wrong["service.py"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, {"service.py": WRONG})
    return tmp_path


def check(*arguments):
    return main(["check", "--no-environment", *arguments])


def test_what_is_accepted_does_not_fail_and_what_is_new_does(place, capsys):
    assert check("--write-baseline", "accepted.json") == 0
    assert check("--baseline", "accepted.json") == 0
    assert "1 accepted by the baseline." in capsys.readouterr().out
    written(place, {"other.py": WRONG})
    assert check("--baseline", "accepted.json") == 1


def test_a_finding_is_known_again_where_lines_moved(place):
    check("--write-baseline", "accepted.json")
    written(place, {"service.py": f"# one more line\n\n{WRONG.lstrip()}"})
    assert check("--baseline", "accepted.json") == 0


def test_a_second_of_the_same_kind_is_new(place):
    check("--write-baseline", "accepted.json")
    function = WRONG[WRONG.index("def pay") :]
    written(place, {"service.py": f"{WRONG}\n\n{function}"})
    assert check("--baseline", "accepted.json") == 1


def test_what_is_mended_is_said_to_be_gone(place, capsys):
    check("--write-baseline", "accepted.json")
    written(place, {"service.py": rules()["GC306"].right["service.py"]})
    assert check("--baseline", "accepted.json") == 0
    assert "1 of the baseline are no longer there" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is not JSON: line 1, column 1"),
        ("<<<<<<< HEAD\n", "it is not JSON: line 1, column 1"),
        ("[]", "it has no list of findings under `accepted`"),
        ('{"accepted": 3}', "it has no list of findings under `accepted`"),
        ('{"x": 1}', "it has no list of findings under `accepted`"),
        ('{"accepted": [{"rule": "GC306"}]}', "are no findings, each with its `fingerprint`"),
        ('{"accepted": ["GC306"]}', "are no findings, each with its `fingerprint`"),
        ("[" * 100_000, "it is nested too deep"),
    ],
)
def test_a_baseline_that_cannot_be_read_is_no_finding(text, why, place, capsys):
    written(place, {"accepted.json": text})
    assert check("--baseline", "accepted.json") == 2
    told = capsys.readouterr().err
    assert "the baseline accepted.json cannot be read: " in told
    assert why in told
    assert "To fix: give the file that --write-baseline wrote" in told


def test_what_is_absent_is_said_with_what_to_do(place, capsys):
    assert check("--baseline", "my baseline.json") == 2
    told = capsys.readouterr().err
    assert "there is no baseline my baseline.json. To fix: accept what is found now" in told
    assert "govcomponents check --write-baseline 'my baseline.json'" in told
    assert check("--write-baseline", "not/there.json") == 2
    assert "there.json cannot be written: No such file or directory. To fix: make the folder first: mkdir -p not" in (
        capsys.readouterr().err
    )
    assert check("--write-baseline", ".") == 2
    assert "Is a directory. To fix: give a file that you may write" in capsys.readouterr().err


def test_a_baseline_that_is_written_over_itself_loses_nothing(place):
    check("--write-baseline", "accepted.json")
    before = (place / "accepted.json").read_text()
    assert check("--baseline", "accepted.json", "--write-baseline", "accepted.json") == 0
    assert (place / "accepted.json").read_text() == before


def test_a_rule_that_the_baseline_names_and_that_is_none_is_told(place, capsys):
    check("--write-baseline", "accepted.json")
    text = (place / "accepted.json").read_text().replace('"GC306"', '"GC3O6"')
    (place / "accepted.json").write_text(text)
    assert check("--baseline", "accepted.json") == 1
    told = capsys.readouterr().out
    assert "accepted.json:4:1: GC002 rule-unknown: GC3O6 is no rule (is GC306 payment-not-kept meant?)" in told
    assert "1 accepted by the baseline." in told


def test_a_baseline_holds_no_secret(place):
    written(place, {".env": "GOVCOMPONENTS_ENVIRONMENT=test\nGOVCOMPONENTS_PAY__API_KEY=api_live_kq7vprm2szt3hw9dnc8e"})
    check("--write-baseline", "accepted.json")
    text = (place / "accepted.json").read_text()
    assert "GC101" in text
    assert "kq7vprm2szt3hw9dnc8e" not in text
    assert {*json.loads(text)["accepted"][0]} == {"rule", "path", "message", "fingerprint"}


@pytest.mark.parametrize(
    ("comment", "count"),
    [
        ("# govcomponents: allow GC306", 0),
        ("# govcomponents: allow GC301, GC306", 0),
        ("# govcomponents: allow GC301", 1),
    ],
)
def test_a_comment_allows_one_rule_in_one_place(comment, count, tmp_path):
    lines = WRONG.rstrip().splitlines()
    written(tmp_path, {"service.py": "\n".join([*lines[:-1], f"{lines[-1]}  {comment}"])})
    assert len(checked(tmp_path).findings) == count
