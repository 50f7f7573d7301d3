"""Worlds of the sandboxes of tests: the given or the default one, on each adapter that is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from govcomponents.sandbox.plugins.provider import ProviderSpec

CALLBACKS_TO: Final = "https://service.example.gov.uk/callbacks"
"""Where callbacks would go; in tests they are taken out before anything is sent."""


def world_of(
    given: Path | str | Mapping[str, object] | None,
    adapter: str | None,
    *,
    source: str,
    redirect_to: str | None,
    has_callbacks: bool,
) -> Mapping[str, object]:
    """Return a world: the given or the default one, on a provider, with the callbacks and redirects of a test.

    Fails the test, in one line, for a provider that the sandbox does not have, a redirect that is no URL, and a world
    that cannot be read, which `source` gave.
    """
    from govcomponents.sandbox.world import load_world, with_callbacks_to, with_provider, with_redirects_to

    problem = None
    try:
        world = load_world(given)
    except ConfigurationError as error:
        problem = f"{source}: {error.happened}; {error.fix}"
    if problem is None and adapter is not None:
        try:
            world = with_provider(world, adapter)
        except ConfigurationError as error:
            problem = f"--gov-adapter {adapter}: there is no such provider; {error.fix}"
    if problem is None and redirect_to is not None:
        try:
            world = with_redirects_to(world, redirect_to)
        except ConfigurationError as error:
            problem = f"redirect_to= of the mark gov_sandbox: {error.happened}; {error.fix}"
    if problem is not None:  # told here, where no other error is behind it
        pytest.fail(problem, pytrace=False)
    return with_callbacks_to(world, CALLBACKS_TO) if has_callbacks else world


def runs_on(adapters: Iterable[str], marks: Iterable[pytest.Mark], test: str) -> list[object]:
    """Return the adapters as parameters of a test; one is skipped if the marks name others of its component alone."""
    about = {name: _named(name, test) for mark in marks for name in mark.args or (None,)}
    return [_run_on(adapter, about) for adapter in adapters]


def _run_on(adapter: str, about: dict[str, ProviderSpec]) -> object:
    spec = _spec_of(adapter)
    if spec is None:
        return adapter  # the sandbox says that there is none
    others = {name: one.section for name, one in about.items() if one.component == spec.component}
    if not others or spec.section in others.values():
        return adapter
    return pytest.param(adapter, marks=pytest.mark.skip(reason=f"the test is about {' and '.join(others)}"))


def _named(name: object, test: str) -> ProviderSpec:
    """Return the provider that a mark names. Fails the test if there is none."""
    spec = _spec_of(name) if isinstance(name, str) else None
    if spec is None:
        pytest.fail(f"{test}: the mark gov_adapters names adapters such as govuk_pay, and not {name!r}", pytrace=False)
    return spec


def _spec_of(adapter: str) -> ProviderSpec | None:
    from govcomponents.sandbox.providers import find_spec
    from govcomponents.sandbox.world import section_of

    try:
        return find_spec(section_of(adapter))
    except ConfigurationError:
        return None
