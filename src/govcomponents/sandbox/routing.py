"""Finds what answers a call: an exact table in front of werkzeug's map of paths with parts that vary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, RequestRedirect, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from govcomponents.sandbox.http import Imitation, Route


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The route that fits a call, the parts of its path that vary, and whose route it is."""

    owner: Imitation
    route: Route
    params: Mapping[str, str] = field(default_factory=dict)


class Switchboard:
    """All routes of one sandbox.

    Nearly every call goes to a path without a part that varies, which a dictionary finds in a tenth of the time
    that the map takes; both find the same.
    """

    def __init__(self, owners: Sequence[Imitation]) -> None:
        self.owners = tuple(owners)
        self._exact: dict[tuple[str, str], Found] = {}
        rules = []
        for owner in owners:
            for route in owner.routes():
                found = Found(owner, route)
                rules.append(Rule(route.path, methods=[route.method], endpoint=found))
                if "<" not in route.path:
                    self._exact.setdefault((route.method, route.path), found)
        self._map = Map(rules, strict_slashes=False, merge_slashes=False).bind("sandbox")

    def find(self, method: str, path: str) -> Found | frozenset[str]:
        """Return what fits; or the methods that the path allows, none if there is no such path. HEAD is as GET."""
        if method == "HEAD":
            method = "GET"
        if exact := self._exact.get((method, path)):
            return exact
        try:
            found, params = self._map.match(path, method=method)
        except MethodNotAllowed as error:
            return frozenset(error.valid_methods or ()) - {"HEAD"}
        except (HTTPException, RequestRedirect):
            return frozenset()
        return Found(found.owner, found.route, params)
