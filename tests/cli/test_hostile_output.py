"""No value reaches a terminal as something that it obeys, or a spreadsheet as something that it computes."""

from __future__ import annotations

import argparse
import csv
import json

import pytest

from govcomponents.cli.main import main
from govcomponents.cli.notify import _Results
from govcomponents.cli.outcome import printable, report
from govcomponents.notify.bulk.results import RowResult, RowState
from notify.hostile import VALUES as TYPED

TERMINAL = (
    *("\x1b[2J", "\x1b]0;title\x07", "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07", "\x9b31m", "\x90payload\x9c"),
    *(
        "a\rgovcomponents: all is well",
        "a\ngovcomponents: all is well",
        "a\x08\x08b",
        "\x7f",
        "\x0e",
        "\u202eabc",
        "\u2066x",
    ),
    *("\u2028fake line", "\x85fake line", "\ud800", "\U000e0001", "\x00", "\x1b"),
)
VALUES = (*TYPED, *TERMINAL)


def test_the_corpus_is_large():
    assert len(VALUES) >= 400


@pytest.mark.parametrize("is_json", [False, True])
def test_no_value_is_obeyed_by_a_terminal(is_json, capsys):
    for value in VALUES:
        report(argparse.Namespace(json=is_json), {"problem": value, value: [value]}, [f"It stopped: {value}"])
        shown = capsys.readouterr().out
        assert all(letter.isprintable() or letter == "\n" for letter in shown), repr(value)
        if is_json:
            assert json.loads(shown) == {"problem": value, value: [value]}
        else:
            assert shown.count("\n") == 1, repr(value)
            assert shown == f"It stopped: {printable(value)}\n"


def test_what_is_printable_stays_as_it_is():
    for value in ("gŵyr £10 中文 😀", "a\\b", ""):
        assert printable(value) == value


def test_no_error_says_more_than_one_line(capsys, tmp_path):
    for value in TERMINAL:
        if "\x00" not in value and "\ud800" not in value:  # no argument of a command holds these
            assert main(["identity", "jwks", str(tmp_path / value)]) == 2
            shown = capsys.readouterr().err
            assert shown.count("\n") == 1, repr(value)
            assert shown[:-1].isprintable(), repr(value)


def test_no_cell_is_a_formula(tmp_path):
    values = [value for value in VALUES if "\ud800" not in value]
    path = tmp_path / "result.csv"
    with _Results(str(path), "b") as results:
        for number, value in enumerate(values):
            results.add(RowResult(row=number, state=RowState.REFUSED, reference=value, problem=value))
    with path.open(newline="", encoding="utf-8") as file:
        _heading, *rows = csv.reader(file)
    assert len(rows) == len(values)
    for value, (_row, outcome, _id, reference, problem) in zip(values, rows, strict=True):
        words = " ".join(value.split())
        assert outcome == "refused"
        assert reference in (value, f"'{value}")
        assert problem in (words, f"'{words}")
        assert not {reference[:1], problem[:1]} & {*"=+-@\t\r\n"}
