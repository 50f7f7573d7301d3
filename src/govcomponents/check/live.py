"""Compares the settings and the lock with the accounts at the providers. It sends nothing, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.check.findings import ENVIRONMENT, Finding
from govcomponents.components import GovComponents
from govcomponents.errors import (
    ConfigurationError,
    GovComponentsError,
    NotSent,
    NotSupported,
    RateLimited,
    Unavailable,
    UnexpectedReply,
)
from govcomponents.notify.templates.registry import TemplateRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from govcomponents.check.template_files import TemplateFile

_AWAY = (NotSent, Unavailable, RateLimited, UnexpectedReply)


def check_live(files: Sequence[TemplateFile], said: list[str]) -> Iterator[Finding]:
    """Give what the providers say is wrong with the accounts of the environment's settings.

    `said` is given a line for each account. Raises GovComponentsError if a provider cannot be had: that is no finding.
    """
    try:
        gov = GovComponents.from_settings()
    except ConfigurationError as error:
        yield Finding(ENVIRONMENT, 0, 0, "GC113", error.happened)
        return
    with gov:
        for name in gov.accounts:
            for component, ask in _questions(gov, name):
                yield from _asked(f"{component} {name}", ask, said)
        yield from _compared(gov, files)


def _questions(gov: GovComponents, name: str) -> Iterator[tuple[str, Callable[[], None]]]:
    account = gov.account(name)
    for component in ("pay", "notify", "identity"):
        try:
            yield component, getattr(account, component).check
        except ConfigurationError:
            continue  # the account has none


def _asked(where: str, ask: Callable[[], None], said: list[str]) -> Iterator[Finding]:
    try:
        ask()
    except NotSupported:
        said.append(f"{where}: cannot be asked")
    except _AWAY:
        raise
    except GovComponentsError as error:
        said.append(f"{where}: refused")
        yield Finding(ENVIRONMENT, 0, 0, "GC501", f"{where}: {error.happened}")
    else:
        said.append(f"{where}: ok")


def _compared(gov: GovComponents, files: Sequence[TemplateFile]) -> Iterator[Finding]:
    locked = [file for file in files if file.locked]
    if not locked:
        return
    try:
        present = gov.notify.list_templates()
    except _AWAY:
        raise
    except GovComponentsError:
        return  # it has no templates, or refuses: then its check said so already
    here = {str(template.id) for template in present}
    for file in locked:
        worlds = {world for entry in file.entries.values() for world, _, one in entry.each_id() if one in here}
        for environment in sorted(worlds):
            registry = TemplateRegistry.from_toml(file.file.place, environment=environment)
            for problem in registry.compare(present):
                yield file.finding("GC502", file.entries.get(problem.partition(" (")[0]), problem)
