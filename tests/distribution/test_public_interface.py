"""The public names, their twins for blocking and asyncio callers, and what every module says of itself."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator

import pytest

import govcomponents
from govcomponents import errors
from govcomponents.core.http.runtime import VERSION

from .sources import COMPONENTS, PACKAGE, ROOT, modules

DOORS = [
    "govcomponents",
    *(f"govcomponents.{component}" for component in COMPONENTS),
    "govcomponents.adapters",
    "govcomponents.durable",
    "govcomponents.observability",
    "govcomponents.pytest_plugin",
    "govcomponents.testing",
    "govcomponents.web",
]


NAMES_NOTHING = re.compile(r"(What|Which|Who|Whose|Why|How|When|Where)\b")
"""A clause in the place of the concept. "Whether" is right for a question that is answered with yes or no."""

_Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

FOR_CALLERS = {"service", "async_service", "models", "inputs", "ids", "states", "events", "levels", "pending", "port"}
TWINS = {
    "pay": ("PayService", "AsyncPayService"),
    "notify": ("NotifyService", "AsyncNotifyService"),
    "identity": ("IdentityService", "AsyncIdentityService"),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_door_lists_its_names_and_type_checkers_see_the_same(door: str) -> None:
    module = importlib.import_module(door)
    block = next(node for node in modules()[door].body if isinstance(node, ast.If))
    imported = [alias for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(alias.name for alias in imported) == module.__all__
    assert all(alias.asname == alias.name for alias in imported)
    assert len(set(module.__all__)) == len(module.__all__)
    assert {name for name in dir(module) if not name.startswith("__")} == set(module.__all__)


def test_the_package_exports_what_every_service_needs() -> None:
    needed = {"Account", "AsyncGovComponents", "CallEvent", "CheckResult", "GovComponents", "Money", "Observer"}
    needed |= {"AnyObserver", "Attempt", "AttemptOutcome", "Happening", "Headers", "Operation", "Personal"}
    needed |= {"RetryPolicy", "Secret", "Settings"}
    assert set(govcomponents.__all__) == needed | set(errors.__all__)
    assert errors.__all__ == sorted(errors.__all__)


def _told(module: str, name: str) -> str | None:
    """The docstring of a name where it is defined: for a constant, the text below it."""
    body = modules()[module].body
    for node, below in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == name:
            return ast.get_docstring(node)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            told = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and below.value.value
            return told or None
    for node in body:  # a package that passes on what its modules define
        if isinstance(node, ast.ImportFrom) and name in [alias.name for alias in node.names]:
            return _told(str(node.module), name)
    raise AssertionError(f"{module} does not define {name}")


@pytest.mark.parametrize("door", DOORS)
def test_every_exported_name_can_be_imported_and_is_documented(door: str) -> None:
    module = importlib.import_module(door)
    homes = {name: home for home, names in vars(module)["_HOMES"].items() for name in names.split()}
    told = {name: _told(f"govcomponents.{homes[name]}", name) or "" for name in module.__all__}
    assert [name for name in told if getattr(module, name) is None] == []
    assert [name for name, text in told.items() if not text] == [], "say nothing of themselves"
    assert [name for name, text in told.items() if NAMES_NOTHING.match(text)] == [], "told by a clause, not a name"


def test_a_name_means_the_same_at_every_door() -> None:
    """But for what each component has of its own, and the fixtures' classes, which are called as their fixtures are."""
    homes: dict[str, set[str]] = {}
    for door in DOORS:
        for home, names in vars(importlib.import_module(door))["_HOMES"].items():
            for name in names.split():
                homes.setdefault(name, set()).add(home)
    twice = {name: found for name, found in homes.items() if len(found) > 1}
    assert twice == {
        "Clock": {"core.times", "pytest_plugin.clock"},
        "Person": {"web.person", "pytest_plugin.person"},
        "UnknownEvent": {"pay.events", "notify.events", "identity.events"},
    }


def test_every_public_class_function_and_method_says_what_it_is() -> None:
    """All of the package, so also what a public name inherits or hands out; a test of the kit is told by its name."""
    silent, unnamed = [], []
    for name, tree in modules().items():
        for where, node in _public_definitions(name, tree.body):
            told = ast.get_docstring(node) or ""
            if not told:
                silent.append(where)
            elif NAMES_NOTHING.match(told):
                unnamed.append(f"{where}: {told}")
    assert (silent, unnamed) == ([], [])


def _public_definitions(where: str, body: list[ast.stmt]) -> Iterator[tuple[str, _Definition]]:
    for node in body:
        if isinstance(node, _Definition) and not node.name.startswith(("_", "test_")):
            if any(ast.unparse(decorator).endswith(("overload", ".setter")) for decorator in node.decorator_list):
                continue
            yield f"{where}.{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from _public_definitions(f"{where}.{node.name}", node.body)


def test_a_name_that_is_not_exported_is_an_attribute_error() -> None:
    for door in DOORS:
        with pytest.raises(AttributeError, match="has no attribute 'NoSuchName'"):
            getattr(importlib.import_module(door), "NoSuchName")  # noqa: B009  # the way that is meant


def test_the_version_is_told_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION
    assert f"## {VERSION}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_importing_the_doors_imports_nothing_heavy() -> None:
    heavy = [
        "requests",
        "aiohttp",
        "pydantic",
        "pydantic_settings",
        "cryptography",
        "jwt",
        "tenacity",
        "jinja2",
        "sqlalchemy",
        "asyncio",
    ]
    code = f"import sys, {', '.join(DOORS)}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_name_that_needs_what_is_not_installed_says_how_it_is_installed() -> None:
    code = """
import sys
sys.modules["pytest"] = sys.modules["sqlalchemy"] = None
from govcomponents import ConfigurationError
for name in ("testing import NotifySuite", "testing import let_time_pass", "durable import Durable"):
    try:
        exec(f"from govcomponents.{name}")
    except ConfigurationError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    durable = """needs sqlalchemy, which is not installed. To fix: pip install "govcomponents[durable]\""""
    assert done.stdout.splitlines() == [
        "govcomponents.testing.NotifySuite needs pytest, which is not installed. To fix: pip install pytest",
        f"govcomponents.testing.let_time_pass {durable}",
        f"govcomponents.durable.Durable {durable}",
    ]


def test_every_module_says_its_job_in_one_line() -> None:
    told = {name: ast.get_docstring(tree) or "" for name, tree in modules().items()}
    firsts = {name: doc.partition("\n")[0] for name, doc in told.items()}
    assert [name for name, first in firsts.items() if not first.endswith((".", ":"))] == [], (
        "no docstring, or no sentence"
    )
    assert [name for name, first in firsts.items() if NAMES_NOTHING.match(first)] == [], "told by a clause, not a name"


def test_no_module_is_called_by_what_it_is_not() -> None:
    empty = re.compile(r"(^|_)(utils?|helpers?|common|misc|managers?)($|_)")
    assert [name for name in modules() if empty.search(name.rpartition(".")[2])] == []


def _members(kind: type) -> dict[str, object]:
    return {name: value for name, value in inspect.getmembers_static(kind) if not name.startswith("_")}


def _as_blocking(annotation: object) -> object:
    """An asyncio annotation as its blocking twin has it."""
    return (
        re.sub(
            r"\bAsync(Iterator|Iterable)\b",
            r"\1",
            re.sub(r"\bAsyncGenerator\[(.*), None\]", r"Iterator[\1]", annotation),
        )
        if isinstance(annotation, str)
        else annotation
    )


@pytest.mark.parametrize("component", COMPONENTS)
def test_blocking_and_asyncio_service_objects_are_twins(component: str) -> None:
    blocking, asyncio_ = (
        getattr(importlib.import_module(f"govcomponents.{component}"), name) for name in TWINS[component]
    )
    ours, theirs = _members(blocking), _members(asyncio_)
    assert list(ours) == list(theirs)
    assert ours, "a service object without operations"
    for name, one in ours.items():
        other = theirs[name]
        assert type(one) is type(other), name
        assert inspect.getdoc(one) == inspect.getdoc(other), name
        assert inspect.getdoc(one), name
        one, other = (
            value.__func__ if isinstance(value, (staticmethod, classmethod)) else value for value in (one, other)
        )
        if not callable(one):
            continue
        assert callable(other)
        mine, its = inspect.signature(one), inspect.signature(other)
        assert [(p.name, p.kind, p.default) for p in mine.parameters.values()] == [
            (p.name, p.kind, p.default) for p in its.parameters.values()
        ], name
        assert mine.return_annotation == _as_blocking(its.return_annotation), name
        assert not inspect.iscoroutinefunction(one), name


def test_the_two_entrances_are_twins() -> None:
    def shape(kind: type) -> dict[str, object]:
        return {name: str(inspect.signature(getattr(kind, name))) for name in ("from_settings", "sandbox")}

    assert shape(govcomponents.GovComponents) == shape(govcomponents.AsyncGovComponents)
    renamed = {"aclose": "close"}
    names = {renamed.get(name, name) for name in _members(govcomponents.AsyncGovComponents)}
    assert names == set(_members(govcomponents.GovComponents))


def _public_annotations(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Every annotation of a public function, method or field."""
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
            yield from _of_function(node.name, node)
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for part in node.body:
                if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                    if not part.target.id.startswith("_"):
                        yield f"{node.name}.{part.target.id}", part.annotation
                elif isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)) and (
                    part.name == "__init__" or not part.name.startswith("_")
                ):
                    yield from _of_function(f"{node.name}.{part.name}", part)


def _of_function(name: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, ast.expr]]:
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    for argument in every:
        if argument is not None and argument.annotation is not None:
            yield f"{name}({argument.arg})", argument.annotation
    if node.returns is not None:
        yield f"{name}()", node.returns


def _is_for_callers(name: str) -> bool:
    parts = name.split(".")
    if len(parts) < 3:
        return True
    return parts[1] in COMPONENTS and len(parts) == 3 and parts[2] in FOR_CALLERS


@pytest.mark.parametrize("name", [name for name in modules() if _is_for_callers(name)])
def test_nothing_public_is_annotated_with_any(name: str) -> None:
    found = [
        where
        for where, annotation in _public_annotations(modules()[name])
        if any(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(annotation))
    ]
    assert found == []


def test_a_caller_can_name_every_type_of_a_service() -> None:
    """What stands in a signature or a field is exported, so that a service's own functions can be annotated with it."""
    exported = {name for door in DOORS for name in importlib.import_module(door).__all__}
    exported |= {"GuardedMetadata", "Policy"}  # a mapping, to those who read it; what only `GovComponents` passes
    found = [
        f"{name}: {where} is a {node.id}"
        for component in COMPONENTS
        for name, tree in modules().items()
        if name.startswith(f"govcomponents.{component}.operations.") or _is_of_callers(name, component)
        for where, annotation in _public_annotations(tree)
        for node in ast.walk(annotation)
        if isinstance(node, ast.Name) and node.id in {*_of_the_package(tree)} - exported and node.id != "PortT"
    ]
    assert found == []


def _is_of_callers(name: str, component: str) -> bool:
    return name in [f"govcomponents.{component}.{part}" for part in ("service", "async_service", "models", "events")]


def _of_the_package(tree: ast.Module) -> Iterator[str]:
    """The names that a module imports from others of the package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("govcomponents."):
            yield from (alias.asname or alias.name for alias in node.names)


def test_the_pytest_plugin_takes_no_name_that_a_project_may_have() -> None:
    from govcomponents.contracts import fixtures

    found = [name for name, value in vars(fixtures).items() if type(value).__name__ == "FixtureFunctionDefinition"]
    assert found
    assert [name for name in found if not name.startswith("gov_")] == []


def test_every_error_class_is_raised_by_the_package() -> None:
    own = {PACKAGE / "errors.py", PACKAGE / "__init__.py"}
    sources = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py") if path not in own)
    bases = {"GovComponentsError", "Refused", "SignInError"}  # for `except`, never raised themselves
    assert [name for name in errors.__all__ if name not in bases and not re.search(rf"\b{name}\b", sources)] == []
