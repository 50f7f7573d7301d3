"""Settings written in code, `Settings(environment="production", pay={...})`, as far as they can be read there."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from govcomponents.check.code.syntax.expressions import dotted, last_name, text_of
from govcomponents.check.settings.sources import COMPONENTS, PREFIX, Source, Value, is_section

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from govcomponents.check.code.syntax.module import Module
    from govcomponents.check.code.syntax.site import Site

_SECTIONS: Final = frozenset({"dict", "PaySettings", "NotifySettings", "IdentitySettings"})


def settings_in_code(modules: Iterable[Module]) -> Iterator[Source]:
    """Give the settings that modules hold. Their credentials are left out: it is wrong enough that they are there."""
    for module in modules:
        for site in module.sites:
            if _is_settings(site, module):
                found = dict(_each(site, module))
                is_whole = site.name != "from_environment" and not site.is_open and f"{PREFIX}ENVIRONMENT" in found
                yield Source(module.file.path, found, is_whole, module.file, line=site.call.lineno)


def _is_settings(site: Site, module: Module) -> bool:
    func = site.call.func
    if site.name == "from_environment" and isinstance(func, ast.Attribute):
        func = func.value
    first, _, rest = dotted(func).partition(".")
    origin = module.origins.get(first, "")
    return origin.partition(".")[0] == "govcomponents" and "Settings" in (rest or origin.rpartition(".")[2]).split(".")


def _each(site: Site, module: Module) -> Iterator[tuple[str, Value]]:
    for one in site.call.keywords:
        if one.arg == "environment":
            yield _value("environment", one.value)
        elif one.arg in COMPONENTS:
            yield from _section(one.arg, one.value, module)


def _section(before: str, node: ast.expr, module: Module) -> Iterator[tuple[str, Value]]:
    if isinstance(node, ast.Name) and len(module.bound.get(node.id, ())) == 1:
        node = module.bound[node.id][0]
    for name, value in _parts(node):
        is_mapping = isinstance(value, ast.Dict) or (isinstance(value, ast.Call) and last_name(value.func) in _SECTIONS)
        if is_mapping and is_section(f"{before}__{name}"):
            yield from _section(f"{before}__{name}", value, module)
        else:
            yield _value(f"{before}__{name}", value)


def _parts(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            yield text_of(key) or "", value
    elif isinstance(node, ast.Call) and last_name(node.func) in _SECTIONS:
        for one in node.keywords:
            yield one.arg or "", one.value


def _value(name: str, node: ast.expr) -> tuple[str, Value]:
    variable = f"{PREFIX}{name.upper()}"
    text = _text(node)
    return variable, Value(variable, None if text is None or "_live_" in text else text, node.lineno)


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Call) and last_name(node.func) == "Secret" and len(node.args) == 1:
        node = node.args[0]
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        texts = [_text(one) for one in node.elts]
        return ",".join(one for one in texts if one) if texts and None not in texts else None
    return text_of(node) or None
