"""The rows of a bulk send: lists and files, right and wrong."""

import pytest

from govcomponents import (
    InvalidInput,
)
from govcomponents.core.http.messages import Response
from govcomponents.notify import Channel
from govcomponents.notify.bulk.results import RowState
from govcomponents.notify.bulk.spreadsheets import Seen, read_rows

from .provider import Provider, people


def test_rows_that_are_wrong_are_refused_and_the_others_sent(send_many):
    missing = Response(
        400, {}, b'{"errors": [{"error": "BadRequestError", "message": "Missing personalisation: name"}]}'
    )
    provider = Provider(lambda number: missing if number == 2 else None)
    rows = people(3)
    rows.insert(1, {"email address": " ", "Name": "x"})
    results = []

    result = send_many(provider, rows, concurrency=1, on_result=results.append)

    assert result.is_complete
    assert (result.progress.accepted, result.progress.refused) == (2, 2)
    assert [one.row for one in results if one.state is RowState.REFUSED] == [2, 3]
    assert all(one.problem for one in results if one.state is RowState.REFUSED)


def test_rows_that_repeat_an_earlier_one_are_left_out(send_many):
    provider = Provider()
    rows = [*people(2), *people(1), {**people(1)[0], "Name": "Another"}]

    result = send_many(provider, rows)

    assert (result.progress.accepted, result.progress.duplicates, result.is_complete) == (3, 1, True)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("name\nSam\n", "missing"),
        ("email address,EMAIL_ADDRESS,name\na,b,c\n", "twice"),
        ("email address\na@example.com\n", "no column for name"),
        ("", "missing"),
        (b"email address,name\n\xff,x\n", "cannot be read"),
    ],
)
def test_a_file_without_the_right_columns_is_refused_before_anything_is_sent(send_many, tmp_path, content, problem):
    path = tmp_path / "rows.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    provider = Provider()

    with pytest.raises(InvalidInput, match=problem):
        send_many(provider, path)
    assert provider.posts == 0


def test_a_csv_file_with_a_bom_blank_lines_and_lists(send_many, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(
        '\ufeffEmail_Address, name,item,Item,\na@example.com,"Sam, the first",x,y,\n\n,,,,\nb@example.com,Ama\n',
        "utf-8",
    )
    provider = Provider()

    result = send_many(provider, path)

    assert result.progress.accepted == 2
    sent = sorted((m[0]["email_address"], m[0]["personalisation"]) for m in provider.accepted.values())
    assert sent == [
        ("a@example.com", {"name": "Sam, the first", "item": ["x", "y"]}),
        ("b@example.com", {"name": "Ama"}),
    ]


@pytest.mark.parametrize("rows", [["text"], [{"name": "x"}]])
def test_rows_that_are_not_rows(send_many, rows):
    with pytest.raises(InvalidInput):
        send_many(Provider(), rows)


def test_a_file_that_is_not_there(send_many, tmp_path):
    with pytest.raises(InvalidInput, match="cannot be read"):
        send_many(Provider(), tmp_path / "none.csv")
    assert send_many(Provider(), []).is_complete


def test_a_set_of_many_numbers():
    seen = Seen()
    numbers = [number * 2654435761 % 2**64 or 1 for number in range(1, 5000)]
    assert all(seen.add(number) for number in numbers)
    assert not any(seen.add(number) for number in numbers)


def test_rows_do_not_print():
    row = next(read_rows([{"to": "a@example.com", "name": None, "x": "y"}], Channel.EMAIL))
    assert "example" not in repr(row)
    assert (row.number, row.to, row.values) == (1, "a@example.com", {"x": "y"})


def test_rows_that_cannot_be_read_in_the_middle_stop_the_send(send_many):
    result = send_many(Provider(), [*people(3), {"name": "no recipient"}, *people(5)])

    assert isinstance(result.stopped_by, InvalidInput)
    assert result.progress.accepted == 3
