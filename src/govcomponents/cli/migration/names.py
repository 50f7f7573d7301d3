"""Finds what a file calls the things of notifications-python-client."""

from __future__ import annotations

import libcst as cst

from govcomponents.cli.migration.notify_calls import CALLS, PACKAGE, SAME_NAME
from govcomponents.cli.migration.syntax import dotted, method, package


class Names(cst.CSTVisitor):
    """Finds out whether a file uses the client, which names hold one, and what it imports under which name."""

    def __init__(self) -> None:
        self.is_used = False
        self.clients: set[str] = set()
        self.imported: dict[str, str] = {}

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        """Note what is imported from the client's package."""
        if node.module is None or package(node.module) != PACKAGE or isinstance(node.names, cst.ImportStar):
            return
        self.is_used = True
        for one in node.names:
            name = one.evaluated_name
            self.imported[one.evaluated_alias or name] = name

    def visit_Import(self, node: cst.Import) -> None:
        """Note that the package is imported."""
        self.is_used |= any(package(one.name) == PACKAGE for one in node.names)

    def visit_Call(self, node: cst.Call) -> None:
        """Note that a call is made which only the client has."""
        self.is_used |= method(node) in CALLS.keys() - SAME_NAME

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        """Note a text that names the package."""
        self.is_used |= PACKAGE in node.value

    def visit_Assign(self, node: cst.Assign) -> None:
        """Note the names that a new client is given."""
        if method(node.value) == "NotificationsAPIClient":
            self.clients |= {dotted(target.target) for target in node.targets} - {""}

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        """Note the name that a new client is given, beside its type."""
        if node.value is not None and method(node.value) == "NotificationsAPIClient":
            self.clients |= {dotted(node.target)} - {""}
