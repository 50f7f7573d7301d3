"""A service's templates in one typed place: a name for each, an id for each environment and language.

    # templates.toml
    [receipt]
    channel = "email"
    placeholders = ["name", "reference", "amount"]

    [receipt.ids.production]
    en = "11111111-2222-4333-8444-555555555555"
    cy = "66666666-7777-4888-8999-000000000000"

    [receipt.ids.test]
    en = "..."

A lock file beside it (`templates.lock.json`, made with `govcomponents notify lock`) holds what the provider had under
each id: version, type, placeholders and a checksum. With it, what a call gives is compared before anything is sent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from govcomponents.core.inputs import member, path_argument, reason_of, text_argument
from govcomponents.core.validation import is_plain_name, is_text
from govcomponents.errors import ConfigurationError, InvalidInput
from govcomponents.frames import shield
from govcomponents.notify.models import Channel
from govcomponents.notify.templates.personalisation import placeholder_key, shown_values

if TYPE_CHECKING:
    from govcomponents.notify.templates.formats import Language
    from govcomponents.notify.templates.template import Template

T = TypeVar("T")
LOCK_NAME = "templates.lock.json"
_OPERATION = "TemplateRegistry"
_LANGUAGES: tuple[Language, ...] = ("en", "cy")


@shield
@dataclass(frozen=True, slots=True)
class TemplateIds:
    """One template: its channel, its placeholders where they are known, and an id by environment and language.

    This is what the members of a Python enum hold where a service prefers one to a file.
    """

    channel: Channel
    ids: Mapping[str, Mapping[str, str]]
    placeholders: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        operation = "TemplateIds"
        object.__setattr__(self, "channel", member(Channel, self.channel, field="channel", operation=operation))
        texts: list[object] = []
        for environment, by_language in _items(self.ids):
            texts += (environment, *(text for pair in _items(by_language) for text in pair))
        if not all(isinstance(text, str) and is_text(text) for text in texts):
            fix = 'give ids by environment and language, such as {"production": {"en": "...", "cy": "..."}}'
            raise InvalidInput(field="ids", problem="they are not that", fix=fix, operation=operation)
        object.__setattr__(self, "placeholders", _names(self.placeholders, operation))


@dataclass(frozen=True, slots=True)
class LockedTemplate:
    """A template as the provider had it under its id when the lock was made."""

    id: str
    version: int
    channel: Channel
    placeholders: tuple[str, ...]
    checksum: str

    @classmethod
    def of(cls, template: Template) -> LockedTemplate:
        """Lock a template as the provider gives it."""
        source = "\n".join((template.subject or "", template.body, template.contact_block or ""))
        checksum = hashlib.sha256(source.encode()).hexdigest()
        return cls(template.id, template.version, template.channel, template.placeholders, checksum)


@shield
@dataclass(frozen=True, slots=True)
class TemplateChoice:
    """A template chosen by name and language: give it to any operation in the place of an id."""

    name: str
    id: str
    channel: Channel
    language: Language
    placeholders: tuple[str, ...] | None

    def __post_init__(self) -> None:
        operation = "TemplateChoice"
        text_argument(self.name, field="name", fix="give the template's name", operation=operation)
        text_argument(self.id, field="id", fix="give the template's id", operation=operation)
        object.__setattr__(self, "channel", member(Channel, self.channel, field="channel", operation=operation))
        _checked_language(self.language, operation)
        object.__setattr__(self, "placeholders", _names(self.placeholders, operation))

    def written(self, values: Mapping[str, object]) -> Mapping[str, object]:
        """Return values as the language writes them: dates, times, yes and no."""
        if self.language == "en" or not isinstance(values, Mapping):
            return values
        try:
            return shown_values(values, self.language)
        except ValueError:
            return values  # refused, with its reason, where the message is made

    def check(self, personalisation: Mapping[str, object], operation: str) -> None:
        """Raise InvalidInput if a placeholder has no value, or a value has no placeholder."""
        if self.placeholders is None or not isinstance(personalisation, Mapping):
            return  # what is no mapping is refused where the message is made
        wanted = {placeholder_key(name): name for name in self.placeholders}
        given = {placeholder_key(str(name)): str(name) for name in personalisation}
        address = {placeholder_key(f"address_line_{number}") for number in range(1, 8)} | {"postcode"}
        missing = [name for key, name in wanted.items() if key not in given and key not in address]
        unknown = [name for key, name in given.items() if key not in wanted and key not in address]
        for names, problem in ((missing, "there is no value for"), (unknown, "there is no placeholder called")):
            if names:
                raise InvalidInput(
                    field="personalisation",
                    problem=f"{problem} {', '.join(names)} in the template {self.name!r}",
                    fix=f"give exactly {', '.join(self.placeholders) or 'nothing'}",
                    operation=operation,
                )


@shield
class TemplateRegistry:
    """The templates of one service, in one environment. `registry["receipt"]` is the English one."""

    def __init__(
        self,
        templates: Mapping[str, TemplateIds],
        *,
        environment: str,
        lock: Iterable[LockedTemplate] = (),
    ) -> None:
        if not all(isinstance(name, str) and isinstance(ids, TemplateIds) for name, ids in _items(templates)):
            raise _wrong("templates", "it is not a mapping of names to TemplateIds(...)", "give one")
        self._templates = dict(templates)
        self.environment: str = _checked_environment(environment)
        locked = _all_of(LockedTemplate, lock, "lock", "leave the lock to from_toml and from_enum")
        self._locked = {one.id: one for one in locked}

    @classmethod
    def from_toml(cls, path: Path | str, *, environment: str) -> TemplateRegistry:
        """Read `templates.toml`, and the lock beside it if there is one. Raises ConfigurationError."""
        import tomllib

        path = path_argument(path, field="path", fix="give the path of templates.toml", operation=_OPERATION)
        _checked_environment(environment)
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigurationError(
                f"the templates' file {path} cannot be read ({reason_of(error)})", fix="check its path and its form"
            ) from None
        templates = {name: _read_entry(name, entry) for name, entry in found.items()}
        return cls(templates, environment=environment, lock=read_lock(path.with_name(LOCK_NAME)))

    @classmethod
    def from_enum(cls, names: type[Enum], *, environment: str, lock: Path | str | None = None) -> TemplateRegistry:
        """Read an enum whose values are `TemplateIds`. Raises ConfigurationError if one is not."""
        templates: dict[str, TemplateIds] = {}
        kind: object = names
        if not isinstance(kind, type) or not issubclass(kind, Enum):
            raise _wrong("names", "it is not an Enum", "give an Enum whose values are TemplateIds(...)")
        for one in names:
            if not isinstance(one.value, TemplateIds):
                raise ConfigurationError(f"{one.name} is not TemplateIds(...)", fix="give each name its ids")
            templates[one.name] = one.value
        if lock is None:
            return cls(templates, environment=environment)
        path = path_argument(lock, field="lock", fix="give the path of the lock, or leave it out", operation=_OPERATION)
        return cls(templates, environment=environment, lock=read_lock(path))

    def __iter__(self) -> Iterator[str]:
        return iter(self._templates)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._templates

    def __getitem__(self, name: str | Enum) -> TemplateChoice:
        return self.choose(name)

    def choose(self, name: str | Enum, language: Language = "en") -> TemplateChoice:
        """Choose a template. Raises ConfigurationError if it has no id for this environment and language."""
        if not isinstance(name, (str, Enum)):
            raise _wrong("name", "it is neither a name nor a member of an Enum", "give the template's name")
        key = name if isinstance(name, str) else name.name
        _checked_language(language, _OPERATION)
        if key not in self._templates:
            named = repr(key) if is_plain_name(key) else "by the name that was given"
            raise ConfigurationError(
                f"there is no template called {named}", fix=f"name one of {', '.join(sorted(self._templates))}"
            )
        template = self._templates[key]
        template_id = template.ids.get(self.environment, {}).get(language)
        if template_id is None:
            raise ConfigurationError(
                f"the template {key!r} has no id for {self.environment}, {language}",
                fix=f"add it under [{key}.ids.{self.environment}]",
            )
        locked = self._locked.get(template_id)
        if locked is not None and locked.channel is not template.channel:
            raise ConfigurationError(
                f"the template {key!r} is of another channel than its lock says", fix="mend the file, and lock again"
            )
        placeholders = template.placeholders if locked is None else locked.placeholders
        return TemplateChoice(key, template_id, template.channel, language, placeholders)

    def choices(self) -> list[TemplateChoice]:
        """Every template that this environment has, in every language that it has."""
        return [
            self.choose(name, language)
            for name, template in self._templates.items()
            for language in _LANGUAGES
            if language in template.ids.get(self.environment, {})
        ]

    @property
    def is_locked(self) -> bool:
        """Whether there is a lock to compare the provider's templates with."""
        return bool(self._locked)

    def compare(self, present: Iterable[Template]) -> list[str]:
        """Say what differs between the lock and what the provider has now; nothing if all is the same."""
        from govcomponents.notify.templates.template import Template

        templates = _all_of(Template, present, "present", "give what list_templates() returned")
        now = {str(template.id): LockedTemplate.of(template) for template in templates}
        problems = []
        for choice in self.choices():
            where = f"{choice.name} ({choice.language})"
            locked, found = self._locked.get(choice.id), now.get(choice.id)
            if found is None:
                problems.append(f"{where}: the provider has no template with its id")
            elif locked is None:
                problems.append(f"{where}: it is not locked")
            elif found != locked:
                what = [name for name in ("version", "placeholders", "checksum") if _differs(name, locked, found)]
                problems.append(f"{where}: {', '.join(what) or 'its channel'} changed since it was locked")
        return problems


def _items(mapping: object) -> list[tuple[object, object]]:
    """The items of a mapping; of anything else one that is none."""
    return [*mapping.items()] if isinstance(mapping, Mapping) else [(None, None)]


def _all_of(kind: type[T], values: object, field: str, fix: str) -> list[T]:
    """The members of a list, which must all be of one kind."""
    found = [*values] if isinstance(values, Iterable) else [values]
    right = [one for one in found if isinstance(one, kind)]
    if len(right) < len(found):
        raise _wrong(field, f"it is not a list of {kind.__name__}", fix)
    return right


def _wrong(field: str, problem: str, fix: str) -> InvalidInput:
    return InvalidInput(field=field, problem=problem, fix=fix, operation=_OPERATION)


def _checked_environment(environment: object) -> str:
    fix = 'give "production" or "test", or another name that the templates have ids under'
    return text_argument(environment, field="environment", fix=fix, operation=_OPERATION)


def _checked_language(language: object, operation: str) -> None:
    if language not in _LANGUAGES:
        problem, fix = "it is not a language of templates", f"give one of {', '.join(_LANGUAGES)}"
        raise InvalidInput(field="language", problem=problem, fix=fix, operation=operation)


def _names(placeholders: object, operation: str) -> tuple[str, ...] | None:
    if placeholders is None:
        return None
    names = placeholders if isinstance(placeholders, tuple) else (None,)
    texts = tuple(name for name in names if isinstance(name, str) and is_text(name))
    if len(texts) < len(names):
        problem, fix = "it is not a tuple of names", "give the names of the template's placeholders, or None"
        raise InvalidInput(field="placeholders", problem=problem, fix=fix, operation=operation)
    return texts


def _differs(name: str, one: LockedTemplate, other: LockedTemplate) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def _read_entry(name: str, entry: object) -> TemplateIds:
    fix = f"write [{name}] with channel, and [{name}.ids.production] with en and cy"
    if not isinstance(entry, dict) or not isinstance(entry.get("ids"), dict):
        raise ConfigurationError(f"the template {name!r} has no ids", fix=fix)
    channel = Channel(entry.get("channel", ""))
    ids: dict[str, Any] = entry["ids"]
    names = entry.get("placeholders")
    well = all(isinstance(by, dict) and all(isinstance(one, str) for one in by.values()) for by in ids.values())
    if channel is Channel.UNKNOWN or not well or not (names is None or isinstance(names, list)):
        raise ConfigurationError(f"the template {name!r} is not written as it should be", fix=fix)
    return TemplateIds(channel, ids, None if names is None else tuple(str(one) for one in names))


def read_lock(path: Path) -> list[LockedTemplate]:
    """Read a lock file; an absent one locks nothing. Raises ConfigurationError if it cannot be read."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["templates"]
        return [
            LockedTemplate(
                str(one["id"]),
                int(one["version"]),
                Channel(one["type"]),
                tuple(one["placeholders"]),
                str(one["checksum"]),
            )
            for one in entries
        ]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigurationError(
            f"the lock file of the templates {path} cannot be read: {reason_of(error)}",
            fix="check its path, and that this process may read it",
        ) from None
    except (ValueError, KeyError, TypeError):
        raise ConfigurationError(
            f"the lock file of the templates {path} is damaged", fix="make it again: govcomponents notify lock"
        ) from None


def write_lock(path: Path, templates: Iterable[Template]) -> None:
    """Write a lock file, in an order that does not depend on the provider's."""
    locked = sorted((LockedTemplate.of(template) for template in templates), key=lambda one: one.id)
    entries = [
        {
            "id": one.id,
            "version": one.version,
            "type": one.channel.value,
            "placeholders": list(one.placeholders),
            "checksum": one.checksum,
        }
        for one in locked
    ]
    path.write_text(json.dumps({"templates": entries}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
