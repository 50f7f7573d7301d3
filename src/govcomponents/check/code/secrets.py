"""Rules about what must stay hidden: revealed values in logs, and credentials in code."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final

from govcomponents.check.code.syntax.expressions import last_name, text_of
from govcomponents.check.credentials import credential_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcomponents.check.code.sending import Found
    from govcomponents.check.code.syntax.module import Module
    from govcomponents.check.code.syntax.site import Site

_LOGGER: Final = re.compile(r"(?:^|_)log(?:s|ger|ging)?$|^structlog$", re.IGNORECASE)
_METHODS: Final = frozenset(
    {"debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log", "msg", "bind", "notice"}
)
_TRACKERS: Final = frozenset(
    {
        *("capture_message", "add_breadcrumb", "set_tag", "set_context", "set_user", "set_extra"),
        *("set_attribute", "set_attributes"),
    }
)
_SAME_TEXT: Final = frozenset({"str", "format", "strip", "lower", "upper", "title", "casefold"})
_PRINTS: Final = frozenset({"print", "pprint", "pp", "echo", "secho"})
_LEAST_SECRET: Final = 12
_STREAMS: Final = frozenset({"stdout", "stderr"})


def secrets_in_logs(module: Module) -> Iterator[Found]:
    """GC302: a log call, or what is printed, is given a value that was revealed."""
    if "reveal" not in module.file.text:
        return
    for site in module.sites:
        if _is_log(site) and (what := _revealed(site)):
            yield "GC302", site.call, f"`{site.name}` is given {what}"


def secrets_in_code(module: Module) -> Iterator[Found]:
    """GC309: a credential is written into the code."""
    for text in module.texts:
        if isinstance(text.value, str) and (what := credential_in(text.value)):
            yield "GC309", text, f"{what} is written into the code"
    if "Secret" in module.file.text:
        for site in module.sites:
            written = text_of(site.argument(0, "value")) if module.is_ours(site.call.func, "Secret") else None
            if written is not None and len(written) >= _LEAST_SECRET and not credential_in(written):
                yield "GC309", site.call, "a Secret is made of a text that is written into the code"


def _is_log(site: Site) -> bool:
    func = site.call.func
    if site.name in _PRINTS and isinstance(func, (ast.Name, ast.Attribute)):
        file = site.keyword("file")
        return file is None or last_name(file) in _STREAMS  # what is written to a file of its own is no log
    if not isinstance(func, ast.Attribute):
        return site.name in _TRACKERS
    if func.attr in ("write", "writelines") and last_name(func.value) in _STREAMS:
        return True
    if func.attr in _TRACKERS:
        return True
    receiver = func.value
    if isinstance(receiver, ast.Call):
        name = last_name(receiver.func)
        return func.attr in _METHODS and (name.lower() in ("getlogger", "get_logger") or name in ("bind", "opt"))
    return func.attr in _METHODS and bool(_LOGGER.search(last_name(receiver)))


def _revealed(site: Site) -> str:
    arguments = [*site.call.args, *(one.value for one in site.call.keywords)]
    for argument in arguments:
        for node in ast.walk(argument):
            if way := _reveals(node):
                return way
            if isinstance(node, ast.Name) and _was_revealed(node.id, site):
                return f"`{node.id}`, which was revealed"
    return ""


def _reveals(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Attribute) and node.func.attr == "reveal":
        return "what reveal() returned"
    for one in node.keywords:
        if one.arg == "reveal" and isinstance(one.value, ast.Constant) and one.value.value is True:
            return "what was made with reveal=True"
    return ""


def _was_revealed(name: str, site: Site) -> bool:
    """Whether a name holds what reveal() returned, as it is or in a text, in the same function."""
    if site.function is None:
        return False
    for one in ast.walk(site.function):
        if isinstance(one, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and one.value is not None:
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            if any(last_name(target) == name for target in targets) and _holds_revealed(one.value):
                return True
    return False


def _holds_revealed(node: ast.AST) -> bool:
    """Whether a value is what reveal() returned, or a text in which that stands whole."""
    if _reveals(node):
        return True
    if isinstance(node, ast.JoinedStr):
        return any(_holds_revealed(one.value) for one in node.values if isinstance(one, ast.FormattedValue))
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
        return _holds_revealed(node.left) or _holds_revealed(node.right)
    if isinstance(node, ast.Tuple):
        return any(map(_holds_revealed, node.elts))
    if isinstance(node, ast.Call) and last_name(node.func) in _SAME_TEXT:
        receiver = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        return any(map(_holds_revealed, [*receiver, *node.args, *(one.value for one in node.keywords)]))
    return False
