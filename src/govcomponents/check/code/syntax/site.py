"""One call of a module, with what stands round it and what it is handed."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from govcomponents.check.code.syntax.around import DEFINED, FUNCTIONS, MAPS
from govcomponents.check.code.syntax.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcomponents.check.code.syntax.around import Around

TAKES_A_CALL: Final = frozenset(
    {
        *("submit", "to_thread", "run_in_executor", "run_sync", "start_soon", "spawn", "add_task", "enqueue"),
        *("call_soon", "call_soon_threadsafe", "call_later", "on_commit"),
    }
)
"""What is given a function, and then its arguments; before it, some take for how long to wait."""
THREADS: Final = {"Thread": "target", "Process": "target", "Timer": "function"}
"""What runs a function beside others, and the argument that names it."""
_QUEUES: Final = frozenset(
    {"delay", "delay_on_commit", "apply_async", "s", "si", "send", "send_with_options", "enqueue", "aenqueue", "defer"}
)
"""What a task has that puts it into a queue, or into what is put there."""


@dataclass(frozen=True, slots=True)
class Site:
    """One call, and what stands round it."""

    call: ast.Call
    around: Around | None
    statement: ast.AST | None
    """The statement that the call is in, or the expression that it is part of."""

    @property
    def name(self) -> str:
        """The last name of what is called: `send_email` of `gov.notify.send_email`."""
        return last_name(self.call.func)

    def keyword(self, name: str) -> ast.expr | None:
        """Return the value of a keyword argument."""
        return next((one.value for one in self.call.keywords if one.arg == name), None)

    def argument(self, position: int, name: str) -> ast.expr | None:
        """Return an argument that may be given by position or by name; None if it is not there to be seen."""
        args = self.call.args
        if len(args) > position and not any(isinstance(one, ast.Starred) for one in args[: position + 1]):
            return args[position]
        return self.keyword(name)

    @property
    def handed(self) -> list[ast.expr]:
        """The arguments that may be a function which this call lets run: of a pool, a thread, or a queue of tasks."""
        func = self.call.func
        # What a task is mapped by is a method of its own; `pool.map` is handed the function.
        owner = [func.value] if isinstance(func, ast.Attribute) and self.name in MAPS | _QUEUES else []
        if self.name in MAPS | TAKES_A_CALL or self.name == "apply_async":  # of a pool, or of a task
            return [*map(_of_partial, self.call.args[:2]), *owner]
        if self.name in THREADS:
            target = self.argument(1, THREADS[self.name])
            return [] if target is None else [_of_partial(target)]
        return owner

    @property
    def is_open(self) -> bool:
        """Whether it has arguments that cannot be seen, as by * or **."""
        return any(isinstance(one, ast.Starred) for one in self.call.args) or any(
            one.arg is None for one in self.call.keywords
        )

    def within(self) -> Iterator[Around]:
        """Give what stands round it, from within, up to the function that it is in; then that function."""
        for one in self.around.all() if self.around else ():
            yield one
            if isinstance(one.node, FUNCTIONS):
                return

    @property
    def function(self) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None:
        """The function that it is in."""
        found = [one.node for one in self.within() if isinstance(one.node, FUNCTIONS)]
        return found[0] if found else None

    @property
    def function_name(self) -> str:
        """The name of the function that it is in; nothing for a lambda, and outside of functions."""
        function = self.function
        return function.name if isinstance(function, DEFINED) else ""

    @property
    def is_in_loop(self) -> bool:
        """Whether a loop of its own function makes it again and again, itself or by a lambda, such as on_commit's."""
        around = self.around.all() if self.around else ()
        return any(one.role == "again" for one in takewhile(lambda one: not isinstance(one.node, DEFINED), around))


def _of_partial(node: ast.expr) -> ast.expr:
    """Return the function of `partial(function, ...)`, and all else as it is."""
    if isinstance(node, ast.Call) and last_name(node.func) == "partial" and node.args:
        return node.args[0]
    return node
