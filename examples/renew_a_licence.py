"""Renew a licence, with a service that is killed again and again and goes on: nothing is lost, nothing is done twice.

    python examples/renew_a_licence.py

The sandbox is served on this machine, and reached over HTTP as the real providers are. `Service` is the service, in a
process of its own: with other settings in its environment it runs unchanged against the real ones. The demonstration
ends that process with `kill -9` at the worst moments, when a provider has acted and nobody here knows it yet, and
starts it again. `Person` stands in for somebody at a browser.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govcomponents import GovComponents, Money, Observer
from govcomponents.identity import Confidence, PendingSignIn
from govcomponents.testing import FormBrowser, SandboxServer, let_time_pass, serving

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcomponents import Attempt
    from govcomponents.pay import Payment

FEE = Money.gbp("145.00")
TOO_MUCH = Money.gbp("45.00")  # the person turns out to be entitled to the lower fee
EMAIL_RECEIPT = "5ab1ec0d-0000-4000-8000-000000000101"
TEXT_RECEIPT = "5ab1ec0d-0000-4000-8000-000000000102"
RETURN_URL = "https://service.example.gov.uk/renew/back"
PHONE = "07700 900123"
DECLINED_CARD, GOOD_CARD = "4000000000000002", "4444333322221111"
REFERENCE = "RENEW-7"
FEW_MINUTES = 200.0


@dataclass
class Person:
    """Somebody at a browser: goes where the service sends them, and comes back."""

    browser: FormBrowser = field(default_factory=FormBrowser.over_http)

    def sign_in(self, url: str) -> str:
        """Choose who to be on the sign-in page; return the URL at which the browser comes back to the service."""
        form = self.browser.open(url).form_with("person")
        return self.browser.send(form, person="SAM", outcome="success").url

    def pay(self, url: str, card: str) -> None:
        """Fill in the card page, and confirm if there is anything to confirm."""
        card_form = self.browser.open(url).form_with("card_number")
        page = self.browser.send(
            card_form,
            card_number=card,
            expiry_month="12",
            expiry_year="30",
            cvc="123",
            cardholder_name="Sam Example",
            email="sam@example.com",
        )
        if "confirm" in (name for form in page.forms for name, _ in form.buttons):
            self.browser.send(page.form_with("confirm"), "confirm")


class Service:
    """The service: everything that it knows is in its database, together with what the durable layer keeps there."""

    def __init__(self, gov: GovComponents, database: Path) -> None:
        import sqlalchemy as sa

        from govcomponents.durable import Durable, WorkerOptions

        self.gov = gov
        self.sql = sa.text
        self.later = Durable(gov, f"sqlite:///{database}", worker=WorkerOptions(concurrency=1))
        with self.later.engine.begin() as connection:
            connection.execute(
                sa.text("CREATE TABLE IF NOT EXISTS renewal (reference TEXT PRIMARY KEY, state, pending, name, email)")
            )

    def begin(self, reference: str) -> dict[str, str]:
        """A person begins: their sign-in is put down, and they are sent to it."""
        with self.gov.journey(reference), self.later.engine.begin() as connection:
            sign_in = self.gov.identity.start(confidence=Confidence.MEDIUM)
            connection.execute(
                self.sql("INSERT INTO renewal VALUES (:reference, 'signing in', :pending, NULL, NULL)"),
                {"reference": reference, "pending": sign_in.pending.dump()},
            )
        return {"go to": sign_in.url}

    def signed_in(self, reference: str, came_back_at: str) -> dict[str, str]:
        """The person comes back, or loads this page again: they are sent on to pay."""
        with self.later.engine.connect() as connection:
            row = connection.execute(self.sql("SELECT * FROM renewal WHERE reference = :it"), {"it": reference}).one()
        if row.state == "signing in":
            identity = self.gov.identity.complete(PendingSignIn.load(row.pending), came_back_at)
            if identity.email is None or identity.name is None:
                raise SystemExit("the provider gave no email address or no name")
            values = {"it": reference, "name": identity.name.full.reveal().title(), "email": identity.email.reveal()}
            with self.later.engine.begin() as connection:
                connection.execute(
                    self.sql("UPDATE renewal SET state = 'paying', name = :name, email = :email WHERE reference = :it"),
                    values,
                )
                self.later.signed_in(identity, on=connection)
        return self.pay_page(reference)

    def pay_page(self, reference: str) -> dict[str, str]:
        """Send the person to the page to pay on: that of a payment that waits for them already, or of a new one."""
        for found in self.gov.pay.search(reference=reference):
            if not found.is_finished:
                return {"go to": self.gov.pay.get(found.id).redirect_url(), "payment": "the same one"}
        with self.gov.journey(reference):
            payment = self.later.pay.create(FEE, reference, "Renew a licence", RETURN_URL)
        return {"go to": payment.redirect_url(), "payment": "a new one"}

    def back(self, reference: str) -> dict[str, str]:
        """The person is back from paying, which proves nothing: the provider is asked."""
        payments = [self.gov.pay.get(found.id) for found in self.gov.pay.search(reference=reference)]
        for payment in payments:
            if payment.is_paid:
                self.paid(reference, payment)
                return {"paid": str(payment.amount)}
        return {"not paid": f"the card was {payments[0].failure}"}

    def paid(self, reference: str, payment: Payment) -> None:
        """One transaction: the licence is paid, and both receipts and the refund are put down to be made later."""
        with self.gov.journey(reference), self.later.engine.begin() as connection:
            row = connection.execute(
                self.sql(
                    "UPDATE renewal SET state = 'paid' WHERE reference = :it AND state = 'paying' RETURNING name, email"
                ),
                {"it": reference},
            ).first()
            if row is None:
                return  # it was done before: the person loaded the page again
            values = {"name": row.name, "amount": str(FEE), "reference": reference}
            later, on = self.later, connection
            with_refund = {**values, "refund": True}
            later.notify.send_email(row.email, EMAIL_RECEIPT, with_refund, reference=f"{reference}-email", on=on)
            later.notify.send_sms(PHONE, TEXT_RECEIPT, values, reference=f"{reference}-text", on=on)
            left = payment.refundable_amount()
            later.pay.refund(payment.id, TOO_MUCH, available=left, reference=f"{reference}-refund", on=on)

    def work(self) -> dict[str, int]:
        """Make what is due: cron, Celery or `govcomponents work` do this in a service."""
        report = self.later.run_due()
        return {"done": report.done, "still open": report.waiting + report.in_doubt}

    def journey(self, reference: str) -> list[str]:
        """Everything that happened to one renewal, in all three components."""
        return [f"{step.what:<20} {step.outcome}" for step in self.later.journey(reference)]


class Killer(Observer):
    """Ends its own process with `kill -9` when a provider has acted, before anybody here can know."""

    def __init__(self) -> None:
        self.kills_at: list[str] = []

    def attempt(self, attempt: Attempt, /) -> AbstractContextManager[object] | None:
        """Watch a request, and kill when its answer is there."""
        is_it = attempt.operation.name in self.kills_at and attempt.method == "POST"
        return _KillAtTheEnd() if is_it else None


class _KillAtTheEnd(AbstractContextManager[None]):
    def __exit__(self, *_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def serve(database: Path) -> int:
    """Be the service's process: one request a line, with the moment to be killed at, and one answer a line."""
    killer = Killer()
    with GovComponents.from_settings(observers=[killer]) as gov:
        service = Service(gov, database)
        for line in sys.stdin:
            killer.kills_at, name, *arguments = json.loads(line)
            print(json.dumps(getattr(service, name)(*arguments)), flush=True)
    return 0


class Demonstration:
    """The service's process from outside: started, asked, killed, started again."""

    def __init__(self, server: SandboxServer, database: Path) -> None:
        self._server = server
        self._database = database
        self.kills = 0
        self.start()

    def start(self) -> None:
        """Start the process."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("GOVCOMPONENTS_")}
        self._process = subprocess.Popen(  # noqa: S603  # this very file, with a path that was made here
            [sys.executable, __file__, "--service", str(self._database)],
            env=own | self._server.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, *request: str, kill_at: Sequence[str] = ()) -> Any:
        """Ask the process something. Returns None if it was killed: it is once a provider has done one of `kill_at`."""
        if self._process.stdin is None or self._process.stdout is None:
            raise SystemExit("the service has no way to be asked")
        self._process.stdin.write(json.dumps([list(kill_at), *request]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if answer:
            return json.loads(answer)
        self.stop()
        if self._process.returncode != -signal.SIGKILL:
            raise SystemExit("the service failed")
        self.kills += 1
        self.start()
        return None

    def stop(self) -> None:
        """End the process at its end of input."""
        self._process.communicate()

    def let_pass(self, seconds: float) -> None:
        """Let time go by, at the sandbox and for the rows that wait, rather than wait for it."""
        self._server.sandbox.clock.advance(seconds)
        import sqlalchemy as sa

        engine = sa.create_engine(f"sqlite:///{self._database}")
        let_time_pass(engine, seconds)
        engine.dispose()


def tell(text: str, answer: object = "") -> None:
    """Print a line of the story."""
    print(f"  {text}")
    if answer is None:
        print("      KILLED: the provider has acted, and nobody knows it here")


def renew(demo: Demonstration, person: Person) -> None:
    """Renew one licence, with a kill at each of the three worst moments."""
    came_back_at = person.sign_in(demo.ask("begin", REFERENCE)["go to"])
    tell(
        "the person has signed in, and the service makes the payment",
        demo.ask("signed_in", REFERENCE, came_back_at, kill_at=["pay.create"]),
    )
    page = demo.ask("signed_in", REFERENCE, came_back_at)
    tell(f"started again; the person loads the page again: the payment is {page['payment']}")
    for card in (DECLINED_CARD, GOOD_CARD):
        person.pay(page["go to"], card)
        outcome = demo.ask("back", REFERENCE)
        tell(", ".join(f"{name}: {what}" for name, what in outcome.items()))
        if "paid" in outcome:
            break
        page = demo.ask("pay_page", REFERENCE)
    demo.ask("back", REFERENCE)  # loaded twice: nothing more comes of it
    tell("in one transaction: the licence is paid, and two receipts and a refund are put down")
    for which in ("the first of the three", "another"):  # they are made in any order
        tell(f"{which} is made", demo.ask("work", kill_at=["notify.send_email", "notify.send_sms", "pay.refund"]))
        demo.let_pass(FEW_MINUTES)
        tell("started again, some minutes later: what is in doubt is looked up before anything is sent")
    for _ in range(3):  # what a killed process had in hand is in doubt first, and then looked up
        demo.ask("work")
        demo.let_pass(FEW_MINUTES)


def show(demo: Demonstration, server: SandboxServer) -> None:
    """Print what the service knows, and what the providers have seen."""
    print(f"\nWhat the service knows of {REFERENCE}")
    for number, line in enumerate(demo.ask("journey", REFERENCE), start=1):
        print(f"  {number:>2}. {line}")
    with GovComponents.from_settings(server.sandbox.settings()) as gov:
        payments = list(gov.pay.search(reference=REFERENCE))
        sent = Counter(f"{one.channel.value} {one.status.value}" for one in gov.notify.search())
        refunds = [refund for one in payments for refund in gov.pay.list_refunds(one.id)]
    print("\nWhat the providers have")
    print(f"  payments: {', '.join(sorted(f'{one.amount} {one.failure or one.status}' for one in payments))}")
    print(f"  messages: {', '.join(f'{count} {what}' for what, count in sorted(sent.items()))}")
    print(f"  refunds:  {', '.join(f'{one.amount} {one.status}' for one in refunds)}")
    print(f"\nKilled {demo.kills} times with kill -9; nothing was lost, and nothing was done twice.")
    command = f"{os.path.relpath(sys.executable)} -m govcomponents.sandbox"
    print(f"To go through it by hand: {command}\nthen open the address that it prints.")


def main() -> int:
    """Serve the sandbox, renew one licence against it, and print what happened."""
    if sys.argv[1:2] == ["--service"]:
        return serve(Path(sys.argv[2]))
    with serving() as server, tempfile.TemporaryDirectory() as folder:
        print(f"Renewal {REFERENCE}, against the sandbox at {server.base_url}\n")
        demo = Demonstration(server, Path(folder, "service.db"))
        renew(demo, Person())
        show(demo, server)
        demo.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
