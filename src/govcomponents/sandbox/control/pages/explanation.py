"""Says why a request was refused in the words of the error reference, and gives that reference as a page's entries."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govcomponents import errors
from govcomponents.core.http.messages import Replay, Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.sandbox.faults.catalogue import Fault
    from govcomponents.sandbox.http.messages import Call
    from govcomponents.sandbox.http.request_log import LoggedRequest
    from govcomponents.sandbox.plugins.provider import ProviderSpec


@dataclass(frozen=True, slots=True)
class Explanation:
    """The error of the SDK that a refusal becomes: its name in the error reference, its text and what to do."""

    name: str
    text: str
    fix: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One error of the reference: its name, the more general one, and what it says."""

    name: str
    base: str
    told: str


def explain(spec: ProviderSpec | None, entry: LoggedRequest, fault: Fault | None) -> Explanation | None:
    """Return what the SDK makes of an answer; None for a success, and for what nobody can explain."""
    if entry.status is None:
        told = fault.kind.real if fault is not None else "The connection ended before an answer came."
        return Explanation("OutcomeUnknown", told, "look it up before it is repeated: the request may have acted")
    if fault is not None and entry.status < 400:
        return Explanation("UnexpectedReply", fault.kind.real, f"what comes of it: {fault.kind.raises}")
    if entry.status < 400 or spec is None or spec.explain is None:
        return None
    request = Request(entry.operation, entry.method, entry.path, Replay.UNSENT, provider=spec.name)
    try:
        error = spec.explain(request, Response(entry.status, entry.answer_headers, entry.answer), entry.at.timestamp())
    except (ValueError, KeyError, TypeError, AttributeError):  # an answer that was cut, or a stranger's provider
        return None
    return Explanation(type(error).__name__, error.happened, error.fix or "")


def reference() -> list[Entry]:
    """Every error of the SDK, the most general first."""
    found = []
    for name in errors.__all__:
        kind = getattr(errors, name)
        if inspect.isclass(kind) and issubclass(kind, errors.GovComponentsError):
            base = "" if kind is errors.GovComponentsError else kind.__mro__[1].__name__
            found.append((len(kind.__mro__), Entry(name, base, inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0])))
    return [entry for _, entry in sorted(found, key=lambda one: (one[0], one[1].name))]


def caller_of(providers: Mapping[str, object], entry: LoggedRequest, base_url: str) -> str:
    """Return by whose key a request came, as the provider's stub tells it; an empty text if it cannot."""
    from govcomponents.sandbox.plugins.provider import KnowsCallers

    stub = providers.get(entry.section)
    return stub.caller(_call(entry, base_url)) if isinstance(stub, KnowsCallers) else ""


def remedy_of(providers: Mapping[str, object], entry: LoggedRequest, base_url: str) -> str:
    """Return what the provider's stub knows of a sign-in that was refused at its beginning, beyond what it told."""
    from govcomponents.sandbox.plugins.provider import KnowsRemedies

    stub = providers.get(entry.section)
    if entry.operation != "authorize" or not entry.is_refused or entry.fault is not None:
        return ""
    return stub.remedy(_call(entry, base_url)) if isinstance(stub, KnowsRemedies) else ""


def _call(entry: LoggedRequest, base_url: str) -> Call:
    from govcomponents.sandbox.http.messages import Call

    return Call(entry.method, entry.path, entry.query, entry.headers, entry.body, base_url)
