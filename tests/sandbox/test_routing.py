"""How a call finds what answers it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from govcomponents.sandbox.http.messages import Route
from govcomponents.sandbox.http.routing import Found, Switchboard

from .toy import Toy

board = Switchboard([Toy()])


def test_an_exact_path_is_found():
    found = board.find("POST", "/toy")
    assert isinstance(found, Found)
    assert (found.route.method, found.route.name, found.owner.section) == ("POST", "echo", "toy")
    assert found.params == {}


def test_a_part_that_varies_is_given():
    found = board.find("GET", "/toy/things/a b")
    assert isinstance(found, Found)
    assert found.params == {"thing": "a b"}
    assert found.route.name == "get_thing"


def test_a_fixed_path_goes_before_one_that_varies():
    found = board.find("GET", "/toy/things/first")
    assert isinstance(found, Found)
    assert found.route.name == "first"


def test_a_final_slash_makes_no_difference():
    assert isinstance(board.find("GET", "/toy/"), Found)


def test_head_is_answered_as_get():
    assert isinstance(board.find("HEAD", "/toy"), Found)
    assert isinstance(board.find("HEAD", "/toy/things/x"), Found)


def test_a_wrong_method_names_those_that_are_allowed():
    assert board.find("DELETE", "/toy") == frozenset({"GET", "POST"})
    assert board.find("DELETE", "/toy/things/x") == frozenset({"GET"})


def test_an_unknown_path_allows_nothing():
    for path in ("/other", "", "//", "/toy//things", "/toy/things/a/b", "/toy/things/", "\x00", "/toy/\ud800"):
        assert board.find("GET", path) == frozenset()


class Table:
    """A provider with whatever routes a test wants."""

    section = "table"

    def __init__(self, *paths):
        self.paths = paths

    def routes(self):
        return [Route(method, path, len, f"{method} {path}") for method, path in self.paths]


def finds(board, method, path):
    found = board.find(method, path)
    return (found.route.name, dict(found.params)) if isinstance(found, Found) else sorted(found)


def test_fixed_goes_before_a_number_and_that_before_anything():
    board = Switchboard(
        [Table(("GET", "/t/<thing>"), ("GET", "/t/<int:n>"), ("GET", "/t/all"), ("POST", "/t/<int:n>/x/<thing>"))]
    )
    assert finds(board, "GET", "/t/all") == ("GET /t/all", {})
    assert finds(board, "GET", "/t/007") == ("GET /t/<int:n>", {"n": "007"})
    assert finds(board, "GET", "/t/7a") == ("GET /t/<thing>", {"thing": "7a"})
    assert finds(board, "GET", "/t/٣") == ("GET /t/<thing>", {"thing": "٣"})
    assert finds(board, "GET", "/t/" + "9" * 5000) == ("GET /t/<thing>", {"thing": "9" * 5000})
    assert finds(board, "POST", "/t/7/x/y/") == ("POST /t/<int:n>/x/<thing>", {"n": "7", "thing": "y"})
    assert finds(board, "POST", "/t/7a/x/y") == []


def test_a_less_fixed_path_answers_a_method_that_the_more_fixed_one_does_not():
    board = Switchboard([Table(("GET", "/t/all"), ("POST", "/t/<thing>"))])
    assert finds(board, "POST", "/t/all") == ("POST /t/<thing>", {"thing": "all"})
    assert finds(board, "PUT", "/t/all") == ["GET", "POST"]


def test_the_first_of_two_equal_routes_wins():
    board = Switchboard([Table(("GET", "/t/<a>"), ("GET", "/t/<b>"), ("GET", "/t")), Table(("GET", "/t"))])
    assert finds(board, "GET", "/t/1") == ("GET /t/<a>", {"a": "1"})
    assert board.find("GET", "/t").owner is board.owners[0]


def test_the_root():
    board = Switchboard([Table(("GET", "/"))])
    assert finds(board, "GET", "/") == ("GET /", {})
    assert finds(board, "POST", "/") == ["GET"]


segment = st.sampled_from(["a", "b", "<x>", "<int:n>"])


@given(
    st.lists(st.lists(segment, max_size=4), max_size=8), st.lists(st.sampled_from(["a", "b", "7", "", "z"]), max_size=4)
)
def test_the_tree_finds_what_a_search_of_all_routes_finds(paths, asked):
    board = Switchboard([Table(*(("GET", "/" + "/".join(path)) for path in paths))])

    def fits(path):
        wanted = [] if asked == [] else asked[:-1] if asked[-1] == "" else asked
        return len(path) == len(wanted) and all(
            pattern == part or (pattern == "<x>" and part) or (pattern == "<int:n>" and part.isdigit())
            for pattern, part in zip(path, wanted, strict=True)
        )

    found = board.find("GET", "/" + "/".join(asked))
    assert isinstance(found, Found) == any(fits(path) for path in paths)
