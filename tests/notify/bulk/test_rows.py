"""The rows of a bulk send: lists and files, right and wrong."""

import csv
import json
import time

import pytest

from govcomponents import (
    InvalidInput,
)
from govcomponents.core.http.messages import Response
from govcomponents.notify import Channel
from govcomponents.notify.bulk.results import RowState
from govcomponents.notify.bulk.spreadsheets import Seen, read_rows
from notify.doubles import TEXT

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


TABLE = [["phone number", "name", "Llanfair PG"], ["07700900123", "Siân; and Ŵyn", "ŵ"], ["07700900124", "née", "£1"]]


def written(tmp_path, encoding, delimiter=",", before=""):
    path = tmp_path / "people.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        file.write(before)
        csv.writer(file, delimiter=delimiter).writerows(TABLE)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    ("delimiter", "before"), [(",", ""), (";", ""), ("\t", ""), (";", "sep=;\r\n"), ("|", "sep=|\n")]
)
def test_files_as_spreadsheets_write_them(tmp_path, encoding, delimiter, before):
    rows = list(read_rows(written(tmp_path, encoding, delimiter, before), Channel.SMS))
    assert [[row.to, *row.values.values()] for row in rows] == TABLE[1:]
    assert [row.number for row in rows] == [1, 2]


def test_another_encoding_is_read_if_it_is_told(tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes("phone number,name\n07700900123,née £1 \u2019\n".encode("cp1252"))
    with pytest.raises(InvalidInput, match="cp1252"):
        list(read_rows(path, Channel.SMS))
    assert [row.values["name"] for row in read_rows(path, Channel.SMS, "cp1252")] == ["née £1 \u2019"]
    with pytest.raises(InvalidInput) as caught:
        list(read_rows(path, Channel.SMS, "klingon"))
    assert caught.value.field == "encoding"


def test_rows_are_numbered_by_their_place_in_the_file(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text('phone number,name\n07700900123,"A\nB"\n\n,\n07700900124,B\n\n')
    assert [row.number for row in read_rows(path, Channel.SMS)] == [1, 4]


@pytest.mark.parametrize("blank", ["\n", "\r\n\n", "D\n", "DD\n D\n", '""D"\n"\n'], ids=repr)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_blank_lines_before_the_heading_are_no_heading(tmp_path, blank, delimiter):
    path = tmp_path / "people.csv"
    table = f"{blank}phone numberDname\n07700900123DA\n\n07700900124DB\n"
    path.write_text(table.replace("D", delimiter))
    rows = list(read_rows(path, Channel.SMS))
    assert [(row.number, row.to, row.values["name"]) for row in rows] == [
        (1, "07700900123", "A"),
        (3, "07700900124", "B"),
    ]


@pytest.mark.parametrize("as_file", [True, False])
def test_a_short_first_row_stops_itself_only(send_many, tmp_path, as_file):
    rows = [{"email address": "a@example.com", "name": None}, {"email address": "b@example.com", "name": "B"}]
    if as_file:
        (tmp_path / "people.csv").write_text("email address,name\na@example.com\nb@example.com,B\n")
        rows = tmp_path / "people.csv"
    results = []
    provider = Provider(lambda number: None)
    missing = b'{"errors": [{"error": "BadRequestError", "message": "Missing personalisation: name"}]}'
    real = provider.send

    async def send(request):
        if request.method == "POST" and "name" not in json.loads(request.body).get("personalisation", {}):
            return Response(400, {}, missing)
        return await real(request)

    provider.send = send
    result = send_many(provider, rows, on_result=results.append)
    assert (result.progress.refused, result.progress.accepted) == (1, 1)
    assert [one.row for one in results if one.state is RowState.REFUSED] == [1]


def test_a_cell_that_is_too_long_is_told_with_its_row(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(f"phone number,name\n07700900123,A\n07700900124,{'x' * 140_000}\n")
    with pytest.raises(InvalidInput, match=r"row 2 .* cell of more than 131,072 characters") as caught:
        list(read_rows(path, Channel.SMS))
    assert "UTF" not in str(caught.value)


def test_one_number_in_several_spellings_is_one_recipient(send_many):
    spellings = [
        "07700900123",
        "07700 900123",
        "+447700900123",
        "(07700) 900-123",
        "07700\u2011900\u2011123",
        "00447700900123",
    ]
    rows = [{"phone number": number, "name": "A"} for number in spellings]
    rows += [{"phone number": "07700900123", "name": "B"}, {"phone number": "07700900124", "name": "A"}]
    result = send_many(Provider(), rows, template=TEXT, channel="sms", concurrency=1)
    assert (result.progress.accepted, result.progress.duplicates) == (3, 5)


def test_values_without_an_order_are_the_same_in_every_process():
    rows = ({"to": "a@example.com", "x": {"b", "a", "c"}, "y": iter("ab"), "z": [1]} for _ in range(2))
    one, two = read_rows(rows, Channel.EMAIL)
    assert one.values == {"x": ["a", "b", "c"], "y": ["a", "b"], "z": [1]}
    assert one.check == two.check


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_heading_of_several_lines(tmp_path, delimiter):
    path = tmp_path / "rows.csv"
    path.write_text(f'"first\nname"{delimiter}phone number\nSam{delimiter}07700900123\n')

    (row,) = read_rows(path, Channel.SMS)

    assert (row.to, row.values) == ("07700900123", {"first\nname": "Sam"})


def test_a_mapping_with_two_recipients_is_refused():
    with pytest.raises(InvalidInput, match="two columns of the recipient"):
        list(read_rows([{"to": "07700900123", "phone number": "07700900124"}], Channel.SMS))


@pytest.mark.parametrize("encoding", ["utf\0", 5])
def test_an_encoding_that_is_no_name(tmp_path, encoding):
    path = tmp_path / "rows.csv"
    path.write_text("phone number\n07700900123\n")

    with pytest.raises(InvalidInput) as caught:
        list(read_rows(path, Channel.SMS, encoding))

    assert caught.value.field == "encoding"


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ('phone number,name\n07700900123,A\n07700900124,"B\n07700900125,C\n', "row 2 .* begins in line 3,"),
        ('phone number,name\n07700900123,"A\nA"\n07700900124,"B', "row 2 .* begins in line 4,"),
        ('phone number,name\n07700900123,"A\n07700900124,"B"\n', "row 1 .* begins in line 2,"),
        ('sep=,\nphone number,name\n07700900123,"A', "row 1 .* begins in line 3,"),
        ('"phone number,name\n07700900123,A\n', "the heading .* begins in line 1,"),
    ],
)
def test_a_quotation_that_does_not_end_swallows_no_rows(tmp_path, content, where):
    path = tmp_path / "people.csv"
    path.write_text(content)
    with pytest.raises(InvalidInput, match=f"{where}.* quotation that does not end"):
        list(read_rows(path, Channel.SMS))


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-32", None),
        ("utf-16-le", None),
        ("utf-16-be", None),
        ("utf-8-sig", "utf-8"),
        ("utf-8-sig", "UTF8"),
        ("utf-32", "utf-32"),
    ],
)
def test_files_of_rarer_encodings(tmp_path, encoding, told):
    rows = list(read_rows(written(tmp_path, encoding), Channel.SMS, told))
    assert [[row.to, *row.values.values()] for row in rows] == TABLE[1:]


@pytest.mark.parametrize("stated", ["sep=", "sep=,,", 'sep="', "sep= ", '"sep="'])
def test_a_line_that_states_no_delimiter_is_told_as_such(tmp_path, stated):
    with pytest.raises(InvalidInput, match="states what parts its cells"):
        list(read_rows(written(tmp_path, "utf-8", before=f"{stated}\n"), Channel.SMS))


@pytest.mark.parametrize("stated", ["sep=\t", '"sep=\t"', "SEP=\t"])
def test_a_tab_may_be_stated(tmp_path, stated):
    rows = list(read_rows(written(tmp_path, "utf-8", "\t", f"{stated}\n"), Channel.SMS))
    assert [row.to for row in rows] == ["07700900123", "07700900124"]


@pytest.mark.parametrize("encoding", [None, "cp1252"])
@pytest.mark.parametrize("start", [b"PK\x03\x04\x14\x00", b"\xd0\xcf\x11\xe0\xa1\xb1"])
def test_a_workbook_is_told_as_such(tmp_path, start, encoding):
    path = tmp_path / "people.xlsx"
    path.write_bytes(start + bytes(100))
    with pytest.raises(InvalidInput, match="a workbook, not a CSV file"):
        list(read_rows(path, Channel.SMS, encoding))


@pytest.mark.parametrize("recipient", [b"a@example.com", True, False, 7.0, float("nan"), ["a@example.com"], {}])
def test_a_recipient_that_is_no_text_is_refused_alone(send_many, recipient):
    results = []
    rows = [{"to": recipient, "name": "x"}, {"to": recipient, "name": "x"}, *people(2)]
    result = send_many(Provider(), rows, on_result=results.append)

    assert (result.progress.refused, result.progress.accepted, result.progress.duplicates) == (2, 2, 0)
    refused = {one.row: one.problem for one in results if one.state is RowState.REFUSED}
    assert set(refused) == {1, 2}
    assert all(problem.startswith("to: it is not text, but of the type") for problem in refused.values())


def test_a_number_that_a_spreadsheet_gives_as_one_is_taken():
    assert [row.to for row in read_rows([{"to": 7700900123}], Channel.SMS)] == ["7700900123"]


def test_a_null_character_in_a_cell_refuses_its_row(send_many, tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(b"email address,name\na@example.com,A\0B\nb@example\0.com,B\nc@example.com,C\n")
    results = []
    result = send_many(Provider(), path, on_result=results.append)

    assert (result.progress.refused, result.progress.accepted) == (2, 1)
    assert all("null character" in one.problem for one in results if one.state is RowState.REFUSED)


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("07700900123, x , y", (" x ", " y")),
        ('07700900123, "x, y" , "z"', None),
        ('07700900123, "x, y",   "z"', ("x, y", "z")),
        ('  07700900123 ,"a, ""b"", ""c""","d"', ('a, "b", "c"', "d")),
        ('07700900123, a "b" ,c', (' a "b" ', "c")),
        ('07700900123,a 12" pipe, "b"', ('a 12" pipe', "b")),
        ('07700900123,"two\nlines, ""x"" , ""y""","z"', ('two\nlines, "x" , "y"', "z")),
        ('07700900123,"two\n , lines", "z"', ("two\n , lines", "z")),
        ('07700900123,"two\n, ""q"" ", " z"', ('two\n, "q" ', " z")),
        ('07700900123,  "","  "', ("", "  ")),
    ],
)
def test_the_spaces_of_a_cell_are_its_own_and_those_before_a_quotation_are_not(tmp_path, line, cells):
    path = tmp_path / "rows.csv"
    path.write_text(f"phone number, first, second\n\n{line}\n07700900124,1,2\n")

    if cells is None:
        with pytest.raises(InvalidInput, match=r"row 2 .* ends within a cell"):
            list(read_rows(path, Channel.SMS))
        return
    row, after = read_rows(path, Channel.SMS)
    assert (row.to, tuple(row.values.values())) == ("07700900123", cells)
    assert (after.to, after.values, after.number) == ("07700900124", {"first": "1", "second": "2"}, 3)


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u2009", "\u3000", "\u200b ", "\u00ad ", "\ufeff ", " \u00a0 "])
def test_a_heading_that_looks_like_a_placeholder_is_it(send_many, tmp_path, space):
    path = tmp_path / "rows.csv"
    path.write_text(f"email{space}address,{space}na{space}me{space}\na@example.com, Sam\n")
    provider = Provider()

    assert send_many(provider, path).progress.accepted == 1
    ((sent,),) = provider.accepted.values()
    assert (sent["email_address"], sent["personalisation"]) == ("a@example.com", {"name": " Sam"})
    rows = [{f"email{space}address": "a@example.com", f"na{space}me": "Sam"}]
    ((sent,),) = (send_many(provider := Provider(), rows), provider.accepted.values())[1]
    assert sent["personalisation"] == {"name": "Sam"}


@pytest.mark.parametrize("count", [131_072, 131_073])
def test_only_a_cell_that_is_too_long_is_called_that(tmp_path, count):
    path = tmp_path / "rows.csv"
    path.write_text(f"phone number,name\n1,a\n2,{'x' * count}\n")

    if count == 131_072:
        assert len(list(read_rows(path, Channel.SMS))) == 2
        return
    with pytest.raises(InvalidInput, match=r"row 2 .* more than 131,072 characters") as caught:
        list(read_rows(path, Channel.SMS))
    assert "quotation" not in caught.value.problem


@pytest.mark.parametrize("evil", ["5-", "5", " ", "+", "(", "\u2010", "5 "])
def test_a_cell_of_any_length_is_told_from_a_number_in_no_time(evil):
    for end in ("", "x", "\0"):
        (row,) = read_rows([{"to": evil * 50_000 + end}], Channel.SMS)
        began = time.process_time()
        assert row.fingerprint
        assert time.process_time() - began < 1
