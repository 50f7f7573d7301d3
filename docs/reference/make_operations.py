"""Writes a page for each group of operations, all with one skeleton, from the code's docstrings and operations.toml.

python docs/reference/make_operations.py
"""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import griffe

from govcomponents.identity import IdentityService
from govcomponents.identity.adapters import BUILT_IN as OF_IDENTITY
from govcomponents.notify import NotifyService
from govcomponents.notify.adapters import BUILT_IN as OF_NOTIFY
from govcomponents.pay import PayService
from govcomponents.pay.adapters import BUILT_IN as OF_PAY

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
FOLDER = HERE / "operations"
SERVICES: Mapping[str, tuple[type, Mapping[str, str]]] = {
    "pay": (PayService, OF_PAY),
    "notify": (NotifyService, OF_NOTIFY),
    "identity": (IdentityService, OF_IDENTITY),
}
ANY_OF = (
    "CredentialsRefused",
    "PermissionRefused",
    "RateLimited",
    "NotSent",
    "Unavailable",
    "UnexpectedReply",
    "WrongAnswer",
)


def remedies() -> dict[str, str]:
    """What to do about each class of error, as the page of errors has it."""
    page = (HERE.parent / "errors.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", page, re.MULTILINE))


def sections(call: Callable[..., Any]) -> dict[str, Any]:
    """The parts of a docstring by name: text, parameters, returns, yields and raises."""
    parsed = griffe.Docstring(inspect.getdoc(call) or "", lineno=1).parse("google", warnings=False)
    return {part.kind.value: part.value for part in parsed}


def plain(annotation: object) -> str:
    """A type as a reader of a table wants it."""
    return " or ".join(f"`{part}`" for part in re.split(r" \| (?![^\[]*\])", str(annotation))).replace("|", "\\|")


def flat(text: str) -> str:
    """Text that goes into the cell of a table."""
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|")


def signature(component: str, name: str, call: Callable[..., Any]) -> str:
    """How the call is typed, with its defaults, a line for each argument where it is long."""
    parts, starred = [], False
    for parameter in list(inspect.signature(call).parameters.values())[1:]:
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            parts.append("*")
            starred = True
        parts.append(parameter.name + ("" if parameter.default is parameter.empty else f"={shown(parameter.default)}"))
    one = f"gov.{component}.{name}({', '.join(parts)})"
    if len(one) <= 100:
        return one
    return f"gov.{component}.{name}(\n" + "".join(f"    {part},\n" for part in parts) + ")"


def shown(default: object) -> str:
    """A default as it is typed."""
    seconds = getattr(default, "total_seconds", None)
    if seconds is not None:
        return f"timedelta(hours={seconds() / 3600:g})"
    return f'"{default}"' if isinstance(default, str) else repr(default)


def adapters(component: str, name: str) -> str:
    """The adapters that do it, by what the operation requires of them."""
    service, built_in = SERVICES[component]
    kinds = [getattr(import_module(place.partition(":")[0]), place.partition(":")[2]) for place in built_in.values()]
    source = inspect.getsource(getattr(service, name))
    wanted = set(re.findall(r"Can\.(\w+)", source)) | ({"AGREEMENTS"} if "_on_agreement" in source else set())
    able = [kind.provider for kind in kinds if wanted <= {capability.name for capability in kind.capabilities}]
    return "All adapters do it." if len(able) == len(kinds) else f"Adapters that do it: {', '.join(able)}."


def operation(component: str, name: str, told: Mapping[str, str], remedy: Mapping[str, str]) -> Iterator[str]:
    """One operation: call, arguments, result, errors, limits, example."""
    call = getattr(SERVICES[component][0], name)
    parts = sections(call)
    types = inspect.get_annotations(call)
    yield from (f"## gov.{component}.{name}", "", parts["text"], "")
    yield from ("### Call", "", "```text", signature(component, name, call), "```", "")
    if "parameters" in parts:
        yield from ("### Arguments", "", "| argument | type | what it is |", "| --- | --- | --- |")
        for one in parts["parameters"]:
            yield f"| `{one.name}` | {plain(types[one.name])} | {flat(one.description)} |"
        yield ""
    gives = parts.get("returns") or parts.get("yields")
    yield from ("### Result", "", f"`{types['return']}`: {flat(gives[0].description)}" if gives else "None.", "")
    yield from ("### Errors", "", "| error | when | what to do |", "| --- | --- | --- |")
    for one in parts["raises"]:
        yield f"| `{one.annotation}` | {flat(one.description)} | {remedy[str(one.annotation)]} |"
    yield from ("", "### Limits", "", f"{told['limits']} {adapters(component, name)}", "")
    yield from ("### Example", "", "```python", told["example"].strip(), "```", "")


DATA = tomllib.loads((FOLDER / "operations.toml").read_text(encoding="utf-8"))


def page(name: str) -> str:
    """One page: what holds for all its operations, then each of them."""
    about = DATA["pages"][name]
    component = name.partition("-")[0]
    others = ", ".join(f"`{name}`" for name in ANY_OF)
    lines = [
        f"# {about['title']}",
        "",
        "Made from the code by `docs/reference/make_operations.py`. An asyncio caller awaits the same calls, or",
        "iterates with `async for`.",
        "",
        "Any call may also raise `NotSupported`, where the adapter does not do it, and what account, pace and",
        f"the network bring: {others}. The page of [errors](../../errors.md) says what each promises.",
        "",
        "The examples below stand on this:",
        "",
        "```python",
        about["begin"].strip(),
        "```",
        "",
    ]
    remedy = remedies()
    for one in about["operations"]:
        lines += operation(component, one, DATA[component][one], remedy)
    return "\n".join(lines).rstrip() + "\n"


def index() -> str:
    """The page that leads to each operation."""
    lines = [
        "# Operations",
        "",
        "Every call of the three services: its arguments, its result, its errors and their remedies, its limits,",
        "and an example. Made from the code by `docs/reference/make_operations.py`.",
        "",
        "| page | calls |",
        "| --- | --- |",
    ]
    for name, about in DATA["pages"].items():
        component = name.partition("-")[0]
        calls = (f"[{component}.{one}]({name}.md#gov{component}{one})" for one in about["operations"])
        lines.append(f"| [{about['title']}]({name}.md) | {', '.join(calls)} |")
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {"operations/README.md": index} | {
    f"operations/{name}.md": partial(page, name) for name in DATA["pages"]
}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")
