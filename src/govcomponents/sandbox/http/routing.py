"""Finds what answers a call: a table of exact paths, and a tree of segments for paths with parts that vary.

A library's router was tried first: compiling its rules took as long as everything else that a sandbox does to start,
and finding a path with a part that varies took four times as long as this tree does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from govcomponents.sandbox.http.messages import Route, RouteOwner

_LONGEST_NUMBER = 100


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The route that fits a call, the parts of its path that vary, and whose route it is."""

    owner: RouteOwner
    route: Route
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Node:
    """A node of the tree: the segments that may follow it, and the routes that end here, by method.

    A route is its place in the list of all, with the names of the parts that vary.
    """

    fixed: dict[str, _Node] = field(default_factory=dict)
    number: _Node | None = None
    anything: _Node | None = None
    routes: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)


@lru_cache(maxsize=16)
def _table_of(paths: tuple[tuple[str, str], ...]) -> tuple[dict[tuple[str, str], int], _Node]:
    """Make the table and the tree of methods and paths. Each sandbox with the same providers has the same ones."""
    exact: dict[tuple[str, str], int] = {}
    root = _Node()
    for place, (method, path) in enumerate(paths):
        if "<" not in path:
            exact.setdefault((method, path), place)
        node, names = root, []
        for segment in _segments(path):
            if not segment.startswith("<"):
                node = node.fixed.setdefault(segment, _Node())
                continue
            kind, _, name = segment.strip("<>").rpartition(":")
            names.append(name)
            if kind == "int":
                node.number = node.number or _Node()
                node = node.number
            else:
                node.anything = node.anything or _Node()
                node = node.anything
        node.routes.setdefault(method, (place, tuple(names)))
    return exact, root


class Router:
    """All routes of one sandbox. A fixed segment goes before a number (`<int:name>`), and that before `<name>`.

    The first route for a method and path wins. A final slash makes no difference.
    """

    def __init__(self, owners: Sequence[RouteOwner]) -> None:
        self.owners = tuple(owners)
        self.routes = [(owner, route) for owner in owners for route in owner.routes()]
        """Every route, with whose it is."""
        self._exact, self._root = _table_of(tuple((route.method, route.path) for _, route in self.routes))

    def find(self, method: str, path: str) -> Found | frozenset[str]:
        """Return what fits; or the methods that the path allows, none if there is no such path. HEAD is as GET."""
        if method == "HEAD":
            method = "GET"
        if (exact := self._exact.get((method, path))) is not None:
            return Found(*self.routes[exact])
        allowed: set[str] = set()
        for node, values in _ends(self._root, _segments(path), 0, ()):
            if method in node.routes:
                place, names = node.routes[method]
                return Found(*self.routes[place], dict(zip(names, values, strict=True)))
            allowed.update(node.routes)
        return frozenset(allowed)


def _segments(path: str) -> list[str]:
    return path.removesuffix("/").split("/")


def _ends(
    node: _Node, segments: list[str], at: int, values: tuple[str, ...]
) -> Iterator[tuple[_Node, tuple[str, ...]]]:
    """Every node to which the segments lead, with the parts that vary; the most fixed first."""
    if at == len(segments):
        if node.routes:
            yield node, values
        return
    segment = segments[at]
    if following := node.fixed.get(segment):
        yield from _ends(following, segments, at + 1, values)
    if node.number and segment.isascii() and segment.isdigit() and len(segment) <= _LONGEST_NUMBER:
        yield from _ends(node.number, segments, at + 1, (*values, segment))
    if node.anything and segment:
        yield from _ends(node.anything, segments, at + 1, (*values, segment))
