"""A service's templates.toml and its lock, as the rules compare them with each other and with the code."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from govcomponents.check.findings import Finding
from govcomponents.errors import ConfigurationError, InvalidInput
from govcomponents.notify.models import Channel
from govcomponents.notify.templates.registry import LOCK_NAME, LockedTemplate, TemplateRegistry, read_lock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from govcomponents.check.project import Project, TextFile

_MEMBERS: Final = frozenset({"channel", "placeholders", "ids"})
_ENTRY: Final = re.compile(r"^[ \t]*\[[\w.\"' -]+\.ids\.", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One template of the file: its channel, its placeholders, and its ids by environment and language."""

    name: str
    channel: str
    placeholders: tuple[str, ...] | None
    ids: Mapping[str, Mapping[str, str]]
    line: int

    def each_id(self) -> Iterator[tuple[str, str, str]]:
        """Give environment, language and id."""
        for environment, languages in self.ids.items():
            for language, template_id in languages.items():
                yield environment, language, template_id


@dataclass(frozen=True)
class TemplateFile:
    """One templates.toml, with the lock that is beside it."""

    file: TextFile

    @cached_property
    def problem(self) -> Finding | None:
        """The finding about the form of the file or its lock, if something is wrong with it."""
        try:
            TemplateRegistry.from_toml(self.file.place, environment="test")
        except (ConfigurationError, InvalidInput) as error:
            return self.finding("GC212", None, str(error))
        return None

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """The templates by name; none if the file is not as it should be."""
        if self.problem is not None:
            return {}
        content = tomllib.loads(self.file.text)
        return {
            name: Entry(
                name,
                Channel(entry["channel"]).value,
                None if entry.get("placeholders") is None else tuple(map(str, entry["placeholders"])),
                entry["ids"],
                self._line(name),
            )
            for name, entry in content.items()
        }

    @cached_property
    def locked(self) -> dict[str, LockedTemplate]:
        """The locked templates, by id."""
        if self.problem is not None:
            return {}
        return {one.id: one for one in read_lock(self.file.place.with_name(LOCK_NAME))}

    def placeholders(self, entry: Entry, language: str = "en") -> tuple[str, ...] | None:
        """The placeholders of a template: those of its lock, or those that the file says; None if neither knows."""
        for _, spoken, template_id in entry.each_id():
            if spoken == language and template_id in self.locked:
                return self.locked[template_id].placeholders
        return entry.placeholders

    def by_id(self, template_id: str) -> Entry | None:
        """Return the template that has an id."""
        return next((one for one in self.entries.values() if any(template_id == i for *_, i in one.each_id())), None)

    def finding(self, rule_id: str, entry: Entry | None, message: str) -> Finding:
        """Make a finding about a template, or about the file."""
        line = entry.line if entry is not None else 1
        return Finding(self.file.path, line, 1, rule_id, message, f"[{entry.name}]" if entry is not None else "")

    def _line(self, name: str) -> int:
        match = re.search(rf"^[ \t]*\[[\"']?{re.escape(name)}[\"']?[\].]", self.file.text, re.MULTILINE)
        return self.file.text.count("\n", 0, match.end()) + 1 if match else 1


def template_files(project: Project) -> list[TemplateFile]:
    """Return every file of templates: by what is in it, for others have files of that name, and quote such files."""
    return [TemplateFile(file) for file in project.toml if _is_of_templates(file)]


def _is_of_templates(file: TextFile) -> bool:
    """Whether a table of the file has what a template has. One that is no TOML is told by its name and its look."""
    is_named = file.place.name == "templates.toml"
    if not is_named and not _ENTRY.search(file.text):
        return False
    try:
        tables = [table for table in tomllib.loads(file.text).values() if isinstance(table, dict)]
    except tomllib.TOMLDecodeError:
        return True
    members = _MEMBERS if is_named else {"ids"}
    return (is_named and not tables) or any(members & table.keys() for table in tables)
