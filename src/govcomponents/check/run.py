"""One check of a service: reads its files once, applies every rule, and leaves out what is allowed or accepted."""

from __future__ import annotations

import gc
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from govcomponents.check.allowances import allowed_in, check_allowances
from govcomponents.check.baseline import without_accepted
from govcomponents.check.code import check_code
from govcomponents.check.code.rules import CodeView
from govcomponents.check.code.services import is_shell
from govcomponents.check.deployment_rules import check_deployment
from govcomponents.check.findings import UNREAD, Finding
from govcomponents.check.live import check_live
from govcomponents.check.report import CheckReport
from govcomponents.check.settings.in_code import settings_in_code
from govcomponents.check.settings.rules import check_settings, is_ci
from govcomponents.check.settings.sources import sources
from govcomponents.check.template_files import template_files
from govcomponents.check.template_rules import check_templates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from govcomponents.check.baseline import Baseline
    from govcomponents.check.project import Project

_HEARS: Final = re.compile(r"integrations\.django|\.when(?:_stored)?\(")
_EVENTS: Final = {
    "pay": re.compile(r"\b(?:PaymentChanged|RefundChanged|DisputeChanged)\b"),
    "notify": re.compile(r"\b(?:DeliveryReceipt|LetterReturned|Complaint)\b"),
}


def check_project(
    project: Project,
    environment: Mapping[str, str] | None = None,
    *,
    accepted: Baseline | None = None,
    is_live: bool = False,
) -> CheckReport:
    """Check a service. Nothing is sent unless `is_live`; then the providers are asked by reads that change nothing.

    `environment` are the variables of the process, or None to leave them alone. Raises ConfigurationError for a path
    that is not there, and with `is_live` GovComponentsError if a provider cannot be had.
    """
    with _collector_resting():
        return _checked(project, environment, accepted, is_live=is_live)


def _checked(
    project: Project, environment: Mapping[str, str] | None, accepted: Baseline | None, *, is_live: bool
) -> CheckReport:
    view = CodeView(project)
    places = [*sources(project, environment), *settings_in_code(view.of_service)]
    files = template_files(project)
    said: list[str] = []
    found = [
        *check_settings(places, _callbacks(view), ci=is_ci(environment or ())),
        *check_templates(project, view, files),
        *check_code(view),
        *check_deployment(project, view, places),
        *check_allowances(project.files),
        *(check_live(files, said) if is_live else ()),
    ]
    unread = [
        Finding(path, one.line, 1 if one.line else 0, UNREAD, f"{one.why}; it was not looked at", one.source)
        for path, one in sorted(project.unread.items())
    ]
    kept = sorted(set(_not_allowed(project, [*found, *unread])))
    new, gone = without_accepted(kept, accepted.fingerprints if accepted else frozenset())
    told = accepted.unknown(project.shown(accepted.path)) if accepted else ()
    return CheckReport(sorted([*new, *told]), len(project.files), len(kept) - len(new), gone, unread, said)


@contextmanager
def _collector_resting() -> Iterator[None]:
    """Keep the collector of garbage from searching syntax trees, of which it finds none: that is half of the time."""
    was_at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_at_work:
            gc.enable()


def _callbacks(view: CodeView) -> frozenset[str] | None:
    """The components whose callbacks the code takes; None if there is no code of the service."""
    if not view.of_service:
        return None
    found = {one.component for one in view.operations if one.name == "parse_callback"}
    for module in view.of_service:
        if any(map(is_shell, module.sites)) or _HEARS.search(module.file.text):
            found |= {component for component, event in _EVENTS.items() if event.search(module.file.text)}
    return frozenset(found)


def _not_allowed(project: Project, found: Iterable[Finding]) -> Iterable[Finding]:
    """Leave out what a comment on its line allows: `# govcomponents: allow GC301`."""
    files = {file.path: file for file in project.files}
    for one in found:
        file = files.get(one.path)
        if file is None or one.rule_id not in allowed_in(file.source(one.line)):
            yield one
