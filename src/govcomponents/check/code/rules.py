"""All rules about code, over every module of a service that has to do with the components."""

from __future__ import annotations

import re
import sys
import warnings
from functools import cached_property
from typing import TYPE_CHECKING, Final

from govcomponents.check.code import callbacks, payments, secrets, sending
from govcomponents.check.code.services import Operation, Services
from govcomponents.check.code.syntax.module import Module
from govcomponents.check.findings import Finding
from govcomponents.check.project import Unread

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from govcomponents.check.project import Project, TextFile

# Parsing is what takes the time: a module without any of these words breaks no rule.
_OURS: Final = re.compile(
    r"govcomponents|GovComponents|\.(?:pay|notify|identity)\b|\.reveal\(|reveal=True|parse_callback|"
    r"_live_|PRIVATE KEY-----|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
_VERSION: Final = f"Python {sys.version_info.major}.{sys.version_info.minor}"


class CodeView:
    """The modules of a service that have to do with the components, and the calls that they make."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def modules(self) -> list[Module]:
        """The modules, parsed."""
        texts = [file for file in self._project.python if _OURS.search(file.text)]
        return list(self._parsed(texts))

    def _parsed(self, files: list[TextFile]) -> Iterator[Module]:
        for file in files:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # of the service's own code, and as an error it would not parse
                    module = Module.parsed(file)
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                line = (error.lineno or 0) if isinstance(error, SyntaxError) else 0
                self._project.unread[file.path] = Unread(f"{_VERSION} does not parse it", line, file.source(line))
            else:
                yield module

    @cached_property
    def services(self) -> Services:
        """The names that the service gives the components."""
        return Services.of(self.modules)

    @cached_property
    def of_service(self) -> list[Module]:
        """The modules without those of tests, in which mistakes are made on purpose."""
        return [module for module in self.modules if not module.file.is_test]

    @cached_property
    def operations(self) -> list[Operation]:
        """Every call of a component, but for those of tests."""
        return [one for module in self.of_service for one in self.services.operations(module)]


def check_code(view: CodeView) -> Iterator[Finding]:
    """Give what breaks the rules about code."""
    for operation in view.operations:
        for rule in (*sending.RULES, *payments.RULES, *callbacks.RULES):
            for rule_id, node, message in rule(operation):
                yield found(operation.module, rule_id, node, message)
    for module in view.of_service:
        for of_module in (secrets.secrets_in_logs, payments.money, callbacks.made_in_views):
            for rule_id, node, message in of_module(module):
                yield found(module, rule_id, node, message)
    for module in view.modules:
        for rule_id, node, message in secrets.secrets_in_code(module):
            yield found(module, rule_id, node, message)


def found(module: Module, rule_id: str, node: ast.expr, message: str) -> Finding:
    """Make a finding of what is wrong at a place of a module."""
    source = module.file.source(node.lineno)
    return Finding(module.file.path, node.lineno, node.col_offset + 1, rule_id, message, source)
