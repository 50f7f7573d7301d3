"""Writes the reference: every setting, every command, and every public name, each from the code.

python docs/reference/make_pages.py
"""

from __future__ import annotations

import argparse
import ast
import inspect
import re
from enum import Enum
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from govcomponents.cli.main import parser
from govcomponents.identity.adapters.login_gov.settings import LoginGovSettings
from govcomponents.identity.adapters.oidc.settings import OpenIdConnectSettings
from govcomponents.identity.adapters.one_login.settings import OneLoginSettings
from govcomponents.identity.adapters.settings import AdapterSettings
from govcomponents.notify.adapters.smtp.settings import SETTINGS as OF_SMTP
from govcomponents.settings import IdentitySettings, NotifySettings, PaySettings, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
MADE = "Made from the code by `docs/reference/make_pages.py`."

# ------------------------------------------------------------------------------------------------------------ settings

OF_ALL = (("pay", PaySettings), ("notify", NotifySettings), ("identity", IdentitySettings))
OF_AN_ADAPTER = (
    ("identity", "one_login", OneLoginSettings),
    ("identity", "login_gov", LoginGovSettings),
    ("identity", "oidc", OpenIdConnectSettings),
)
SMTP = {
    "host": ("text", "required", "the mail server's name"),
    "port": ("whole number", "587, 465 or 25", "the port; by default that of the security"),
    "security": ("starttls, tls or none", "`starttls`", "how the connection is encrypted; none on this machine only"),
    "username": ("text", "", "the name to log in with, if the server wants one"),
    "password": ("secret", "", "the password"),
    "sender": ("text", "required", "the address that emails come from"),
    "sender_name": ("text", "", "the name that stands beside it"),
    "templates_folder": ("a folder", "required", "the folder of the template files"),
    "hello_name": ("text", "the sender's domain", "the name with which this machine greets the server"),
}


def type_name(annotation: object) -> str:
    """A type in plain words."""
    text = str(annotation)
    if "Secret" in text:
        return "secrets, comma-separated" if "tuple" in text else "secret"
    if "Literal" in text and "Mapping" not in text and "dict" not in text:
        words = re.findall(r"'([^']+)'", text)
        return f"several of {', '.join(words)}" if "tuple" in text else " or ".join(words)
    for sign, name in (
        ("Mapping", "a table"),
        ("dict", "a table"),
        ("tuple", "several, comma-separated"),
        ("list", "several, comma-separated"),
        ("bool", "true or false"),
        ("int", "whole number"),
        ("float", "number"),
        ("Path", "a file"),
        ("date", "a day"),
        ("Any", "an object, or text"),
    ):
        if sign in text:
            return name
    return "text"


def default_of(field: Any) -> str:
    """The default of a setting, in plain words."""
    if field.is_required():
        return "required"
    value = field.default
    if value is None or value == () or field.default_factory is not None:
        return ""
    shown = value.value if isinstance(value, Enum) else ",".join(value) if isinstance(value, tuple) else value
    return f"`{str(shown).lower() if isinstance(shown, bool) else shown}`"


def rows_of(component: str, model: type[BaseModel], leave_out: frozenset[str] = frozenset()) -> Iterator[str]:
    """The rows of the settings of a section."""
    for name, field in model.model_fields.items():
        if name in {"accounts", *leave_out}:
            continue
        if not field.description:
            raise LookupError(f"{model.__name__}.{name} has no description")
        variable = f"GOVCOMPONENTS_{component.upper()}__{name.upper()}"
        told = field.description.replace("|", "\\|")
        yield f"| `{variable}` | {type_name(field.annotation)} | {default_of(field)} | {told} |"


def settings() -> str:
    """The page of all settings."""
    head = ["| variable | type | default | what it is |", "| --- | --- | --- | --- |"]
    lines = [
        "# All settings",
        "",
        MADE,
        "Where settings come from, and how accounts have their own: [settings and accounts](../settings.md).",
        "A secret is never shown. Times are in seconds.",
        "",
        "## For all components",
        "",
        *head,
    ]
    whole = Settings.model_fields
    for name in ("environment", "time_limit"):
        field = whole[name]
        told = field.description or WHOLE[name]
        lines.append(
            f"| `GOVCOMPONENTS_{name.upper()}` | {type_name(field.annotation)} | {default_of(field)} | {told} |"
        )
    for component, model in OF_ALL:
        lines += ["", f"## {component.capitalize()}, whichever adapter", "", *head, *rows_of(component, model)]
    lines += ["", "## Notify by a mail server (`smtp`)", "", *head]
    if set(SMTP) != OF_SMTP:
        raise LookupError(f"say what each setting of smtp is: {set(SMTP) ^ OF_SMTP}")
    for name, (kind, default, told) in SMTP.items():
        lines.append(f"| `GOVCOMPONENTS_NOTIFY__{name.upper()}` | {kind} | {default} | {told} |")
    lines += ["", "## Identity, each built-in adapter", "", *head, *rows_of("identity", AdapterSettings)]
    shared = frozenset({*IdentitySettings.model_fields, *AdapterSettings.model_fields})
    for component, adapter, own in OF_AN_ADAPTER:
        lines += ["", f"## {component.capitalize()} by `{adapter}`", "", *head, *rows_of(component, own, shared)]
    return "\n".join(lines) + "\n"


WHOLE = {
    "environment": "where this process runs: production, staging, test or development",
    "time_limit": "the most seconds that a call may take, with all its attempts",
}

# ------------------------------------------------------------------------------------------------------------ commands

BUILD = ("sandbox", "identity", "notify", "new-adapter", "contract")
"""Commands for those who build a service; all others are for those who run one."""


OF_MANY = ("--database", "--json")


def commands(
    whole: argparse.ArgumentParser, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str, argparse.ArgumentParser]]:
    """Each command with what it does."""
    for action in whole._actions:  # noqa: SLF001  # argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  # the same
            helps = {one.dest: one.help or "" for one in action._choices_actions}  # noqa: SLF001  # the same
            for name, one in action.choices.items():
                inner = list(commands(one, (*path, name)))
                yield from inner or [((*path, name), helps.get(name, ""), one)]


def command(path: tuple[str, ...], told: str, one: argparse.ArgumentParser) -> Iterator[str]:
    """A command: what it does, and a table of its options."""
    yield f"## govcomponents {' '.join(path)}\n"
    yield f"{told[:1].upper()}{told[1:]}.\n" if told else ""
    actions = [action for action in one._actions if action.help is not argparse.SUPPRESS]  # noqa: SLF001  # the same
    of_many = [name for name in OF_MANY for action in actions if name in action.option_strings]
    if of_many:
        yield f"Takes {' and '.join(f'`{name}`' for name in of_many)}.\n"
    actions = [action for action in actions if not {"--help", *OF_MANY} & set(action.option_strings)]
    if not actions:
        return
    yield "| argument | value | default | what it does |"
    yield "| --- | --- | --- | --- |"
    for action in actions:
        names = ", ".join(f"`{name}`" for name in action.option_strings) or f"`{action.metavar or action.dest}`"
        value = "" if action.nargs == 0 else str(action.metavar or action.dest).upper()
        if action.choices:
            value = ", ".join(f"`{choice}`" for choice in action.choices)
        plain = action.default not in (None, False, argparse.SUPPRESS, [], ())
        default = f"`{action.default}`" if plain else ""
        text = re.sub(r"\s+", " ", (action.help or "").replace("%(default)s", str(action.default)))
        text = re.sub(r" \(default: .*?\)$", "", text) if plain else text
        yield f"| {names} | {value} | {default} | {text.replace('|', chr(92) + '|').replace('%%', '%')} |"
    yield ""


def command_line(title: str, wanted: bool) -> str:  # noqa: FBT001  # one of two pages
    """One page of commands."""
    lines = [
        f"# {title}",
        "",
        MADE,
        "What the exit statuses mean: [the command line](../command-line.md). `--database URL` names the database",
        "(`DATABASE_URL` of the environment if it is not given), `--json` reports as one JSON object.",
        "",
    ]
    for path, told, one in commands(parser()):
        if (path[0] in BUILD) is wanted:
            lines += command(path, told, one)
    return "\n".join(lines).rstrip("\n") + "\n"


# ------------------------------------------------------------------------------------------------------- public names

DOORS = {
    "govcomponents": "The entrance: where settings become services, money, guarded values, errors, observers.",
    "govcomponents.pay": "Payments: the service, its results, events and words.",
    "govcomponents.notify": "Messages: the service, its results, events and words.",
    "govcomponents.identity": "Signing people in and proving identity.",
    "govcomponents.durable": "Calls and callbacks as rows in your own database.",
    "govcomponents.web": "Sign-in, callbacks and health for any web framework.",
    "govcomponents.observability": "Logs, metrics and traces.",
    "govcomponents.testing": "The sandbox, test doubles and contract suites.",
    "govcomponents.pytest_plugin": "Types of the fixtures of the pytest plugin.",
    "govcomponents.adapters": "What an adapter of your own is made of.",
}


def kind_of(one: object) -> str:
    """What a public name is, in a word."""
    if inspect.isclass(one):
        if issubclass(one, Enum):
            return "words"
        if issubclass(one, BaseException):
            return "error"
        return "protocol" if getattr(one, "_is_protocol", False) else "class"
    if inspect.isroutine(one):
        return "function"
    return "id" if hasattr(one, "__supertype__") else "type or constant"


def told_below(module: str, name: str) -> str:
    """The text below a constant, an id or a type, where it is defined."""
    place = import_module(module).__file__
    if place is None:
        return ""
    body = ast.parse(Path(place).read_text(encoding="utf-8")).body
    for node in [*body, *(inner for one in body if isinstance(one, ast.If) for inner in one.body)]:
        if isinstance(node, ast.ImportFrom) and node.module and name in [alias.name for alias in node.names]:
            return told_below(node.module, name)
    for node, below in pairwise(body):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        is_it = any(isinstance(target, ast.Name) and target.id == name for target in targets)
        if is_it and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            return inspect.cleandoc(str(below.value.value))
    return ""


def home_of(module: str, name: str) -> str:
    """The module that defines a name, which a door passes on."""
    place = import_module(module).__file__
    body = ast.parse(Path(place).read_text(encoding="utf-8")).body if place else []
    for node in [*body, *(inner for one in body if isinstance(one, ast.If) for inner in one.body)]:
        if isinstance(node, ast.ImportFrom) and node.module and name in [alias.name for alias in node.names]:
            return home_of(node.module, name)
    return module


def first_sentence(door: str, name: str, one: object) -> str:
    """The first sentence of what a name says of itself."""
    own = inspect.isclass(one) or inspect.isroutine(one)
    text = (inspect.getdoc(one) or "") if own else told_below(door, name)
    if not text:
        raise LookupError(f"{door}.{name} says nothing of itself")
    return re.sub(r"\s+", " ", text.partition("\n\n")[0]).replace("|", "\\|")


def names(door: str) -> str:
    """The page of one door: a table of its names, and below it each in full, on the site."""
    module = import_module(door)
    lines = [
        f"# {door}",
        "",
        f"{DOORS[door]} {MADE} On the site each name stands in full below the table.",
        "",
        "| name | is | in short |",
        "| --- | --- | --- |",
    ]
    for name in module.__all__:
        one = getattr(module, name)
        lines.append(f"| `{name}` | {kind_of(one)} | {first_sentence(door, name, one)} |")
    lines += ["", "## In full", ""]
    for name in module.__all__:
        lines += [f"::: {home_of(door, name)}.{name}", ""]
    lines.pop()
    return "\n".join(lines) + "\n"


COMPONENTS = ("pay", "notify", "identity")
CAPABILITIES = ", ".join(f"[{part}](../{part}/capabilities.md)" for part in COMPONENTS)
PORTS = ", ".join(f"[{part}](ports/{part}.md)" for part in COMPONENTS)


def index() -> str:
    """The first page of the reference."""
    lines = [
        "# Reference",
        "",
        f"{MADE} What is not on these pages, or on those that they link to, may change without notice.",
        "",
        "| door | what stands behind it |",
        "| --- | --- |",
    ]
    lines += [f"| [`{door}`]({file_of(door)}) | {told} |" for door, told in DOORS.items()]
    lines += [
        "",
        "| table | page |",
        "| --- | --- |",
        "| operations | [every call](operations/README.md): arguments, result, errors, limits, example |",
        "| settings | [all settings](settings.md) |",
        "| commands | [to build and test](commands-to-build.md), [to run](commands-to-run.md) |",
        "| errors | [all](../errors.md); codes of [payments](../pay/errors.md), [messages](../notify/errors.md) |",
        "| metrics | [all metrics](../operations/metrics.md) |",
        "| spans and log lines | [seen from outside](../observability.md) |",
        "| tables and columns | [what is kept](../durable/data.md) |",
        f"| what each adapter can do, and what proves it | {CAPABILITIES} |",
        "| states, doubts after a lost answer | [states](states.md), [states and doubts](../durable/states.md) |",
        "| who asks whom | [sequences](sequences.md) |",
        f"| what an adapter is given, and what it gives | {PORTS} |",
        "| the sandbox | [faults](../sandbox/faults.md), [scenarios](../sandbox/scenarios.md) |",
    ]
    return "\n".join(lines) + "\n"


def file_of(door: str) -> str:
    """The file of a door's page."""
    return f"names/{door.rpartition('.')[2]}.md"


PAGES: dict[str, Any] = {
    "README.md": index,
    "settings.md": settings,
    "commands-to-build.md": lambda: command_line("Commands to build and test with", True),  # noqa: FBT003
    "commands-to-run.md": lambda: command_line("Commands to run a service with", False),  # noqa: FBT003
} | {file_of(door): (lambda door=door: names(door)) for door in DOORS}

if __name__ == "__main__":
    for page, make in PAGES.items():
        (HERE / page).write_text(make(), encoding="utf-8")
