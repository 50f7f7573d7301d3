"""Writes the diagrams: of states, from the words that there are, and of who asks whom, from runs of the sandbox.

python docs/reference/make_diagrams.py
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from govcomponents import Attempt, GovComponents, GovComponentsError, Money, Observer, Operation
from govcomponents.durable.storage.schema import State
from govcomponents.identity import Confidence
from govcomponents.notify import Status
from govcomponents.pay import AgreementStatus, DisputeStatus, PaymentState, PaymentStatus, RefundStatus
from govcomponents.sandbox.payer import pay_by_card
from govcomponents.testing import FormBrowser, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
MADE = "Made by `docs/reference/make_diagrams.py`."
BACK = "https://service.example.gov.uk/back"

# -------------------------------------------------------------------------------------------------------------- states

START = "[*]"
CHANGES: dict[str, tuple[type[Enum], dict[str, tuple[str, ...]]]] = {
    "A payment": (
        PaymentStatus,
        {
            START: ("CREATED",),
            "CREATED": ("STARTED", "FAILED", "CANCELLED"),
            "STARTED": ("SUBMITTED", "SUCCEEDED", "FAILED", "CANCELLED", "ERROR"),
            "SUBMITTED": ("CAPTURABLE", "SUCCEEDED", "FAILED", "CANCELLED", "ERROR"),
            "CAPTURABLE": ("SUCCEEDED", "FAILED", "CANCELLED", "ERROR"),
            "SUCCEEDED": ("ERROR", START),
        },
    ),
    "A refund": (RefundStatus, {START: ("SUBMITTED",), "SUBMITTED": ("SUCCEEDED", "ERROR")}),
    "An agreement": (
        AgreementStatus,
        {START: ("CREATED",), "CREATED": ("ACTIVE", "CANCELLED"), "ACTIVE": ("CANCELLED", "INACTIVE")},
    ),
    "A dispute": (
        DisputeStatus,
        {
            START: ("NEEDS_RESPONSE",),
            "NEEDS_RESPONSE": ("UNDER_REVIEW", "LOST"),
            "UNDER_REVIEW": ("WON", "LOST"),
        },
    ),
    "A message": (
        Status,
        {
            START: ("QUEUED",),
            "QUEUED": ("SENDING", "TECHNICAL_FAILURE", "REJECTED", "CANCELLED"),
            "SENDING": ("SENT", "DISPATCHED", "DELIVERED", "TEMPORARY_FAILURE", "PERMANENT_FAILURE"),
            "SENT": ("DELIVERED", "TEMPORARY_FAILURE", "PERMANENT_FAILURE", START),
        },
    ),
    "A row of the outbox": (
        State,
        {
            START: ("PENDING",),
            "PENDING": ("SENDING", "DEAD"),
            "SENDING": ("DONE", "REFUSED", "PENDING", "IN_DOUBT"),
            "IN_DOUBT": ("DONE", "PENDING", "DEAD"),
        },
    ),
}
NO_STATE = {"UNKNOWN"}
"""A word for what this version does not know: it can stand in any place."""


def diagram(title: str, kind: type[Enum], changes: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """A diagram of states. Raises LookupError if a word is in no place of it, or a change leads backwards."""
    drawn = {name for before, after in changes.items() for name in (before, *after)} - {START}
    there = {one.name for one in kind} - NO_STATE
    if drawn != there:
        raise LookupError(f"{kind.__name__}: {sorted(drawn ^ there)} is drawn and not there, or the other way")
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield f"    accTitle: States of {title[:1].lower()}{title[1:]}"
    for before, names in changes.items():
        for name in names:
            if kind is PaymentStatus and START not in (before, name):
                goes_on(PaymentStatus[before], PaymentStatus[name])
            yield f"    {before} --> {name}"
    for name in sorted(there - changes.keys()):
        yield f"    {name} --> [*]"
    yield "```"


def goes_on(before: PaymentStatus, after: PaymentStatus) -> None:
    """Raise LookupError if news of the second state would not win over the first."""
    first, second = (PaymentState(status, "", is_finished=status.is_finished) for status in (before, after))
    if first.merge(second).status is not after:
        raise LookupError(f"{before} does not go on to {after}")


def states() -> str:
    """The page of states."""
    lines = [
        "# States",
        "",
        f"{MADE} It stops if a word of the code is missing here.",
        "What the words promise: [payments](../pay/take-a-payment.md#what-the-states-promise),",
        "[messages](../notify/receipts.md), [rows](../durable/states.md). `UNKNOWN`, which keeps the provider's own",
        "text, can stand in any place. A provider may leave a state out. News may come late or twice: the states of a",
        "payment are merged, so that their order does not matter. `govcomponents outbox retry` takes a row up again",
        "that was refused or is dead.",
    ]
    for title, (kind, changes) in CHANGES.items():
        lines += ["", f"## {title}", "", *diagram(title, kind, changes)]
    return "\n".join(lines) + "\n"


# ----------------------------------------------------------------------------------------------------------- sequences

ID = re.compile(r"(?<=/)[0-9A-Za-z]{12,}(?=/|$)|[0-9a-f]{8}-[0-9a-f-]{27}")


class Told(Observer):
    """Notes who asks whom, in order. It is told no argument, URL or answer, so none can be in a diagram."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 0

    def note(self, line: str) -> None:
        """Add a line, unless it repeats the one before."""
        if not self.lines or self.lines[-1] != line:
            self.lines.append(line)

    @contextmanager
    def operation(self, operation: Operation) -> Iterator[None]:
        """Note a call of the service, and how it ended."""
        who = "L" if self.depth else "S"  # such as a fetch of keys, within a sign-in
        self.note(f"{who}->>L: {operation.name}")
        self.depth += 1
        yield
        self.depth -= 1
        if not self.depth:
            self.note(f"L-->>S: {operation.error or 'result'}")

    @contextmanager
    def attempt(self, attempt: Attempt) -> Iterator[None]:
        """Note a request and its answer."""
        where = attempt.template or "(an address that the provider published)"
        self.note(f"L->>P: {attempt.method} {where}")
        yield
        self.note(f"P-->>L: {attempt.status or 'nothing'}")

    def visiting(self, visit: Callable[..., Response]) -> Callable[..., Response]:
        """A person's browser, each page noted."""

        def noted(url: str, *form: object, **more: object) -> Response:
            path = ID.sub("{id}", re.sub(r"^https?://[^/]+|[?#].*$", "", url))
            self.note(f"B->>P: {'POST' if any((*form, *more.values())) else 'GET'} {path}")
            return visit(url, *form, **more)

        return noted


def sequence(title: str, told: Told) -> list[str]:
    """The lines of a diagram."""
    names = {"B": "Person's browser", "S": "Your service", "L": "govcomponents", "P": "Provider", "D": "Your database"}
    used = [who for who in names if any(re.match(rf"(\w+-+>>)?{who}\b", line) for line in told.lines)]
    return [
        "```mermaid",
        "sequenceDiagram",
        f"    accTitle: {title}",
        *(f"    participant {who} as {names[who]}" for who in used),
        *(f"    {line}" for line in told.lines),
        "```",
    ]


def paying(told: Told) -> None:
    """A payment, from its making to its webhook."""
    with GovComponents.sandbox(now="2026-03-02T09:00:00Z", observers=[told]) as gov:
        told.note("B->>S: what they typed")
        payment = gov.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", BACK)
        told.note("S-->>B: redirect to next_url")
        pay_by_card(FormBrowser(told.visiting(gov.simulator.visit)), payment.redirect_url())
        told.note("P-->>B: redirect to return_url")
        told.note("B->>S: return_url")
        gov.pay.get(payment.id)
        told.note("S-->>B: paid")


def signing_in(told: Told) -> None:
    """A sign-in with proof of identity."""
    with GovComponents.sandbox(now="2026-03-02T09:00:00Z", observers=[told]) as gov:
        told.note("B->>S: sign in")
        begun = gov.identity.start(confidence=Confidence.MEDIUM)
        told.note("S-->>B: redirect, with the pending sign-in kept")
        browser = FormBrowser(told.visiting(gov.simulator.visit))
        form = browser.open(begun.url).form_with("person")
        callback = browser.send(form, person="SAM", outcome="success").url
        told.note("P-->>B: redirect to redirect_url")
        told.note("B->>S: redirect_url, with a code")
        gov.identity.complete(begun.pending, callback)
        told.note("S-->>B: a session of its own")


def lost_payment(told: Told) -> None:
    """A payment whose answer is lost, looked up by its reference."""
    with GovComponents.sandbox(now="2026-03-02T09:00:00Z", observers=[told]) as gov:
        gov.simulator.control.arm("pay", "time_out_after_acceptance", operation="pay.create", times=1)
        try:
            gov.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", BACK)
        except GovComponentsError:
            found = next(gov.pay.search(reference="RENEW-7"))
            gov.pay.get(found.id)


RUNS = {
    "A payment": paying,
    "A payment whose answer is lost": lost_payment,
    "A sign-in with proof of identity": signing_in,
}


def sequences() -> str:
    """The page of sequences."""
    lines = [
        "# Who asks whom",
        "",
        f"{MADE} Each diagram is of a run against the sandbox, as an observer was told of it.",
        "The person's pages are the sandbox's own; the requests of govcomponents are those that a real provider gets.",
    ]
    for title, run in RUNS.items():
        told = Told()
        run(told)
        lines += ["", f"## {title}", "", *sequence(title, told)]
    return "\n".join(lines) + "\n"


PAGES = {"states.md": states, "sequences.md": sequences}

if __name__ == "__main__":
    for page, make in PAGES.items():
        (HERE / page).write_text(make(), encoding="utf-8")
