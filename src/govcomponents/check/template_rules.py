"""Rules about templates: the file against its lock, one language against the other, and the code against both."""

from __future__ import annotations

import ast
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from govcomponents.check.code.rules import found
from govcomponents.check.code.syntax.expressions import last_name, text_of
from govcomponents.notify.templates.personalisation import placeholder_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from govcomponents.check.code.rules import CodeView
    from govcomponents.check.code.services import Operation
    from govcomponents.check.code.syntax.module import Module
    from govcomponents.check.findings import Finding
    from govcomponents.check.project import Project
    from govcomponents.check.template_files import Entry, TemplateFile

_CHANNELS: Final = {"send_email": "email", "send_sms": "sms", "send_letter": "letter"}
_ID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_ADDRESS: Final = frozenset({*(f"addressline{number}" for number in range(1, 8)), "postcode"})


def check_templates(project: Project, view: CodeView, files: Sequence[TemplateFile]) -> Iterator[Finding]:
    """Give what breaks the rules about templates."""
    for file in files:
        if file.problem is not None:
            yield file.problem
            continue
        yield from _within_file(file)
        yield from _against_lock(file)
        yield from _unused(project, view, file)
    readable = [file for file in files if file.problem is None]
    if not readable:
        return
    for operation in view.operations:
        if operation.component == "notify" and operation.name in (*_CHANNELS, "preview", "get_template"):
            yield from _call(readable, operation)
    for module in view.of_service:
        yield from _chosen(readable, module)


def _within_file(file: TemplateFile) -> Iterator[Finding]:
    environments = {environment for entry in file.entries.values() for environment in entry.ids}
    holders: dict[str, str] = {}
    for entry in file.entries.values():
        absent = sorted(environments - set(entry.ids))
        if absent:
            yield file.finding("GC209", entry, f"{entry.name} has no id for {', '.join(absent)}")
        languages = {language for by in entry.ids.values() for language in by}
        for environment, by_language in entry.ids.items():
            for language in sorted(languages - set(by_language)):
                yield file.finding("GC208", entry, f"{entry.name} has no {language} id for {environment}")
        for environment, language, template_id in entry.each_id():
            where = f"{entry.name} ({environment}, {language})"
            first = holders.setdefault(template_id, where)
            if first != where:
                yield file.finding("GC210", entry, f"{where} has the id of {first}")


def _against_lock(file: TemplateFile) -> Iterator[Finding]:
    if not file.locked:
        return
    locked_worlds = {
        environment
        for entry in file.entries.values()
        for environment, _, template_id in entry.each_id()
        if template_id in file.locked
    }
    for entry in file.entries.values():
        for environment, language, template_id in entry.each_id():
            locked = file.locked.get(template_id)
            where = f"{entry.name} ({environment}, {language})"
            if locked is None:
                if environment in locked_worlds:
                    yield file.finding("GC203", entry, f"{where} is not in the lock")
                continue
            if locked.channel.value != entry.channel:
                yield file.finding(
                    "GC211", entry, f"{where} is {entry.channel}, and {locked.channel.value} in the lock"
                )
            elif (
                language == "en"
                and entry.placeholders is not None
                and (told := _difference(entry.placeholders, locked.placeholders))
            ):
                yield file.finding("GC206", entry, f"{where}: {told}")
        for environment, by_language in entry.ids.items():
            pair = [file.locked.get(by_language.get(language, "")) for language in ("en", "cy")]
            english, welsh = pair
            if english is None or welsh is None:
                continue
            if english.channel is not welsh.channel or _keys(english.placeholders) != _keys(welsh.placeholders):
                told = _difference(welsh.placeholders, english.placeholders) or "the channel differs"
                yield file.finding("GC207", entry, f"{entry.name} ({environment}), Welsh against English: {told}")


def _difference(ours: Sequence[str], theirs: Sequence[str]) -> str:
    """Say how placeholders differ: what was renamed, what is gone, what is new."""
    mine, other = {placeholder_key(one): one for one in ours}, {placeholder_key(one): one for one in theirs}
    gone = [mine[key] for key in mine if key not in other]
    new = [other[key] for key in other if key not in mine]
    if len(gone) == len(new) == 1:
        return f"(({gone[0]})) was renamed to (({new[0]}))"
    told = [f"(({name})) is not there any more" for name in gone] + [f"(({name})) is new" for name in new]
    return ", ".join(told)


def _keys(placeholders: Sequence[str]) -> frozenset[str]:
    return frozenset(map(placeholder_key, placeholders))


def _unused(project: Project, view: CodeView, file: TemplateFile) -> Iterator[Finding]:
    """GC202: the name and the ids of a template stand nowhere in the code, in whatever way."""
    if not view.operations:
        return  # the code that sends is elsewhere
    texts = "\n".join(one.text for one in (*project.python, *project.deployment)).casefold()
    for entry in file.entries.values():
        names = {entry.name, entry.name.replace("-", "_"), entry.name.replace(" ", "_")}
        words = [
            *(re.escape(name.casefold()) for name in names),
            *(re.escape(i.casefold()) for *_, i in entry.each_id()),
        ]
        if not re.search(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", texts):
            yield file.finding("GC202", entry, f"{entry.name} is named nowhere in the code")


def _call(files: Sequence[TemplateFile], operation: Operation) -> Iterator[Finding]:
    site, module = operation.site, operation.module
    position = 0 if operation.name in ("preview", "get_template") else 1
    template = site.argument(position, "template")
    named, language = _named(template)
    if template is None or named is None:
        return
    file, entry = _entry(files, named, is_member=isinstance(template, ast.Attribute))
    if entry is None or file is None:
        if text_of(template) is not None or isinstance(template, (ast.Subscript, ast.Call)):
            yield from _missing(files, module, template, named)
        return
    wanted = _CHANNELS.get(operation.name)
    if wanted is not None and entry.channel != wanted:
        message = f"{operation.name} is given {entry.name}, a template of channel {entry.channel}"
        yield found(module, "GC211", site.call, message)
        return
    if wanted is not None:
        yield from _values(file, entry, language, operation)


def _missing(files: Sequence[TemplateFile], module: Module, node: ast.expr, named: str) -> Iterator[Finding]:
    if _ID.fullmatch(named):
        return  # an id that no name stands for
    names = sorted(name for file in files for name in file.entries)
    close = get_close_matches(named, names, n=1)
    told = f" (is {close[0]} meant?)" if close else ""
    yield found(module, "GC201", node, f"no templates.toml has {named!r}{told}")


def _named(node: ast.AST | None) -> tuple[str | None, str]:
    """Return what names a template, and the language that it is asked for in."""
    if node is None:
        return None, "en"
    if (text := text_of(node)) is not None:
        return text, "en"
    if isinstance(node, ast.Subscript) and last_name(node.value) in ("templates", "registry"):
        return text_of(node.slice), "en"
    if isinstance(node, ast.Call) and last_name(node.func) == "choose" and node.args:
        spoken = (
            node.args[1] if len(node.args) > 1 else next((k.value for k in node.keywords if k.arg == "language"), None)
        )
        name = text_of(node.args[0])
        return (name, text_of(spoken) or "en") if spoken is None or text_of(spoken) else (None, "en")
    if isinstance(node, ast.Attribute) and node.attr.isupper():
        return node.attr, "en"
    return None, "en"


def _entry(files: Sequence[TemplateFile], named: str, *, is_member: bool) -> tuple[TemplateFile | None, Entry | None]:
    for file in files:
        for name, entry in file.entries.items():
            if name == named or (is_member and name.casefold() == named.casefold()):
                return file, entry
        if (by_id := file.by_id(named)) is not None:
            return file, by_id
    return None, None


def _values(file: TemplateFile, entry: Entry, language: str, operation: Operation) -> Iterator[Finding]:
    """GC204 and GC205: the values of a call against the placeholders."""
    site, module = operation.site, operation.module
    placeholders = file.placeholders(entry, language)
    given = _given(site.argument(2, "personalisation"), module, is_open=site.is_open)
    if placeholders is None or given is None:
        return
    wanted = {placeholder_key(name): name for name in placeholders if placeholder_key(name) not in _ADDRESS}
    have = {placeholder_key(name): name for name in given if placeholder_key(name) not in _ADDRESS}
    missing = [name for key, name in wanted.items() if key not in have]
    unknown = [name for key, name in have.items() if key not in wanted]
    if len(missing) == len(unknown) == 1:
        told = f"{entry.name} has no ((" + unknown[0] + ")): it was renamed to ((" + missing[0] + "))?"
        yield found(module, "GC205", site.call, told)
        return
    for name in missing:
        yield found(module, "GC204", site.call, f"there is no value for (({name})) of {entry.name}")
    for name in unknown:
        yield found(module, "GC205", site.call, f"{entry.name} has no (({name}))")


def _given(node: ast.AST | None, module: Module, *, is_open: bool) -> list[str] | None:
    """Return the names of the values of a call; None if they cannot be seen."""
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        return None if is_open else []
    if isinstance(node, ast.Name):
        values = module.bound.get(node.id, [])
        changed = re.search(
            rf"\b{node.id}(?:\[[^\[\]]*\]\s*=[^=]|\.(?:update|setdefault|pop)\(|\s*\|=)", module.file.text
        )
        if len(values) != 1 or changed or not isinstance(values[0], ast.Dict):
            return None
        node = values[0]
    if isinstance(node, ast.Call) and last_name(node.func) == "dict" and not node.args:
        names = [keyword.arg for keyword in node.keywords]
        return None if None in names else [name for name in names if name]
    if not isinstance(node, ast.Dict):
        return None
    keys = [text_of(key) for key in node.keys]
    return None if None in keys else [key for key in keys if key is not None]


def _chosen(files: Sequence[TemplateFile], module: Module) -> Iterator[Finding]:
    """GC201 and GC208, where a template is chosen by name before it is sent."""
    for site in module.sites:
        func = site.call.func
        if site.name != "choose" or not isinstance(func, ast.Attribute):
            continue
        if last_name(func.value) not in ("templates", "registry") or site.statement is None:
            continue
        named, language = _named(site.call)
        if named is None:
            continue
        file, entry = _entry(files, named, is_member=False)
        if file is None or entry is None:
            if not _is_argument_of_a_send(site.statement):
                yield from _missing(files, module, site.call, named)
        elif not any(language in by_language for by_language in entry.ids.values()):
            yield found(module, "GC208", site.call, f"{entry.name} is asked for in {language}, and has no such id")


def _is_argument_of_a_send(parent: ast.AST) -> bool:
    return isinstance(parent, ast.Call) and last_name(parent.func) in (*_CHANNELS, "preview", "get_template")
