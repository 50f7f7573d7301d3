"""Rules about sending messages: references in loops, repeats, what is swallowed, and personal data in references."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from govcomponents.check.code.repeats import repeated_by, swallowed_by
from govcomponents.check.code.syntax.expressions import last_name, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcomponents.check.code.services import Operation
    from govcomponents.check.code.syntax.site import Site

Found = tuple[str, ast.expr, str]
SENDS: Final = frozenset({"send_email", "send_sms", "send_letter"})
_ACTS: Final = SENDS | {"send_precompiled_letter", "create", "create_by_telephone", "refund", "capture", "cancel"}
_PERSONAL: Final = frozenset(
    {
        *("email", "email_address", "e_mail", "phone", "phone_number", "mobile", "mobile_number", "telephone"),
        *("date_of_birth", "dob", "birth_date", "national_insurance_number", "nino", "ni_number", "passport_number"),
        *("first_name", "last_name", "full_name", "surname", "forename", "family_name", "given_name", "postcode"),
    }
)
_SAME_TEXT: Final = frozenset(
    {
        "str",
        "format",
        "lower",
        "upper",
        "strip",
        "replace",
        "reveal",
        "join",
        "title",
        "casefold",
        "isoformat",
        "strftime",
    }
)
_POSITION: Final = {**dict.fromkeys(SENDS, 3), "send_precompiled_letter": 1, "create": 1, "create_by_telephone": 1}


def without_reference(operation: Operation) -> Iterator[Found]:
    """GC301: a message is sent in a loop, and nothing tells it from the next."""
    site = operation.site
    if operation.component != "notify" or operation.name not in SENDS or operation.is_later:
        return
    reference = site.argument(3, "reference")
    if site.is_open or not (
        reference is None or (isinstance(reference, ast.Constant) and reference.value in (None, ""))
    ):
        return
    if site.is_in_loop:
        yield "GC301", site.call, f"{operation.name} is called in a loop without a reference"
    elif (line := operation.module.called_again.get(site.function_name)) is not None:
        told = f"{operation.name} has no reference, and line {line} calls {site.function_name} in a loop"
        yield "GC301", site.call, told


def sent_again(operation: Operation) -> Iterator[Found]:
    """GC304: a message is sent again after any failure, without `once`."""
    site = operation.site
    if operation.component != "notify" or operation.name not in SENDS or operation.is_later or site.is_open:
        return
    if site.keyword("once") is None and (how := repeated_by(operation)):
        yield "GC304", site.call, f"{operation.name} is repeated by {how}, and a message may go out twice"


def swallowed(operation: Operation) -> Iterator[Found]:
    """GC307: a failure that may mean that the provider has acted is passed over in silence."""
    if operation.component not in ("pay", "notify") or operation.name not in _ACTS:
        return
    if operation.site.call in operation.module.thrown_away:
        told = f"a failure of {operation.name} is passed over: nobody looks at what gather() returns"
        yield "GC307", operation.site.call, told
    elif (what := swallowed_by(operation.site)) and not repeated_by(operation):
        yield (
            "GC307",
            operation.site.call,
            f"a failure of {operation.name} is passed over: `except {what}` does nothing",
        )


def personal_reference(operation: Operation) -> Iterator[Found]:
    """GC311: a reference, or metadata, is made of what is personal."""
    if operation.component not in ("pay", "notify"):
        return
    site = operation.site
    given: list[tuple[str, ast.AST | None]] = [
        ("metadata", site.keyword("metadata")),
        ("journey", site.keyword("journey")),
    ]
    if operation.name in _POSITION:
        given.append(("reference", site.argument(_POSITION[operation.name], "reference")))
    elif operation.name == "refund":
        given.append(("reference", site.keyword("reference")))
    for field, value in given:
        for name in sorted(_personal_in(_meant(value, site))):
            yield "GC311", site.call, f"the {field} of {operation.component}.{operation.name} is made of `{name}`"


def _meant(node: ast.AST | None, site: Site) -> ast.AST | None:
    """Return what a name of the same function was given, if that is said once; else the expression itself."""
    if not isinstance(node, ast.Name) or node.id in _PERSONAL or site.function is None:
        return node
    values = [
        one.value
        for one in ast.walk(site.function)
        if isinstance(one, ast.Assign) and any(last_name(target) == node.id for target in one.targets)
    ]
    return values[0] if len(values) == 1 else node


def _personal_in(node: ast.AST | None) -> set[str]:
    """The personal names whose value goes into an expression as it is; what a function makes of them is its own."""
    if node is None:
        return set()
    if isinstance(node, ast.Call) and last_name(node.func) not in _SAME_TEXT:
        return set()
    if isinstance(node, ast.Dict):
        return set().union(*(_personal_in(value) for value in node.values))
    if isinstance(node, ast.Subscript):
        key = text_of(node.slice)
        return {key} if key in _PERSONAL else set()
    found: set[str] = {name for name in [last_name(node)] if name in _PERSONAL}
    if isinstance(node, ast.Attribute) and not found and not isinstance(node.value, ast.Name):
        return _personal_in(node.value) if node.attr in _SAME_TEXT else set()
    if isinstance(node, ast.Attribute):
        return found | (_personal_in(node.value) if node.attr in _SAME_TEXT else set())
    return found.union(*(_personal_in(child) for child in ast.iter_child_nodes(node)))


RULES: Final = (without_reference, sent_again, swallowed, personal_reference)
