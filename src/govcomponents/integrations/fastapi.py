"""The FastAPI shell: Starlette's, with a router and dependencies.

gov = FastAPIGov(secret_key)
app = FastAPI(lifespan=gov.lifespan)
app.include_router(gov.router, prefix="/gov")

@app.get("/renew")
async def renew(person: Annotated[Person, Depends(gov.require_identity(confidence="medium"))]) -> Page: ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.errors import ConfigurationError
from govcomponents.integrations.starlette import StarletteGov
from govcomponents.web.person import Requirement

try:
    from fastapi import APIRouter
except ImportError:
    raise ConfigurationError("FastAPI is not installed", fix='pip install "govcomponents[fastapi]"') from None

from starlette.requests import Request

from govcomponents.web.person import Person

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from govcomponents.identity import Authentication, Claim, Confidence


class FastAPIGov(StarletteGov):
    """The components of this service, its signed-in person as a dependency, and the router that providers need."""

    @property
    def router(self) -> APIRouter:
        """The router, to be included with a prefix such as "/gov". It is in no OpenAPI document."""
        router = APIRouter(include_in_schema=False)
        for route in self.routes:
            methods = sorted(route.methods or ())
            router.add_route(route.path, route.endpoint, methods=methods, name=route.name, include_in_schema=False)
        return router

    def require_identity(
        self,
        *,
        confidence: Confidence | str | Iterable[Confidence | str] = (),
        authentication: Authentication | str = "two_factor",
        claims: Iterable[Claim | str] = (),
        max_age: int | None = None,
        return_to: str | None = None,
    ) -> Callable[[Request], Awaitable[Person]]:
        """Make a dependency that gives the person who meets a requirement, and sends others to sign in.

        They come back to `return_to`, or to the page that they asked for if they asked by GET.
        """
        requirement = Requirement.of(
            confidence=confidence, authentication=authentication, claims=claims, max_age=max_age
        )

        async def person(request: Request) -> Person:
            return await self.require(request, requirement, return_to)

        return person
