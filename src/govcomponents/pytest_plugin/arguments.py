"""Fails a test in one line for arguments that a method of the fixtures has not, with those that it has."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import ParamSpec, TypeVar

import pytest

P = ParamSpec("P")
T = TypeVar("T")


def telling_its_arguments(named: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a method so that arguments it has not fail the test; `named` is the method as a test writes it."""

    def decorate(method: Callable[P, T]) -> Callable[P, T]:
        form = signature(method)
        taken = ", ".join(_written(one) for one in form.parameters.values() if one.name != "self")

        @wraps(method)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            problem = _problem(form, args, kwargs)
            if problem is not None:
                pytest.fail(f"{named}: {problem}; it takes {taken}", pytrace=False)
            return method(*args, **kwargs)

        return call

    return decorate


def _problem(form: Signature, args: tuple[object, ...], kwargs: dict[str, object]) -> str | None:
    """What is wrong with the arguments. The failure is told outside, where no other error is behind it."""
    try:
        form.bind(*args, **kwargs)
    except TypeError as error:
        return str(error)
    return None


def _written(one: Parameter) -> str:
    return f"{one.name}=" if one.kind is Parameter.KEYWORD_ONLY else one.name
