"""Rules about deployment: what one process keeps and several need, durability of SQLite, tables, workers, timeouts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govcomponents.check.code.rules import found
from govcomponents.check.code.services import is_durable, is_shell
from govcomponents.check.code.syntax.expressions import text_of
from govcomponents.check.findings import Finding

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator, Sequence

    from govcomponents.check.code.rules import CodeView
    from govcomponents.check.code.syntax.module import Module
    from govcomponents.check.code.syntax.site import Site
    from govcomponents.check.project import Project, TextFile
    from govcomponents.check.settings.sources import Source

_PROCESSES: Final = (
    re.compile(r"^(?>.*?\b(?:gunicorn|uvicorn|hypercorn|granian|fastapi)\b).*?[\s\"',](?:-w|--workers)[ =\"',]+(\d+)"),
    re.compile(r"\bWEB_CONCURRENCY\b[\"']?[\s:=]+[\"']?(\d+)"),
    re.compile(r"^\s*(?:replicas|instances|minReplicas|desired_count|processes)\s*[:=]\s*[\"']?(\d+)", re.MULTILINE),
)
_CONFIGURED: Final = re.compile(r"^workers\s*=\s*+(\d+|.*cpu_count.*)$", re.MULTILINE)
_TIMEOUTS: Final = re.compile(r"^(?>.*?\bgunicorn\b).*?[\s\"',](?:-t|--timeout)[ =\"',]+(\d+)")
_TIMEOUT: Final = re.compile(r"^timeout\s*=\s*(\d+)", re.MULTILINE)
_MEMORY: Final = frozenset({"MemoryReplayStore", "MemoryEndedSessions"})
_NORMAL: Final = re.compile(r"synchronous\s*=\s*[\"']?(NORMAL|OFF|[01])\b", re.IGNORECASE)
_OWN_FILE: Final = re.compile(r"\bsqlite3\.connect\(")
_SQLALCHEMY: Final = re.compile(r"\bsqlalchemy\b|\bcreate_(?:async_)?engine\b")
_MIGRATES: Final = re.compile(
    r"\.migrate\(|durable[\"', ]+migrate|govcomponents:durable|manage\.py[\"', ]+migrate|call_command\([\"']migrate"
)
_WORKS: Final = re.compile(
    r"run_due|govcomponents[\"', ]+work\b|\bgov[\"', ]+work\b|govcomponents_work|works\s*=\s*True|serve_work"
)
_DEFAULT_LIMIT: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Many:
    """Where it is said that several processes serve, and how many."""

    path: str
    line: int
    count: str


def check_deployment(project: Project, view: CodeView, found_sources: Sequence[Source]) -> Iterator[Finding]:
    """Give what breaks the rules about deployment."""
    if not view.of_service and not found_sources:
        return
    many = next(_processes(project), None)
    if many is not None:
        yield from _in_memory(view, many)
        yield from _paces(view, found_sources, many)
    yield from _timeouts(project, found_sources)
    makers = [(module, site) for module in view.of_service for site in module.sites if is_durable(site)]
    if makers or any("GOVCOMPONENTS_DURABLE" in module.file.text for module in view.of_service):
        yield from _normal(project)
    if makers and project.deployment:
        yield from _unmigrated(project, makers)
        yield from _without_worker(project, makers)


def _lines(file: TextFile, pattern: re.Pattern[str]) -> Iterator[tuple[int, re.Match[str]]]:
    """Give what fits in a file's lines, without those that are comments."""
    for number, line in enumerate(file.text.splitlines(), 1):
        if not line.lstrip().startswith(("#", ";", "//")) and (match := pattern.search(line)):
            yield number, match


def _is_gunicorns(file: TextFile) -> bool:
    return "gunicorn" in file.place.name and file.place.suffix == ".py"


def _processes(project: Project) -> Iterator[_Many]:
    for file in project.deployment:
        for pattern in _PROCESSES:
            for line, match in _lines(file, pattern):
                if int(match.group(1)) > 1:
                    yield _Many(file.path, line, match.group(1))
    for file in project.python:
        if _is_gunicorns(file):
            for line, match in _lines(file, _CONFIGURED):
                count = match.group(1).partition("#")[0].strip()
                if not count.isdecimal() or int(count) > 1:
                    yield _Many(file.path, line, count if count.isdecimal() else "several")


def _in_memory(view: CodeView, many: _Many) -> Iterator[Finding]:
    told = f"{many.count} processes serve ({many.path}, line {many.line})"
    for module in view.of_service:
        for site in module.sites:
            if site.name in _MEMORY:
                yield found(module, "GC401", site.call, f"{site.name} is one process's own, and {told}")
            elif is_shell(site) and not site.is_open and not any(site.keyword(one) for one in ("ended", "later")):
                yield found(
                    module, "GC401", site.call, f"{site.name} without `ended` keeps sessions in memory, and {told}"
                )


def _paces(view: CodeView, found_sources: Sequence[Source], many: _Many) -> Iterator[Finding]:
    if any(site.name in ("limiter", "Durable", "AsyncDurable") for module in view.of_service for site in module.sites):
        return
    for source in found_sources:
        for variable, _ in source.each("notify", "requests_per_minute"):
            if not source.has("notify", "limiter_url"):
                message = (
                    f"{variable} is each process's own pace, and {many.count} serve ({many.path}, line {many.line})"
                )
                yield source.finding("GC405", variable, message)


def _timeouts(project: Project, found_sources: Sequence[Source]) -> Iterator[Finding]:
    limits = [source.texts.get("GOVCOMPONENTS_TIME_LIMIT", "") for source in found_sources]
    numbers = [float(limit) for limit in limits if re.fullmatch(r"\d+(?:\.\d+)?", limit)]
    limit = max(numbers) if numbers else _DEFAULT_LIMIT
    for file in (*project.deployment, *(one for one in project.python if _is_gunicorns(one))):
        for line, match in _lines(file, _TIMEOUT if _is_gunicorns(file) else _TIMEOUTS):
            if 0 < int(match.group(1)) <= limit:
                message = f"gunicorn kills a request after {match.group(1)} s, and a call may take {limit:g} s"
                yield Finding(file.path, line, 1, "GC406", message, file.source(line))


def _normal(project: Project) -> Iterator[Finding]:
    for file in project.python:
        # What opens a file of its own by sqlite3 alone is no database of SQLAlchemy's, nor Django's: it has no outbox.
        is_its_own = _OWN_FILE.search(file.text) and not _SQLALCHEMY.search(file.text)
        if "synchronous" in file.text and not is_its_own:
            for line, match in _lines(file, _NORMAL):
                message = f"SQLite's synchronous is {match.group(1).upper()}, under an outbox"
                yield Finding(file.path, line, match.start() + 1, "GC402", message, file.source(line))


def _unmigrated(project: Project, makers: Sequence[tuple[Module, Site]]) -> Iterator[Finding]:
    if any(_MIGRATES.search(file.text) for file in project.files):
        return
    for module, site in makers:
        if not (text_of(_database(site)) or "").startswith(
            "sqlite"
        ):  # a file that is given by its URL has its tables made
            yield found(module, "GC403", site.call, "nothing that is deployed makes the tables of the durable layer")


def _without_worker(project: Project, makers: Sequence[tuple[Module, Site]]) -> Iterator[Finding]:
    if not any(_WORKS.search(file.text) for file in project.files):
        module, site = makers[0]
        yield found(module, "GC404", site.call, "nothing that is deployed makes what is queued")


def _database(site: Site) -> ast.expr | None:
    return site.argument(1, "engine")
