"""Worlds of the sandboxes of tests: the given or the default one, on the adapter that is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CALLBACKS_TO: Final = "https://service.example.gov.uk/callbacks"
"""Where callbacks would go; in tests they are taken out before anything is sent."""


def world_of(
    given: Path | str | Mapping[str, object] | None,
    adapter: str | None,
    *,
    redirect_to: str | None,
    has_callbacks: bool,
) -> Mapping[str, object]:
    """Return a world: the given or the default one, on a provider, with the callbacks and redirects of a test.

    Fails the test, in one line, for a provider that the sandbox does not have.
    """
    from govcomponents.sandbox.world import load_world, with_callbacks_to, with_provider, with_redirects_to

    world = load_world(given)
    if adapter is not None:
        try:
            world = with_provider(world, adapter)
        except ConfigurationError as error:
            pytest.fail(f"--gov-adapter {adapter}: there is no such provider; {error.fix}", pytrace=False)
    if has_callbacks:
        world = with_callbacks_to(world, CALLBACKS_TO)
    if redirect_to is not None:
        world = with_redirects_to(world, redirect_to)
    return world
