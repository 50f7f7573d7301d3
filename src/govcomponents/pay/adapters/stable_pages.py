"""Numbered pages of a search that skip nothing and give nothing twice, while items enter and leave the filter.

For a provider whose pages are cut by number from a list that is made anew for each request, newest first. So the next
page is asked for by the time of the last item of this one: the first page of what is not newer. What is known at that
time is asked for again, and left out. Where there are no times to search by, or they are not in order, the largest page
is asked for, and of a list that is longer than that its pages by their number, again and again until a pass brings
nothing new.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

from govcomponents.core.times import time_or_none
from govcomponents.pay.adapters.http_adapter import Page

if TYPE_CHECKING:
    from govcomponents.core.http.messages import Request, Response

# Times are to the millisecond, and whether a boundary belongs to what is found is not certain.
_TICK: Final = timedelta(milliseconds=1)
_MOST_PASSES: Final = 20
_LAST_YEAR: Final = 9999  # nothing can be added to its last moment

Item: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Numbered:
    """One page as it was answered. `total` is how many items the whole list has."""

    items: list[Item]
    total: int
    request: Request
    response: Response


Ask: TypeAlias = Callable[["datetime | None", int, int], Awaitable[Numbered | None]]
"""Asks for what is older than a time (None is for all), by number and size of the page; None is past the end."""


@dataclass
class _Pass:
    """Where a search is: the list that it reads, and what it knows of it already."""

    size: int
    largest: int
    id_name: str
    time_name: str
    has_times: bool
    edge: datetime | None = None
    known: dict[str, datetime | None] = field(default_factory=dict)
    number: int = 1
    wanted: int = 0
    found_any: bool = False
    passes: int = 1
    newest: datetime | None = None

    @property
    def before(self) -> datetime | None:
        return None if self.edge is None else self.edge + _TICK

    def fresh(self, items: list[Item]) -> list[Item]:
        """The items that are not known yet, without those that were made after the search began."""
        new: list[Item] = []
        for item in items:
            key, at = _key(item, self.id_name), _time(item, self.time_name)
            if key in self.known or (at is not None and self.newest is not None and at > self.newest):
                continue
            self.known[key] = at
            new.append(item)
        self.found_any = self.found_any or bool(new)
        return new

    def again(self) -> None:
        """Read the list once more: what left it may have moved others to pages that were read already."""
        self.number, self.found_any, self.passes = 1, False, self.passes + 1

    def is_quiet(self) -> bool:
        """Whether nothing can have moved from one page of this pass to another unseen, as far as that can be told."""
        return self.number == 1 or not self.found_any or self.passes >= _MOST_PASSES

    def move_to(self, edge: datetime) -> None:
        """Go on with what is not newer than `edge`. Of what is known only that can come again."""
        self.edge = edge
        self.known = {key: at for key, at in self.known.items() if at is None or at <= edge + _TICK}
        self.wanted = min(self.largest, self.size + len(self.known))
        self.number, self.found_any, self.passes = 1, False, 1

    def next(self) -> None:
        """Go on in the same list: a larger page is one answer, which no change can come between."""
        larger = min(self.largest, self.size + len(self.known)) if self.has_times else self.largest
        if self.number == 1 and larger > self.wanted:
            self.wanted = larger
        else:
            self.number += 1


async def stable_pages(
    ask: Ask, *, id_name: str, time_name: str, size: int, largest: int, has_times: bool = True
) -> AsyncGenerator[Page, None]:
    """Yield the pages of a search, each with what is new on it.

    `id_name` and `time_name` are the names of an item's id and of the time when it was made. `size` is how many a page
    is to have, `largest` how many it can have. `has_times` says whether the provider can search by that time.
    """
    at = _Pass(size, largest, id_name, time_name, has_times, wanted=size)
    while True:
        page = await ask(at.before, at.number, at.wanted)
        items = page.items if page is not None else []
        times = _in_order(items, time_name)
        if at.edge is None and at.number == 1 and at.newest is None and times:
            at.newest = times[0]
        if page is not None:
            yield Page(at.fresh(items), page.request, page.response)
        if page is None or not items or at.number * at.wanted >= page.total:
            if at.is_quiet():
                return
            at.again()
            continue
        at.has_times = at.has_times and times is not None
        oldest = times[-1] if times and at.has_times else None
        if oldest is None or (at.edge is not None and oldest >= at.edge):
            at.next()
        elif at.is_quiet():
            at.move_to(oldest)
        else:
            at.again()


def _key(item: Item, name: str) -> str:
    identifier = item.get(name)
    return identifier if isinstance(identifier, str) else repr(item)


def _time(item: Item, name: str) -> datetime | None:
    told = item.get(name)
    at = time_or_none(told) if isinstance(told, str) else None
    return at if at is not None and at.year < _LAST_YEAR else None


def _in_order(items: list[Item], time_name: str) -> list[datetime] | None:
    """The times of items that are newest first; None if they are not, or one has none."""
    times = [at for item in items if (at := _time(item, time_name)) is not None]
    is_whole = len(times) == len(items) and all(one >= two for one, two in pairwise(times))
    return times if is_whole else None
