"""All that a test saw of a secret or a person: results, errors and observers' records, searched at the end."""

from __future__ import annotations

import pickle
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from govcomponents import (
    Attempt,
    GovComponentsError,
    Happening,
    Observer,
    Operation,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Told:
    """Everything that was seen, to be searched at the end."""

    canaries: set[str]
    texts: list[str] = field(default_factory=list)

    def result(self, value: object) -> None:
        self.texts += [str(value), repr(value), f"{value}", repr([value]), repr({"result": value})]

    def error(self, error: GovComponentsError) -> None:
        again = pickle.loads(pickle.dumps(error))
        self.texts += [str(error), repr(error), repr(error.args), repr(again), repr(vars(again))]
        self.texts.append(pickle.dumps(error).decode("latin-1"))
        cause: BaseException | None = error.__cause__
        while cause is not None:
            self.texts.append(repr(cause))
            cause = cause.__cause__

    def found(self) -> set[str]:
        whole = "\n".join(self.texts)
        return {canary for canary in self.canaries if canary in whole}


class Overhearing(Observer):
    """Keeps each record as it is when it has ended: all that an observer can learn."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.templates: list[str] = []

    @contextmanager
    def operation(self, operation: Operation) -> Iterator[None]:
        yield
        self.told.texts.append(repr(operation))

    @contextmanager
    def attempt(self, attempt: Attempt) -> Iterator[None]:
        yield
        self.told.texts.append(repr(attempt))
        self.templates.append(attempt.template)

    def happened(self, happening: Happening) -> None:
        self.told.texts.append(repr(happening))
