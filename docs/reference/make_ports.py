"""Writes what an author of an adapter looks up, one page for each port: its operations, inputs, results and words.

python docs/reference/make_ports.py
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined

from govcomponents import adapters
from govcomponents.core.inputs import Input

HERE = Path(__file__).parent
MADE = "Made from the code by `docs/reference/make_ports.py`."
PORTS = {"pay": adapters.PayPort, "notify": adapters.NotifyPort, "identity": adapters.IdentityPort}
NOT_TOLD = {"account", "raw"}
OF_ALL = (
    "All arguments are named. Leave out `account`, and give the provider's answer as `raw`: `LazyJson(response.body)`."
)


def words_of(text: str) -> str:
    """A docstring in one line, as it may stand in a table."""
    return re.sub(r"\s+", " ", text).replace("|", "\\|").strip()


def type_of(annotation: Any) -> str:
    """A type as it is written, without what checks it."""
    if annotation is type(None):
        return "None"
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return type_of(parts[0])
    if origin in (typing.Union, types.UnionType):
        return " | ".join(map(type_of, parts))
    if origin is typing.Literal:
        return " | ".join(repr(part) for part in parts)
    if origin is tuple:
        return f"tuple[{', '.join('...' if part is ... else type_of(part) for part in parts)}]"
    if origin is not None:
        return f"{getattr(origin, '__name__', origin)}[{', '.join(map(type_of, parts))}]"
    return str(getattr(annotation, "__name__", annotation))


def fields_of_input(kind: type[Input]) -> Iterator[str]:
    """The rows of an input's fields."""
    for name, field in kind.model_fields.items():
        default = "" if field.default is PydanticUndefined else f"`{field.default!r}`"
        told = words_of(field.description or "")
        yield f"| `{name}` | `{type_of(field.annotation).replace('|', chr(92) + '|')}` | {default} | {told} |"


def fields_of_result(kind: type) -> Iterator[str]:
    """The rows of a result's fields."""
    for field in dataclasses.fields(kind):
        if field.name in NOT_TOLD or not field.init:
            continue
        is_free = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        written = str(field.type).replace("|", "\\|")
        yield f"| `{field.name}` | `{written}` | {'' if is_free else 'yes'} |"


def operations(port: type) -> Iterator[tuple[str, Any]]:
    """What an adapter overrides, in the order of the port."""
    for name, one in vars(port).items():
        if inspect.isfunction(one) and not name.startswith("_") and name != "check_request":
            yield name, one


def row_of(name: str, one: Any) -> str:
    """The row of an operation."""
    signature = inspect.signature(one)
    takes = ", ".join(f"{p.name}: {p.annotation}" for p in list(signature.parameters.values())[1:])
    gives = str(signature.return_annotation)
    needs = ", ".join(f"`{can}`" for can in dict.fromkeys(re.findall(r"Capability\.(\w+)", inspect.getsource(one))))
    shown = [f"`{text}`".replace("|", "\\|") if text else "" for text in (takes, gives)]
    return f"| `{name}` | {needs} | {shown[0]} | {shown[1]} | {words_of(inspect.getdoc(one) or '')} |"


def named(door: Mapping[str, Any], texts: list[str]) -> list[Any]:
    """The public classes that annotations name, and those that these name, in the order of the door."""
    found: dict[str, Any] = {}
    left = list(texts)
    while left:
        for name in re.findall(r"\b[A-Z]\w+", left.pop()):
            one = door.get(name)
            if name in found or one is None:
                continue
            found[name] = one
            if inspect.isclass(one) and dataclasses.is_dataclass(one):
                left += [str(field.type) for field in dataclasses.fields(one)]
            elif not inspect.isclass(one):  # a union of events
                left += [part.__name__ for part in typing.get_args(one)]
    return [one for name, one in sorted(found.items()) if inspect.isclass(one)]


def page(component: str) -> str:
    """The page of a port."""
    port, module = PORTS[component], import_module(f"govcomponents.{component}")
    own = list(operations(port))
    door = {name: getattr(module, name) for name in module.__all__}
    inputs = {name: one for name, one in vars_of_inputs() if any(name in row_of(*pair) for pair in own)}
    lines = [
        f"# The {component} port",
        "",
        f"What an [adapter](../../writing-an-adapter.md) is given, and what it gives. {MADE}",
        "",
        words_of(inspect.getdoc(port) or ""),
        "",
        "## Operations",
        "",
        "Override what you declare. Each is awaited, but for the searches, which are async generators.",
        "",
        "| operation | capability | takes | gives | what it does |",
        "| --- | --- | --- | --- | --- |",
        *(row_of(name, one) for name, one in own),
        "",
        "## What you are given",
        "",
        "Each of these is in `govcomponents.adapters`, and is checked before your code is called.",
    ]
    for name, kind in inputs.items():
        lines += ["", f"### {name}", "", words_of(inspect.getdoc(kind) or ""), ""]
        lines += [
            "| field | type | if left out | what it must be |",
            "| --- | --- | --- | --- |",
            *fields_of_input(kind),
        ]
    texts = [str(inspect.signature(one).return_annotation) for _, one in own]
    results = named(door, texts)
    lines += ["", "## What you give", "", f"Each of these is in `govcomponents.{component}`. {OF_ALL}"]
    for kind in results:
        if not issubclass(kind, Enum) and dataclasses.is_dataclass(kind):
            lines += ["", f"### {kind.__name__}", "", words_of(inspect.getdoc(kind) or ""), ""]
            lines += ["| field | type | must be given |", "| --- | --- | --- |", *fields_of_result(kind)]
    lines += ["", "## Words", "", "| words | members |", "| --- | --- |"]
    for kind in (*results, *(one for name, one in door.items() if name.endswith("Capability"))):
        if issubclass(kind, Enum):
            lines.append(f"| `{kind.__name__}` | {', '.join(f'`{one.name}`' for one in kind)} |")
    return "\n".join(lines) + "\n"


def vars_of_inputs() -> Iterator[tuple[str, type[Input]]]:
    """The inputs that the door for authors has."""
    for name in adapters.__all__:
        one = getattr(adapters, name)
        if inspect.isclass(one) and issubclass(one, Input):
            yield name, one


PAGES: dict[str, Any] = {f"ports/{name}.md": (lambda name=name: page(name)) for name in PORTS}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")
