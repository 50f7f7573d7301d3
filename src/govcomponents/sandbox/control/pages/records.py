"""The pages of what the providers keep: payments, refunds, sign-ins and so on, with buttons for what can be done."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from govcomponents.sandbox.control.pages.own_page import own_page
from govcomponents.sandbox.http.messages import Call, Route, is_cross_site, redirect, text_response
from govcomponents.sandbox.http.templating import Templates
from govcomponents.sandbox.plugins.records import KINDS, KeepsRecords

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.control.controls import SandboxControls
    from govcomponents.sandbox.plugins.provider import ProviderSpec
    from govcomponents.sandbox.plugins.records import Record

_pages = Templates("govcomponents.sandbox.control")
_SHOWN_AT_MOST = 100
_LOOKED_AT = 10_000
_SAYS_ORIGIN = {"referrer-policy": "same-origin"}


class RecordPages:
    """The pages of one sandbox's records."""

    section = "records"

    def __init__(self, controls: SandboxControls) -> None:
        self._controls = controls

    def routes(self) -> Iterable[Route]:
        """A list and a page for each kind, and where the buttons go."""
        for kind in KINDS:
            yield Route("GET", f"/_sandbox/{kind}", partial(self.listing, kind), f"list {kind}")
            yield Route("GET", f"/_sandbox/{kind}/<section>/<record_id>", partial(self.one, kind), f"show {kind}")
            yield Route("POST", f"/_sandbox/{kind}/<section>/<record_id>", partial(self.act, kind), f"act on {kind}")

    def owns(self, path: str) -> bool:
        """Whether a path is its own: none is, the home page answers for those without a route."""
        return False

    def missing(self, call: Call, allowed: frozenset[str]) -> Response:
        """Answer a path without a route: never called, as it owns no path."""
        return text_response(404, "The sandbox has no such page.\n")

    def listing(self, kind: str, call: Call) -> Response:
        """List the records of a kind, the newest first; the query narrows them down."""
        words = dict(call.query).get("words", "").strip()
        shown, total = self._newest(kind, words.lower().split())
        page = _pages.render(
            "records.html",
            kind=kind,
            heading=KINDS[kind],
            records=shown,
            total=total,
            words=words,
            newest=self._controls.context.requests.newest,
            have_references=any(record.reference for _, record in shown),
            have_times=any(record.at for _, record in shown),
            kinds=self._counts(),
        )
        return own_page(200, page)

    def _counts(self) -> list[tuple[str, str, int]]:
        counted = [
            (kind, name, sum(len(stub.record_ids(kind)) for _, stub in self._stubs())) for kind, name in KINDS.items()
        ]
        return [(kind, name, count) for kind, name, count in counted if count or kind == "payments"]

    def _newest(self, kind: str, words: list[str]) -> tuple[list[tuple[ProviderSpec, Record]], int]:
        found: list[tuple[ProviderSpec, Record]] = []
        total = 0
        for spec, stub in self._stubs():
            ids = stub.record_ids(kind)
            total += len(ids)
            taken = 0
            for record_id in ids[::-1][:_LOOKED_AT]:
                record = stub.record(kind, record_id)
                if record is None or not all(word in _searched(record) for word in words):
                    continue
                found.append((spec, record))
                taken += 1
                if taken == _SHOWN_AT_MOST:
                    break
        found.sort(key=lambda pair: 0.0 if pair[1].at is None else pair[1].at.timestamp(), reverse=True)
        return found[:_SHOWN_AT_MOST], total

    def _stubs(self) -> Iterator[tuple[ProviderSpec, KeepsRecords]]:
        for one in self._controls.providers:
            if isinstance(one.stub, KeepsRecords):
                yield one.spec, one.stub

    def one(self, kind: str, call: Call) -> Response:
        """Show one record with its history, and the buttons of what can be done to it."""
        return self._page(kind, call, 200, "")

    def _page(self, kind: str, call: Call, status: int, problem: str) -> Response:
        found = self._find(kind, call)
        if found is None:
            return own_page(404, _pages.render("not_found.html", what=KINDS[kind].lower().removesuffix("s")))
        spec, stub, record = found
        related = [
            (KINDS[name].removesuffix("s"), other, f"/_sandbox/{name}/{spec.section}/{quote(record_id, safe='')}")
            for name, record_id in record.related
            if (other := stub.record(name, record_id)) is not None
        ]
        page = _pages.render(
            "record.html", kind=kind, heading=KINDS[kind], spec=spec, record=record, related=related, problem=problem
        )
        return own_page(status, page, _SAYS_ORIGIN)

    def act(self, kind: str, call: Call) -> Response:
        """Do what the pressed button says, and show the record again."""
        if is_cross_site(call):
            return text_response(403, "This form was sent from a page of another site.\n")
        found = self._find(kind, call)
        if found is None:
            return self._page(kind, call, 404, "")
        spec, stub, record = found
        try:
            stub.act(kind, record.id, dict(call.form).get("action", ""))
        except LookupError:
            return self._page(kind, call, 409, "That cannot be done to it now. It may have changed meanwhile.")
        return redirect(f"/_sandbox/{kind}/{spec.section}/{quote(record.id, safe='')}", 303)

    def _find(self, kind: str, call: Call) -> tuple[ProviderSpec, KeepsRecords, Record] | None:
        for spec, stub in self._stubs():
            if spec.section == call.params["section"]:
                record = stub.record(kind, call.params["record_id"])
                return None if record is None else (spec, stub, record)
        return None


def _searched(record: Record) -> str:
    values = " ".join(value for _, value in record.facts)
    return f"{record.id} {record.title} {record.status} {record.reference or ''} {values}".lower()
