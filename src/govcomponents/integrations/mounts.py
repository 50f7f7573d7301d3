"""Paths of routes in ASGI applications, whose parts may be mounted in one another."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Mount, NoMatchFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request


def path_of_route(routes: Sequence[BaseRoute], name: str) -> str | None:
    """Return the path of a route by its name, which a mount that has one itself puts its own before."""
    for route in routes:
        mount = f"{route.name}:" if isinstance(route, Mount) and route.name else ""
        with suppress(NoMatchFound):
            return str(route.url_path_for(mount + name))
    return None


def root_of(app: object) -> str:
    """Return the prefix that a proxy takes off before an application: FastAPI is told it, or the server is."""
    root: str = getattr(app, "root_path", "") or os.environ.get("UVICORN_ROOT_PATH", "")
    return root.rstrip("/")


def prefix_of(request: Request) -> str:
    """Return where the application is mounted. `root_path` goes on with where the matched route is in it."""
    root: str = request.scope.get("root_path", "")
    application = request.scope.get("app")
    endpoint = request.scope.get("endpoint")
    inside = _mounted_at(getattr(application, "routes", ()), endpoint)
    return root.removesuffix(inside or "")


def _mounted_at(routes: Sequence[BaseRoute], endpoint: object) -> str | None:
    """Return the path of the mounts around the route of an endpoint; None if it is not among the routes."""
    for route in routes:
        if isinstance(route, Mount):
            inner = _mounted_at(route.routes, endpoint)
            if inner is not None:
                return route.path + inner
        elif getattr(route, "endpoint", None) == endpoint:
            return ""
    return None
