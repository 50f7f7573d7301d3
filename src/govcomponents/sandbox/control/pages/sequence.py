"""Draws a journey over all components as a sequence diagram, and writes it as Mermaid for other documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcomponents.sandbox.state.timeline import Event

_PERSON: Final = "Person"
_SERVICE: Final = "Service"
_NAMES: Final = {"pay": "Payments", "stripe": "Payments", "notify": "Messages", "identity": "Sign-in"}
_COLUMN: Final = 190
_ROW: Final = 46
_HEAD: Final = 56
_LONGEST: Final = 48


@dataclass(frozen=True, slots=True)
class Step:
    """One arrow: from whom, to whom, what is said. Where both are the same it is a note."""

    start: str
    end: str
    said: str


def steps_of(events: Sequence[Event]) -> list[Step]:
    """Return an arrow for each event; who acts stands in the words of the event."""
    found = []
    for event in events:
        provider = _NAMES.get(event.component, event.component.capitalize())
        said = event.happened
        if said.startswith(("The person", "A person", "Another person")):
            found.append(Step(_PERSON, provider, said))
        elif said.startswith("The service"):
            found.append(Step(_SERVICE, provider, said))
        elif said.startswith("The provider sent the callback"):
            found.append(Step(provider, _SERVICE, said))
        else:
            found.append(Step(provider, provider, said))
    return found


def _participants(steps: Sequence[Step]) -> list[str]:
    used = {one for step in steps for one in (step.start, step.end)}
    first = [one for one in (_PERSON, _SERVICE) if one in used]
    return first + list(dict.fromkeys(one for step in steps for one in (step.start, step.end) if one not in first))


def as_mermaid(events: Sequence[Event]) -> str:
    """Return the diagram in Mermaid's language."""
    steps = steps_of(events)
    names = {one: f"P{number}" for number, one in enumerate(_participants(steps))}
    lines = ["sequenceDiagram", *(f"    participant {short} as {_plain(one)}" for one, short in names.items())]
    for step in steps:
        if step.start == step.end:
            lines.append(f"    Note over {names[step.start]}: {_plain(step.said)}")
        else:
            lines.append(f"    {names[step.start]}->>{names[step.end]}: {_plain(step.said)}")
    return "\n".join(lines) + "\n"


def _plain(words: str) -> str:
    """Keep words on one line, without the signs that end a statement or begin an entity in Mermaid."""
    return "".join(" " if sign in ";#\r\n" or not sign.isprintable() else sign for sign in words)


@dataclass(frozen=True, slots=True)
class Drawing:
    """The diagram in numbers: its size, the columns with their places, and the rows."""

    width: int
    height: int
    columns: list[tuple[str, int]]
    rows: list[DrawnStep]


@dataclass(frozen=True, slots=True)
class DrawnStep:
    """One arrow or note: where it begins and ends, its line, and its words, cut where they are too long."""

    x1: int
    x2: int
    y: int
    said: str

    @property
    def is_note(self) -> bool:
        """Whether it is about one column."""
        return self.x1 == self.x2

    @property
    def head(self) -> str:
        """The points of the arrow's head."""
        back = -9 if self.x2 > self.x1 else 9
        return f"{self.x2},{self.y} {self.x2 + back},{self.y - 5} {self.x2 + back},{self.y + 5}"

    @property
    def text_x(self) -> int:
        """The middle of the words."""
        return (self.x1 + self.x2) // 2


def drawing_of(events: Sequence[Event]) -> Drawing:
    """Return where everything of the diagram is."""
    steps = steps_of(events)
    names = _participants(steps)
    at = {name: 110 + _COLUMN * number for number, name in enumerate(names)}
    rows = [
        DrawnStep(at[step.start], at[step.end], _HEAD + _ROW * number + 34, _cut(step.said))
        for number, step in enumerate(steps)
    ]
    width = 220 + _COLUMN * max(len(names) - 1, 1)
    return Drawing(width, _HEAD + _ROW * len(steps) + 20, [(name, at[name]) for name in names], rows)


def _cut(said: str) -> str:
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 3]}..."
