"""The public names say what the reference passes on: units of numbers, what is raised, and where facts come from."""

from __future__ import annotations

import ast
import dataclasses
import enum
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe
import pytest

import govcomponents
from govcomponents import GovComponentsError, errors

DOORS = ("", ".pay", ".notify", ".identity", ".durable", ".web", ".observability")
UNIT = re.compile(
    r"second|minute|hour|day|week|pence|pounds|minor|byte|character|digit|number|count|times|how (many|often|long)"
    r"|per |percent|\bport\b|page|index|place|version|sheets|at once|life|since",
    re.IGNORECASE,
)
"""What a number can be of: a unit, or a count of something."""

SERVICES = ("AsyncPayService", "AsyncNotifyService", "AsyncIdentityService", "AsyncDurable", "AsyncGovComponents")
RAISE_NOTHING = {
    *("AsyncGovComponents.aclose", "AsyncGovComponents.over"),
    *("AsyncDurable.aclose", "AsyncDurable.when_hung"),
}
"""Of the methods of services, those that raise nothing of their own."""

OF_PROVIDERS = sorted((Path(govcomponents.__file__).parent).glob("*/adapters/*/wire.py"))


def public() -> Iterator[tuple[str, Any]]:
    found: dict[int, tuple[str, Any]] = {}
    for door in DOORS:
        module = importlib.import_module(f"govcomponents{door}")
        for name in module.__all__:
            found.setdefault(id(getattr(module, name)), (name, getattr(module, name)))
    return iter(found.values())


def methods(kind: type) -> Iterator[tuple[str, Any]]:
    for name, one in inspect.getmembers(kind):
        is_method = inspect.isroutine(one) and callable(one)  # from Python 3.13 a cached property is a routine too
        if not name.startswith("_") and is_method and str(one.__module__).startswith("govcomponents"):
            yield name, one


def is_number(annotation: object) -> bool:
    return re.search(r"\b(int|float)\b", str(annotation)) is not None and "bool" not in str(annotation)


def numbers() -> Iterator[tuple[str, str, str]]:
    """Each number that is taken or given: whose it is, its name, and what is told where it stands."""
    for name, one in public():
        told = inspect.getdoc(one) or ""
        if inspect.isclass(one) and issubclass(one, (enum.Enum, BaseException)):
            continue
        if dataclasses.is_dataclass(one):
            yield from ((name, field.name, told) for field in dataclasses.fields(one) if is_number(field.type))
        calls = methods(one) if inspect.isclass(one) else [("", one)] if inspect.isroutine(one) else []
        for method, call in calls:
            where = f"{name}.{method}".rstrip(".")
            both = f"{told}\n{inspect.getdoc(call) or ''}"
            for parameter in inspect.signature(call).parameters.values():
                if is_number(parameter.annotation):
                    yield where, parameter.name, both


def test_each_number_has_its_unit() -> None:
    all_of_them = list(numbers())
    assert len(all_of_them) > 100, "the search found hardly any: is it looking at all?"
    assert [(where, name) for where, name, told in all_of_them if not UNIT.search(name) and not UNIT.search(told)] == []


@pytest.mark.parametrize("service", SERVICES)
def test_each_method_of_a_service_says_what_it_raises(service: str) -> None:
    kind = dict(public())[service]
    silent = [
        f"{service}.{name}" for name, one in methods(kind) if not re.search("[Rr]aise", inspect.getdoc(one) or "")
    ]
    assert sorted(set(silent) - RAISE_NOTHING) == []


@pytest.mark.parametrize("module", OF_PROVIDERS, ids=lambda path: path.parent.name)
def test_what_a_provider_puts_on_the_wire_has_its_source(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    told = ast.get_docstring(ast.parse(text)) or ""
    assert re.search(r"[Ss]ource|docs?\b|https?://|RFC|specification|measured|recorded", told + text), module


def operations() -> Iterator[Any]:
    """Each method of the three services that asks a provider something."""
    for service in ("AsyncPayService", "AsyncNotifyService", "AsyncIdentityService"):
        kind = dict(public())[service]
        for name, one in methods(kind):
            if name != "account":
                yield pytest.param(one, id=f"{service}.{name}")


@pytest.mark.parametrize("operation", list(operations()))
def test_each_operation_tells_its_arguments_its_result_and_its_errors(operation: Any) -> None:
    parsed = griffe.Docstring(inspect.getdoc(operation) or "", lineno=1).parse("google", warnings=False)
    parts = {part.kind.value: part.value for part in parsed}
    signature = inspect.signature(operation)
    told = [one.name for one in parts.get("parameters", ())]
    assert told == [name for name in signature.parameters if name != "self"]
    gives = "yields" if "AsyncGenerator" in str(signature.return_annotation) else "returns"
    assert (gives in parts) == (str(signature.return_annotation) != "None")
    assert parts["raises"]
    for error in parts["raises"]:
        assert issubclass(getattr(errors, str(error.annotation)), GovComponentsError)
