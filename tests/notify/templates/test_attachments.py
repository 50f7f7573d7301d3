"""Files by email are checked before they are read, and read once."""

import base64
import io

import pytest

from govcomponents import InvalidInput
from govcomponents.notify import attach
from govcomponents.notify.templates.attachments import MAX_BYTES


def test_bytes_paths_and_open_files_give_the_same(tmp_path):
    path = tmp_path / "data.csv"
    path.write_bytes(b"a,b\n")

    with path.open("rb") as file:
        made = [attach(b"a,b\n", "data.csv"), attach(path), attach(str(path)), attach(file, "data.csv")]

    assert {(one.filename, base64.b64decode(one.content)) for one in made} == {("data.csv", b"a,b\n")}
    assert attach(b"x").filename is None


@pytest.mark.parametrize(
    ("data", "name", "options"),
    [
        (b"", "a.csv", {}),
        (b"x" * (MAX_BYTES + 1), "a.csv", {}),
        (b"x", "a.exe", {}),
        (b"x", "a.xls", {}),
        (b"x", "a", {}),
        (b"x", "a" * 97 + ".csv", {}),
        (b"x", "a.csv", {"retention_weeks": 0}),
        (b"x", "a.csv", {"retention_weeks": 79}),
        (b"x", "a.csv", {"retention_weeks": True}),
        (b"x", "a.csv", {"retention_weeks": "4"}),
    ],
)
def test_what_the_provider_would_refuse_is_refused_here(data, name, options):
    with pytest.raises(InvalidInput) as caught:
        attach(data, name, **options)
    assert caught.value.fix


def test_files_that_are_too_large_or_not_there_are_not_read(tmp_path):
    path = tmp_path / "big.csv"
    with path.open("wb") as file:
        file.truncate(10 * MAX_BYTES)

    with pytest.raises(InvalidInput, match="too large"):
        attach(path)
    with pytest.raises(InvalidInput, match="cannot be read"):
        attach(tmp_path / "none.csv")
    with pytest.raises(InvalidInput, match="binary"):
        attach(io.StringIO("text"), "a.csv")


def test_an_endless_file_is_read_only_as_far_as_the_limit():
    class Endless(io.RawIOBase):
        asked = 0

        def read(self, size=-1):
            self.asked += size
            return b"x" * size

    file = Endless()
    with pytest.raises(InvalidInput, match="too large"):
        attach(file, "a.csv")
    assert file.asked == MAX_BYTES + 1


def test_a_file_that_breaks_while_it_is_read():
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise OSError(5, "Input/output error")

    with pytest.raises(InvalidInput, match="cannot be read"):
        attach(Broken(), "a.csv")
