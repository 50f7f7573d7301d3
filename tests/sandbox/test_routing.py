"""How a call finds what answers it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from govcomponents.sandbox.http.messages import Route
from govcomponents.sandbox.http.routing import Found, Router

from .toy import Toy

router = Router([Toy()])


def test_an_exact_path_is_found():
    found = router.find("POST", "/toy")
    assert isinstance(found, Found)
    assert (found.route.method, found.route.name, found.owner.section) == ("POST", "echo", "toy")
    assert found.params == {}


def test_a_part_that_varies_is_given():
    found = router.find("GET", "/toy/things/a b")
    assert isinstance(found, Found)
    assert found.params == {"thing": "a b"}
    assert found.route.name == "get_thing"


def test_a_fixed_path_goes_before_one_that_varies():
    found = router.find("GET", "/toy/things/first")
    assert isinstance(found, Found)
    assert found.route.name == "first"


def test_a_final_slash_makes_no_difference():
    assert isinstance(router.find("GET", "/toy/"), Found)


def test_head_is_answered_as_get():
    assert isinstance(router.find("HEAD", "/toy"), Found)
    assert isinstance(router.find("HEAD", "/toy/things/x"), Found)


def test_a_wrong_method_names_those_that_are_allowed():
    assert router.find("DELETE", "/toy") == frozenset({"GET", "POST"})
    assert router.find("DELETE", "/toy/things/x") == frozenset({"GET"})


def test_an_unknown_path_allows_nothing():
    for path in ("/other", "", "//", "/toy//things", "/toy/things/a/b", "/toy/things/", "\x00", "/toy/\ud800"):
        assert router.find("GET", path) == frozenset()


class Table:
    """A provider with whatever routes a test wants."""

    section = "table"

    def __init__(self, *paths):
        self.paths = paths

    def routes(self):
        return [Route(method, path, len, f"{method} {path}") for method, path in self.paths]


def finds(router, method, path):
    found = router.find(method, path)
    return (found.route.name, dict(found.params)) if isinstance(found, Found) else sorted(found)


def test_fixed_goes_before_a_number_and_that_before_anything():
    router = Router(
        [Table(("GET", "/t/<thing>"), ("GET", "/t/<int:n>"), ("GET", "/t/all"), ("POST", "/t/<int:n>/x/<thing>"))]
    )
    assert finds(router, "GET", "/t/all") == ("GET /t/all", {})
    assert finds(router, "GET", "/t/007") == ("GET /t/<int:n>", {"n": "007"})
    assert finds(router, "GET", "/t/7a") == ("GET /t/<thing>", {"thing": "7a"})
    assert finds(router, "GET", "/t/٣") == ("GET /t/<thing>", {"thing": "٣"})
    assert finds(router, "GET", "/t/" + "9" * 5000) == ("GET /t/<thing>", {"thing": "9" * 5000})
    assert finds(router, "POST", "/t/7/x/y/") == ("POST /t/<int:n>/x/<thing>", {"n": "7", "thing": "y"})
    assert finds(router, "POST", "/t/7a/x/y") == []


def test_a_less_fixed_path_answers_a_method_that_the_more_fixed_one_does_not():
    router = Router([Table(("GET", "/t/all"), ("POST", "/t/<thing>"))])
    assert finds(router, "POST", "/t/all") == ("POST /t/<thing>", {"thing": "all"})
    assert finds(router, "PUT", "/t/all") == ["GET", "POST"]


def test_the_first_of_two_equal_routes_wins():
    router = Router([Table(("GET", "/t/<a>"), ("GET", "/t/<b>"), ("GET", "/t")), Table(("GET", "/t"))])
    assert finds(router, "GET", "/t/1") == ("GET /t/<a>", {"a": "1"})
    assert router.find("GET", "/t").owner is router.owners[0]


def test_the_root():
    router = Router([Table(("GET", "/"))])
    assert finds(router, "GET", "/") == ("GET /", {})
    assert finds(router, "POST", "/") == ["GET"]


segment = st.sampled_from(["a", "b", "<x>", "<int:n>"])


@given(
    st.lists(st.lists(segment, max_size=4), max_size=8), st.lists(st.sampled_from(["a", "b", "7", "", "z"]), max_size=4)
)
def test_the_tree_finds_what_a_search_of_all_routes_finds(paths, asked):
    router = Router([Table(*(("GET", "/" + "/".join(path)) for path in paths))])

    def fits(path):
        wanted = [] if asked == [] else asked[:-1] if asked[-1] == "" else asked
        return len(path) == len(wanted) and all(
            pattern == part or (pattern == "<x>" and part) or (pattern == "<int:n>" and part.isdigit())
            for pattern, part in zip(path, wanted, strict=True)
        )

    found = router.find("GET", "/" + "/".join(asked))
    assert isinstance(found, Found) == any(fits(path) for path in paths)
