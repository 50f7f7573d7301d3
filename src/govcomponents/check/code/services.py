"""Calls of the components, known by the names that a service gives these in any of its modules."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govcomponents.check.code.handed_on import call_of_method, named_methods
from govcomponents.check.code.syntax.expressions import last_name, names_in, text_of
from govcomponents.check.code.syntax.module import Module
from govcomponents.check.code.syntax.site import TAKES_A_CALL, Site

if TYPE_CHECKING:
    from collections.abc import Iterable

_COMPONENTS: Final = frozenset({"pay", "notify", "identity"})
_MADE: Final = frozenset({"GovComponents", "AsyncGovComponents"})
_LATER: Final = frozenset({"Durable", "AsyncDurable"})
_ENTERS: Final = frozenset({"enter_context", "enter_async_context"})
_STEPS: Final = 4
"""How often components are followed from one name to the next."""
_SHELLS: Final = frozenset({"GovComponentsFlask", "FastAPIGov", "StarletteGov", "WebHandlers", "AsyncWebHandlers"})
_SERVICES: Final = {
    f"{way}{component.capitalize()}Service": component for component in _COMPONENTS for way in ("", "Async")
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of a component. `is_later` if the durable layer makes it."""

    module: Module
    site: Site
    component: str
    name: str
    is_later: bool


@dataclass(frozen=True, slots=True)
class Services:
    """The names that the service gives its components and its durable layer, in any of its modules."""

    components: frozenset[str]
    later: frozenset[str]

    @classmethod
    def of(cls, modules: Iterable[Module]) -> Services:
        """Find the names: what is bound to components that are made there, or annotated as such."""
        components, later = {"gov"}, {"later"}
        every = list(modules)
        for module in every:
            if "GovComponents" not in module.file.text and "Durable" not in module.file.text:
                continue
            for name, values in (*module.bound.items(), *module.typed.items(), *module.returned.items()):
                for value in values:
                    mentioned = {module.known_as(one) for one in _made_by(value)}
                    if mentioned & _MADE:
                        components.add(name)
                    elif mentioned & _LATER:
                        later.add(name)
        for _ in range(_STEPS):  # names of those names: `self.client = gov`, `client = get_gov()`, `remind(gov)`
            before = len(components)
            for module in every:
                for name, values in (*module.bound.items(), *module.returned.items(), *module.typed.items()):
                    if name and any(_passed_on(value) in components for value in values):
                        components.add(name)
            components |= _handed(every, components)
            if len(components) == before:
                break
        later.discard("gov")
        return cls(frozenset(components), frozenset(later))

    def operations(self, module: Module) -> list[Operation]:
        """Return the calls of components in a module."""
        own = self._own_names(module)

        def find(node: ast.AST) -> tuple[str, bool] | None:
            return self._component(node, own, module)

        named = named_methods(module, find)
        found = []
        for site in module.sites:
            func = site.call.func
            known = find(func.value) if isinstance(func, ast.Attribute) else None
            if isinstance(func, ast.Attribute) and known is not None:
                found.append(Operation(module, site, known[0], func.attr, known[1]))
            elif (handed_on := call_of_method(site, module, named, find)) is not None:
                method, meant = handed_on
                found.append(Operation(module, meant, method.component, method.name, method.is_later))
        return found

    def _own_names(self, module: Module) -> dict[str, tuple[str, bool]]:
        """Names that are one component in this module: `pay = gov.pay`, `pay: PayService`."""
        own: dict[str, tuple[str, bool]] = {}
        for name, values in (*module.typed.items(), *module.returned.items()):
            for value in values:
                aliased = module.bound.get(value.id, []) if isinstance(value, ast.Name) else []
                kinds = names_in(value).union(*map(names_in, aliased)) if _is_type(value) else frozenset()
                for kind in kinds & _SERVICES.keys():
                    own[name] = (_SERVICES[kind], False)
        for name, values in module.bound.items():
            known = [self._component(value, {}, module) for value in values]
            if known and known[0] is not None and len(set(known)) == 1:
                own[name] = known[0]
        return own

    def _component(self, node: ast.AST, own: dict[str, tuple[str, bool]], module: Module) -> tuple[str, bool] | None:
        if isinstance(node, ast.Attribute) and node.attr in _COMPONENTS:
            holder = node.value
            if isinstance(holder, ast.Call) and last_name(holder.func) == "account":
                holder = holder.func.value if isinstance(holder.func, ast.Attribute) else holder
            if isinstance(holder, ast.Call) and {module.known_as(one) for one in _made_by(holder)} & _MADE:
                return node.attr, False
            name = _passed_on(holder)
            if isinstance(holder, ast.Name) and name in module.origins:
                name = module.origins[name].rpartition(".")[2]  # `from .platform import gov as p`
            if name in self.later:
                return node.attr, True
            if name in self.components or name == "components":
                return node.attr, False
        name = _passed_on(node)
        return own.get(name) if name else None


def _handed(modules: list[Module], components: set[str]) -> set[str]:
    """The parameters of functions that are given components: client of `def remind(client)`, called as `remind(gov)`.

    Of functions with the same name none is meant.
    """
    functions: dict[str, list[list[str]]] = {}
    for module in modules:
        for name, each in module.parameters.items():
            functions.setdefault(name, []).extend(each)
    found = set()
    for module, site in ((one, site) for one in modules for site in one.sites):
        name, args = site.name, site.call.args
        if name in TAKES_A_CALL and args:  # asyncio.to_thread(remind, gov)
            name, args = last_name(args[0]), args[1:]
        known = functions.get(name, [])
        if len(known) != 1 or site.is_open:
            continue
        given = [*zip(known[0], args, strict=False), *((one.arg or "", one.value) for one in site.call.keywords)]
        for parameter, value in given:
            made = {module.known_as(one) for one in _made_by(value)} if isinstance(value, ast.Call) else set()
            if parameter in known[0] and (_passed_on(value) in components or made & _MADE):
                found.add(parameter)
    return found


def is_shell(site: Site) -> bool:
    """Whether a call makes a shell for a web framework."""
    return site.name in _SHELLS


def is_durable(site: Site) -> bool:
    """Whether a call makes the durable layer."""
    return site.name in _LATER


def is_made(site: Site, module: Module) -> bool:
    """Whether a call makes components: GovComponents.from_settings() and its like."""
    func = site.call.func
    return (
        isinstance(func, ast.Attribute)
        and func.attr in ("from_settings", "sandbox")
        and module.known_as(last_name(func.value)) in _MADE
    )


def _is_type(node: ast.AST) -> bool:
    """Whether an expression may be an annotation: a function's returned values stand beside it, and are none."""
    return isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.BinOp, ast.Constant))


def _passed_on(node: ast.AST) -> str:
    """Return the name by which an expression takes something that is there: b of `a.b`, of `c["b"]` and of `b()`."""
    while isinstance(node, ast.Await):
        node = node.value
    if isinstance(node, ast.Call):
        return last_name(node.func) if not (node.args or node.keywords) else ""
    return (text_of(node.slice) or "") if isinstance(node, ast.Subscript) else last_name(node)


def _made_by(node: ast.AST) -> frozenset[str]:
    """Return the names of what is called to make a value, or of its annotation."""
    while isinstance(node, ast.Await):
        node = node.value
    if isinstance(node, ast.Call):
        func = node.func
        if last_name(func) in _ENTERS and len(node.args) == 1:
            return _made_by(node.args[0])
        return frozenset({last_name(func), last_name(func.value) if isinstance(func, ast.Attribute) else ""})
    if isinstance(node, (ast.BoolOp, ast.IfExp)):
        parts = node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse]
        return frozenset().union(*map(_made_by, parts))
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.BinOp, ast.Constant)):
        return names_in(node)
    return frozenset()
