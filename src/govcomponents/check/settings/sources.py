"""Sources of a service's settings: files of variables, TOML, files of deployment, and the environment itself."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from govcomponents.check.findings import ENVIRONMENT, Finding
from govcomponents.check.project import Unread
from govcomponents.core.inputs import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from govcomponents.check.project import Project, TextFile

PREFIX: Final = "GOVCOMPONENTS_"
COMPONENTS: Final = ("pay", "notify", "identity")
_DOTENV_LINE: Final = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)")
_ANY_LINE: Final = re.compile(r"""["']?\b(GOV_?COMP[A-Z]*_[A-Z0-9_]+)["']?(?:\s*[:=]|\s)(.*)""")
_K8S_NAME: Final = re.compile(r"""^\s*(?:-\s*)?name:\s*["']?(GOV_?COMP[A-Z]*_[A-Z0-9_]+)["']?\s*$""")
_K8S_VALUE: Final = re.compile(r"^\s*value:(.*)")
_OPAQUE: Final = re.compile(
    r"\$[({A-Za-z_]|\{\{|<[\w -]+>|^!|^(?:changeme|change-me|todo|xxx+)$|(?:\.\.\.|…)$", re.IGNORECASE
)
_KNOWN: Final = frozenset(
    {"adapter", "api_key", "client_id", "webhook_secrets", "callback_tokens", "accounts", "issuer"}
)
_SECTION: Final = re.compile(r"^[ \t]*\[(?:pay|notify|identity)[\].]", re.MULTILINE)
_SETTING: Final = re.compile(rf"\b(?:{'|'.join(sorted(_KNOWN))})\b")


@dataclass(frozen=True, slots=True)
class Value:
    """One variable that a source sets. `text` is None if it is put in later, as by `${...}`."""

    name: str
    text: str | None
    line: int


@dataclass(slots=True)
class Source:
    """The settings of one place. `is_whole` if a process is started with exactly these."""

    path: str
    values: dict[str, Value]
    is_whole: bool
    file: TextFile | None = None
    line: int = 0
    """Where its settings begin, if they are part of a file."""
    texts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.texts = {name: value.text for name, value in self.values.items() if value.text is not None}

    @property
    def environment(self) -> str | None:
        """The environment that the process is said to be: production, staging, test or development."""
        return self.texts.get(f"{PREFIX}ENVIRONMENT", "").strip().lower() or None

    @property
    def components(self) -> frozenset[str]:
        """The components that have a credential here."""
        names = ("API_KEY", "CLIENT_ID")
        return frozenset(
            one for one in COMPONENTS if any(f"{PREFIX}{one.upper()}__{name}" in self.values for name in names)
        )

    def has(self, component: str, setting: str) -> bool:
        """Whether a setting is there, in whatever account."""
        return any(setting_of(name) == (component, setting) for name in self.values)

    def each(self, component: str, setting: str) -> Iterator[tuple[str, str]]:
        """Give the variable and text of a setting in every account."""
        for name, text in self.texts.items():
            if setting_of(name) == (component, setting):
                yield name, text

    def finding(self, rule_id: str, variable: str, message: str) -> Finding:
        """Make a finding about one of the variables."""
        value = self.values.get(variable)
        line = value.line if value is not None else self.line
        # The line itself may hold a secret: the variable's name stands for it.
        return Finding(self.path, line, 1 if line else 0, rule_id, message, variable if value is not None else "")


def setting_of(variable: str) -> tuple[str, str] | None:
    """Return the component and the setting that a variable names: of an account, the account's."""
    parts = variable.removeprefix(PREFIX).lower().split("__")
    if not variable.startswith(PREFIX) or parts[0] not in COMPONENTS or len(parts) < 2:  # section and setting
        return None
    return parts[0], parts[-1]


def sources(project: Project, environment: Mapping[str, str] | None) -> Iterator[Source]:
    """Give every place that sets something of ours; the process's own variables too, if they are given."""
    for file in project.dotenv:
        found = dict(_dotenv(file))
        if found:
            yield Source(file.path, found, is_whole=True, file=file)
    for file in project.toml:
        try:
            values = _toml(file)
        except tomllib.TOMLDecodeError as error:
            project.unread[file.path] = Unread(f"it is not TOML: {reason_of(error)}")
            continue
        if values:
            yield Source(file.path, values, is_whole=True, file=file)
    for file in project.deployment:
        if "GOV" in file.text and (found := dict(_loose(file))):
            yield Source(file.path, found, is_whole=False, file=file)
    ours = {name: Value(name, text, 0) for name, text in (environment or {}).items() if is_ours(name) and text}
    if ours:
        yield Source(ENVIRONMENT, ours, is_whole=True)


def process_environment() -> Mapping[str, str]:
    """Return the environment of this process."""
    return dict(os.environ)


def is_ours(name: str) -> bool:
    """Whether a variable is one of ours, or is nearly written like one."""
    return name.upper().startswith(("GOVCOMP", "GOV_COMP"))


def _dotenv(file: TextFile) -> Iterator[tuple[str, Value]]:
    for number, line in enumerate(file.text.splitlines(), 1):
        match = _DOTENV_LINE.match(line)
        if match and is_ours(match.group(1)):
            yield match.group(1), Value(match.group(1), _plain(match.group(2)), number)


def _loose(file: TextFile) -> Iterator[tuple[str, Value]]:
    """Find `NAME: value`, `NAME=value` and Kubernetes' pairs of name and value, in files of any form."""
    waiting: tuple[str, int] | None = None
    for number, line in enumerate(file.text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        if waiting is not None:
            name, at = waiting
            value = _K8S_VALUE.match(line)
            yield name, Value(name, _plain(value.group(1)) if value else None, number if value else at)
            waiting = None
        if match := _K8S_NAME.match(line):
            waiting = match.group(1), number
        elif match := _ANY_LINE.search(line):
            yield match.group(1), Value(match.group(1), _plain(match.group(2).rstrip().rstrip("\\")), number)
    if waiting is not None:
        yield waiting[0], Value(waiting[0], None, waiting[1])


def _plain(text: str) -> str | None:
    """Take space, quotes and a comment off a value; None if it is put in later, or is empty."""
    text = text.strip()
    if text[:1] in ("'", '"') and text[:1] and text.find(text[0], 1) > 0:
        text = text[1 : text.find(text[0], 1)]
    else:
        text = re.split(r"(?<!\s)\s+#", text, maxsplit=1)[0].strip().rstrip(",")
    return None if not text or _OPAQUE.search(text) else text


def _toml(file: TextFile) -> dict[str, Value]:
    """Read a TOML file as variables, if it is one of our settings. Raises TOMLDecodeError, if it looks like one."""
    if not _SECTION.search(file.text) or not _SETTING.search(file.text):
        return {}
    content = tomllib.loads(file.text)
    sections = {name: content[name] for name in COMPONENTS if isinstance(content.get(name), dict)}
    if not any(section.keys() & _KNOWN for section in sections.values()):
        return {}
    found: dict[str, Value] = {}
    plain: dict[str, object] = {name: content[name] for name in ("environment", "time_limit") if name in content}
    for name, value in (*_flat(plain), *_flat(sections)):
        variable = f"{PREFIX}{name.upper()}"
        found[variable] = Value(variable, _plain(value), _line_of(file, name.rpartition("__")[2]))
    return found


def is_section(name: str) -> bool:
    """Whether a mapping holds settings, as `pay__accounts__permits` does; another one is a setting's own value."""
    component, *rest = name.split("__")
    return component in COMPONENTS and (not rest or (rest[0] == "accounts" and len(rest) <= 2))


def _flat(content: Mapping[str, object], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in content.items():
        if isinstance(value, dict) and is_section(f"{before}{name}"):
            yield from _flat(value, f"{before}{name}__")
        elif isinstance(value, list):
            yield f"{before}{name}", ",".join(map(str, value))
        else:
            yield f"{before}{name}", str(value)


def _line_of(file: TextFile, key: str) -> int:
    match = re.search(rf"^[ \t]*{re.escape(key)}[ \t]*=", file.text, re.MULTILINE)
    return file.text.count("\n", 0, match.start()) + 1 if match else 1
