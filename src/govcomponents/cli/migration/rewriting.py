"""Rewrites one file that uses notifications-python-client, and marks what somebody has to look at.

Needs libcst, the extra `migrate`; the command says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst
from libcst import matchers as m
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor
from libcst.metadata import MetadataWrapper, PositionProvider

from govcomponents.cli.migration.arguments import address_and_rest, named, weeks
from govcomponents.cli.migration.names import Names
from govcomponents.cli.migration.notify_calls import CALLS, FIELDS, GONE, PACKAGE, SAME_NAME, UPLOAD, Call, Tally
from govcomponents.cli.migration.syntax import code, dotted, method, package, text

if TYPE_CHECKING:
    from typing import Any

MARK = "# govcomponents migrate: "
_ERRORS = frozenset({"HTTPError", "HTTP503Error", "APIError"})
_ERROR = ("govcomponents", "GovComponentsError")
_RENAMED = {
    "NotificationsAPIClient": ("govcomponents.notify", "NotifyService"),
    "prepare_upload": ("govcomponents.notify", "attach"),
}
_MODULES = frozenset({"notifications", "utils", "errors"})
_KNOWN = {*_ERRORS, *_RENAMED, *_MODULES}
ITEM = Call("", {})
"""In the place of a call: what holds one of the things that a call listed."""
_ERROR_ADVICE = "errors are classes here: catch the ones that you mean (govcomponents.errors), and read error.code"


class NotPython(Exception):
    """The file is not Python that can be read; the text says where."""


def rewritten(source: str) -> tuple[str, Tally]:
    """The source with the client's calls as they are here, and what was done. Raises NotPython."""
    try:
        module = cst.parse_module(source)
    except cst.ParserSyntaxError as error:
        raise NotPython(f"line {error.raw_line}: {error.message}") from None
    names = Names()
    module.visit(names)
    if not names.is_used:
        return source, Tally()
    context = CodemodContext()
    rewriter = _Rewriter(context, names)
    changed = MetadataWrapper(module).visit(rewriter)
    return AddImportsVisitor(context).transform_module(changed).code, rewriter.tally


_STATEMENTS = (
    cst.SimpleStatementLine,
    cst.If,
    cst.For,
    cst.While,
    cst.With,
    cst.Try,
    cst.ExceptHandler,
    cst.FunctionDef,
    cst.ClassDef,
)


class _Rewriter(cst.CSTTransformer):
    """Rewrites calls, imports and what is read from answers."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, context: CodemodContext, names: Names) -> None:
        super().__init__()
        self.context = context
        self.names = names
        self.tally = Tally()
        self._advice: list[list[str]] = [[]]  # of each statement that is being looked at, the innermost last
        self._answers: list[dict[str, Call]] = [{}]  # of each function: the names that hold an answer
        self._called: set[int] = set()

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Begin a statement."""
        if isinstance(node, _STATEMENTS):
            self._advice.append([])
        return super().on_visit(node)

    def on_leave(self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT) -> Any:
        """End a statement, with what is left to do about it as comments before it."""
        left = super().on_leave(original_node, updated_node)
        if not isinstance(original_node, _STATEMENTS):
            return left
        advice = dict.fromkeys(self._advice.pop())
        if not advice or not isinstance(left, _STATEMENTS):
            return left
        lines = [cst.EmptyLine(comment=cst.Comment(MARK + one)) for one in advice]
        return left.with_changes(leading_lines=[*left.leading_lines, *lines])

    def _mark(self, node: cst.CSTNode, advice: str) -> None:
        line = self.get_metadata(PositionProvider, node).start.line
        if (line, advice) not in self.tally.marked:
            self.tally.marked.append((line, advice))
        self._advice[-1].append(advice)

    # What holds an answer.

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        given = {
            one.name.value for one in (*node.params.posonly_params, *node.params.params, *node.params.kwonly_params)
        }
        self._answers.append({name: call for name, call in self._answers[-1].items() if name not in given})

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        self._answers.pop()
        return updated_node

    def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> cst.Assign:
        for target in original_node.targets:
            self._holds(target.target, original_node.value)
        return updated_node

    def leave_AnnAssign(self, original_node: cst.AnnAssign, updated_node: cst.AnnAssign) -> cst.AnnAssign:
        if original_node.value is not None:
            self._holds(original_node.target, original_node.value)
        return updated_node

    def _holds(self, target: cst.BaseExpression, value: cst.BaseExpression) -> None:
        name, call = dotted(target), self._answer(value)
        if name and call is not None:
            self._answers[-1][name] = call
        elif name:
            self._answers[-1].pop(name, None)

    def _answer(self, node: cst.BaseExpression) -> Call | None:
        """The call of the client that gave this, as far as can be seen here."""
        if not isinstance(node, cst.Call):
            return self._answers[-1].get(dotted(node))
        called, function = method(node), node.func
        if called in SAME_NAME and isinstance(function, cst.Attribute):
            return CALLS.get(called) if dotted(function.value) in self.names.clients else None
        return CALLS.get(called)

    def visit_For(self, node: cst.For) -> None:
        self._each(node.target, node.iter)

    def visit_ListComp(self, node: cst.ListComp) -> None:
        self._each(node.for_in.target, node.for_in.iter)

    def visit_GeneratorExp(self, node: cst.GeneratorExp) -> None:
        self._each(node.for_in.target, node.for_in.iter)

    def visit_SetComp(self, node: cst.SetComp) -> None:
        self._each(node.for_in.target, node.for_in.iter)

    def visit_DictComp(self, node: cst.DictComp) -> None:
        self._each(node.for_in.target, node.for_in.iter)

    def _each(self, target: cst.BaseExpression, over: cst.BaseExpression) -> None:
        call = self._answer(over.value if isinstance(over, cst.Subscript) else over)
        if call is not None and call.name.startswith(("search", "list")) and dotted(target):
            self._answers[-1][dotted(target)] = ITEM

    # Imports and names.

    def leave_ImportFrom(
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom | cst.RemovalSentinel:
        if original_node.module is None or package(original_node.module) != PACKAGE:
            return updated_node
        if isinstance(original_node.names, cst.ImportStar):
            self._mark(original_node, "name what you import")
            return updated_node
        left = [one for one in original_node.names if dotted(one.name) not in _KNOWN or one.asname]
        left = [one for one in left if dotted(one.name) not in _ERRORS]
        if not left:
            return cst.RemoveFromParent()
        self._mark(original_node, "there is no such name here, or it has another one in this file")
        return updated_node.with_changes(names=[*left[:-1], left[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)])

    def leave_ImportAlias(self, original_node: cst.ImportAlias, updated_node: cst.ImportAlias) -> cst.ImportAlias:
        return original_node  # names of other packages, whatever they are

    def leave_Import(self, original_node: cst.Import, updated_node: cst.Import) -> cst.Import | cst.RemovalSentinel:
        left = [one for one in updated_node.names if package(one.name) != PACKAGE]
        if len(left) == len(updated_node.names):
            return updated_node
        if not left:
            return cst.RemoveFromParent()
        return updated_node.with_changes(names=[*left[:-1], left[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)])

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        was = self.names.imported.get(original_node.value, "")
        if id(original_node) in self._called or was not in {*_ERRORS, *_RENAMED}:
            return updated_node
        if was != original_node.value and was not in _ERRORS:
            return updated_node  # imported under another name, which stays and is marked
        return self._imported(*_RENAMED.get(was, _ERROR))

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.BaseExpression:
        holder, name = dotted(original_node.value), original_node.attr.value
        is_ours = holder.split(".")[0] == PACKAGE or self.names.imported.get(holder) in _MODULES
        if is_ours and id(original_node) not in self._called and name in {*_ERRORS, *_RENAMED}:
            return self._imported(*_RENAMED.get(name, _ERROR))
        return updated_node.with_changes(attr=original_node.attr)  # its name is no name of this file's

    def _imported(self, module: str, name: str) -> cst.Name:
        AddImportsVisitor.add_needed_import(self.context, module, name)
        return cst.Name(name)

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        if PACKAGE in node.value:
            self._mark(node, "this text names the old client, perhaps to replace it in a test: use the sandbox there")

    def visit_ExceptHandler(self, node: cst.ExceptHandler) -> None:
        caught = m.findall(node.type, m.Name()) if node.type is not None else ()
        names = {one.value for one in caught if isinstance(one, cst.Name)}
        modules = {name for name, was in self.names.imported.items() if was in _MODULES} | {PACKAGE}
        if any(self.names.imported.get(name) in _ERRORS for name in names) or (names & modules and names & _ERRORS):
            self._mark(node, _ERROR_ADVICE)

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        if any(dotted(base.value).split(".")[-1] == "NotificationsAPIClient" for base in node.bases):
            self._mark(node, "nothing is to be derived from here: hold a GovComponents, and call its notify")

    # Calls.

    def visit_Call(self, node: cst.Call) -> None:
        if method(node) in _RENAMED:
            self._called.add(id(node.func))

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        name = method(original_node)
        if name == "NotificationsAPIClient":
            return self._client(original_node, updated_node)
        if name == "prepare_upload":
            return self._upload(original_node, updated_node)
        function = original_node.func
        if not isinstance(function, cst.Attribute):
            return updated_node
        holds = self._answers[-1].get(dotted(function.value))
        if name == "get" and holds is not None and not holds.listed and not isinstance(updated_node.func, cst.Name):
            raw = cst.Attribute(cst.ensure_type(updated_node.func, cst.Attribute).value, cst.Name("raw"))
            return updated_node.with_changes(func=cst.Attribute(raw, cst.Name("get")))
        if name in SAME_NAME and dotted(function.value) not in self.names.clients:
            return updated_node
        if name in GONE:
            self._mark(original_node, GONE[name].advice)
            return updated_node
        if name not in CALLS:
            return updated_node
        call = CALLS[name]
        if any(argument.star for argument in original_node.args):
            self._mark(original_node, f"write out what * stands for: this is gov.notify.{call.name}")
            return updated_node
        arguments = named(call, updated_node.args)
        if call.name == "send_letter":
            arguments = self._with_address(original_node, arguments)
        self.tally.rewritten += 1
        if call.note:
            self.tally.notes.append((self.get_metadata(PositionProvider, original_node).start.line, call.note))
        receiver = cst.ensure_type(updated_node.func, cst.Attribute)
        made = updated_node.with_changes(func=receiver.with_changes(attr=cst.Name(call.name)), args=arguments)
        if call.name == "get_letter_pdf":
            AddImportsVisitor.add_needed_import(self.context, "io", "BytesIO")
            return cst.Call(cst.Name("BytesIO"), [cst.Arg(made)])
        return made

    def _client(self, original: cst.Call, updated: cst.Call) -> cst.BaseExpression:
        names = ("api_key", "base_url", "timeout")
        given = {}
        for number, argument in enumerate(updated.args):
            if argument.star:
                self._mark(original, "write out what * stands for")
                return updated
            given[argument.keyword.value if argument.keyword else names[number]] = argument.value
        AddImportsVisitor.add_needed_import(self.context, "govcomponents", "GovComponents")
        AddImportsVisitor.add_needed_import(self.context, "govcomponents", "Settings")
        notify = ", ".join(f'"{name}": {code(given[name])}' for name in ("api_key", "base_url") if name in given)
        limit = f"time_limit={code(given['timeout'])}, " if "timeout" in given else ""
        self.tally.rewritten += 1
        return cst.parse_expression(f"GovComponents.from_settings(Settings({limit}notify={{{notify}}})).notify")

    def _upload(self, original: cst.Call, updated: cst.Call) -> cst.BaseExpression:
        if any(argument.star for argument in original.args):
            self._mark(original, "write out what * stands for: this is govcomponents.notify.attach")
            return updated
        arguments = []
        for argument in named(UPLOAD, updated.args):
            if argument.keyword is not None and argument.keyword.value == "retention_weeks":
                number = weeks(argument.value)
                if number is None:
                    self._mark(original, 'retention_weeks is a number of weeks, 52 and not "52 weeks"')
                else:
                    arguments.append(argument.with_changes(value=number))
                    continue
            arguments.append(argument)
        AddImportsVisitor.add_needed_import(self.context, "govcomponents.notify", "attach")
        self.tally.rewritten += 1
        return cst.Call(cst.Name("attach"), arguments)

    def _with_address(self, original: cst.Call, arguments: list[cst.Arg]) -> list[cst.Arg]:
        """A letter's address is an argument of its own here; the client has it among the personalisation."""
        made = []
        for argument in arguments:
            if argument.keyword is None or argument.keyword.value != "personalisation":
                made.append(argument)
                continue
            address, rest = address_and_rest(argument.value)
            if address is None or rest is None:
                self._mark(original, "give the lines of the address as address=[...]")
                made.append(argument)
                continue
            made.insert(0, argument.with_changes(keyword=cst.Name("address"), value=address))
            made.append(argument.with_changes(value=rest))
        return made

    # What is read from an answer.

    def leave_Subscript(self, original_node: cst.Subscript, updated_node: cst.Subscript) -> cst.BaseExpression:
        key = text(original_node)
        if key is None:
            return updated_node
        answer = self._answer(original_node.value)
        if answer is None:
            return updated_node
        if answer.listed == key:
            return updated_node.value
        if answer.listed:
            self._mark(original_node, "the answer is all there is, page after page: there are no links to follow")
            return updated_node
        if key in FIELDS:
            return cst.Attribute(updated_node.value, cst.Name(FIELDS[key]))
        return updated_node.with_changes(value=cst.Attribute(updated_node.value, cst.Name("raw")))
