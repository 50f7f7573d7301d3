"""How a call finds what answers it."""

from __future__ import annotations

from govcomponents.sandbox.routing import Found, Switchboard

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
