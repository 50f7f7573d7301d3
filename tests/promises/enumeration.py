"""Makes one write under a sequence of faults, and compares what its error promises with what happened."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from govcomponents import AsyncGovComponents, GovComponents, errors
from govcomponents.sandbox.providers import fault_catalogue

from .writes import Write, done

PROMISE_NOTHING_HAPPENED = (
    errors.ConfigurationError,
    errors.InvalidInput,
    errors.NotSupported,
    errors.NotSent,
    errors.Unavailable,
    errors.Refused,
)


def faults_of(write: Write) -> list[str]:
    """The faults of a write's provider that may befall any operation."""
    known = fault_catalogue().values()
    return [one.kind.name for one in known if write.provider in one.providers and not one.kind.operations]


@dataclass(frozen=True)
class Outcome:
    """What the caller was told, and how often the write took effect."""

    told: str
    promises_nothing: bool
    effects: int

    @property
    def is_false(self) -> bool:
        """Told that nothing happened although it did, or that it succeeded although nothing happened."""
        return (self.promises_nothing and self.effects > 0) or (self.told == "success" and self.effects == 0)


def outcome(write: Write, faults: tuple[str, ...], *, in_asyncio: bool) -> Outcome:
    """Make the write on a fresh sandbox: the first fault strikes its first request, and so on."""
    return asyncio.run(_outcome(write, faults, in_asyncio=in_asyncio))


def outcome_at(write: Write, step: int, first: str, well: int, then: str, *, in_asyncio: bool) -> Outcome:
    """Make the write: one fault strikes the request of a step, from 1; so many go well; another strikes all others."""
    return asyncio.run(_outcome(write, (first, then), steps=(step, well), in_asyncio=in_asyncio))


async def _outcome(
    write: Write, faults: tuple[str, ...], *, in_asyncio: bool, steps: tuple[int, int] | None = None
) -> Outcome:
    gov = (AsyncGovComponents if in_asyncio else GovComponents).sandbox(write.world)
    ready = await write.ready(gov)
    before = await ready.effects()
    arm = gov.simulator.faults.arm
    if steps is None:
        for fault in faults:
            arm(write.provider, fault, operation=write.operation, times=1)
    else:
        arm(write.provider, faults[0], nth=steps[0])
        arm(write.provider, faults[1], skip=steps[0] - 1 + steps[1])  # it does not count what the other strikes
    told, promises_nothing = "success", False
    try:
        await done(ready.act())
    except errors.GovComponentsError as error:
        told = type(error).__name__
        promises_nothing = isinstance(error, PROMISE_NOTHING_HAPPENED)
    gov.simulator.faults.clear()
    return Outcome(told, promises_nothing, await ready.effects() - before)
