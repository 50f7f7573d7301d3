"""A journey joins sign-in, payment, messages and callbacks; a change of its audit is seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from govcomponents import GovComponents, InvalidInput, Money
from govcomponents.cli.main import main
from govcomponents.durable import Durable, Erasure, GaveUp
from govcomponents.durable.audit.chain import let_go_of_audit, seal_entries, verify_audit
from govcomponents.durable.storage.schema import AUDIT, AUDIT_SEAL, INBOX, OUTBOX
from govcomponents.durable.storage.sealing import PayloadKeys
from govcomponents.identity import PendingSignIn
from govcomponents.notify import DeliveryReceipt
from govcomponents.pay import PaymentChanged

from .test_inbox import EMAIL, KEY, VALUES, callback_world, receipt, webhook

JOURNEY, PERSON = "licence-7", "canary.person@example.com"
NEXT_YEAR = datetime.now(UTC) + timedelta(days=365)
BACK = "https://service.example.gov.uk/back"


@pytest.fixture
def later(engine: sa.Engine) -> Iterator[Durable]:
    with GovComponents.sandbox(callback_world()) as gov:
        yield Durable(gov, engine, keys=[KEY])


def travelled(later: Durable) -> list[tuple[str, str, str | None]]:
    return [(step.what, step.outcome, step.reference) for step in later.journey(JOURNEY)]


def travel(later: Durable) -> None:
    """A sign-in, a payment, a message, and the callbacks about both."""
    gov = later.components
    later.when(PaymentChanged)(lambda event, transaction: None)
    later.when(DeliveryReceipt)(lambda event, transaction: None)
    gov.simulator.one_login.sign_in_as("SAM")
    with gov.journey(JOURNEY):
        signing_in = gov.identity.start(confidence="medium")
    kept = PendingSignIn.load(signing_in.pending.dump())  # days later, in another process
    person = gov.identity.complete(kept, gov.simulator.visit(signing_in.url).headers["location"])
    assert person.journey == JOURNEY
    later.signed_in(person)
    with gov.journey(JOURNEY, in_metadata=True):
        payment = later.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", BACK, metadata={"office": 3})
        later.notify.send_email(PERSON, EMAIL, VALUES, reference="R-1")
    assert dict(gov.pay.get(payment.id).metadata) == {"journey": JOURNEY, "office": 3}
    later.run_due()
    later.receive("pay", *webhook(payment))
    later.receive("notify", *receipt(1))
    later.run_due()


def test_one_timeline_has_all_three_components(later: Durable) -> None:
    travel(later)
    assert travelled(later) == [
        ("identity.complete", "proved medium", None),
        ("pay.create", "begun", "RENEW-7"),
        ("pay.create", "made", "RENEW-7"),
        ("notify.send_email", "queued", "R-1"),
        ("notify.send_email", "accepted", "R-1"),
        ("pay.PaymentChanged", "received", None),
        ("notify.DeliveryReceipt", "received", None),
        ("pay.PaymentChanged", "handled", None),
        ("notify.DeliveryReceipt", "handled", None),
    ]
    assert later.journey("licence-8") == ()


def test_no_journey_is_none_of_which_nothing_is_known(later: Durable) -> None:
    missing: Any = None
    with pytest.raises(InvalidInput, match="journey: "):
        later.journey(missing)


def test_a_rollback_takes_the_entry_along(later: Durable) -> None:
    with later.engine.connect() as connection, connection.begin() as transaction:
        later.notify.send_email(PERSON, EMAIL, VALUES, reference="R-1", journey=JOURNEY, on=connection)
        transaction.rollback()
    assert travelled(later) == []


def test_nothing_outside_is_in_a_journey(later: Durable) -> None:
    gov = later.components
    with gov.journey(JOURNEY), gov.journey("licence-8"):
        later.notify.send_email(PERSON, EMAIL, VALUES, reference="R-1")
        later.notify.send_email(PERSON, EMAIL, VALUES, reference="R-2", journey="licence-9")
    later.notify.send_email(PERSON, EMAIL, VALUES, reference="R-3")
    assert [len(later.journey(name)) for name in (JOURNEY, "licence-8", "licence-9")] == [0, 1, 1]
    assert gov.identity.start().pending.journey is None
    for wrong in ("", " ", "x" * 65, "a\nb", 7):
        with pytest.raises(InvalidInput, match="journey"), gov.journey(wrong):
            pass


def test_the_audit_shows_what_was_changed_and_what_is_missing(later: Durable) -> None:
    travel(later)
    keys, engine = PayloadKeys([KEY]), later.engine
    assert seal_entries(engine, keys, settled=-1.0) == 9
    later.notify.send_email(PERSON, EMAIL, VALUES, reference="R-2", journey=JOURNEY)
    assert seal_entries(engine, keys, settled=-1.0) == 1
    verdict = verify_audit(engine, keys)
    assert (verdict.entries, verdict.seals, verdict.unsealed, verdict.problems) == (10, 2, 0, ())
    assert "is not among the data keys" in verify_audit(engine, PayloadKeys()).problems[0]
    first = AUDIT.c.seq == 1
    changes: list[Any] = [
        sa.update(AUDIT).where(first).values(outcome="proved high"),
        sa.update(AUDIT).where(first).values(at=0.0),
        sa.delete(AUDIT).where(first),
        sa.update(AUDIT).where(first).values(seal=None),
        sa.delete(AUDIT_SEAL).where(AUDIT_SEAL.c.number == 1),
        sa.delete(AUDIT_SEAL).where(AUDIT_SEAL.c.number == 2),
        sa.update(AUDIT_SEAL).where(AUDIT_SEAL.c.number == 2).values(hash="00:00"),
        sa.update(AUDIT_SEAL).where(AUDIT_SEAL.c.number == 2).values(previous="00:00"),
    ]
    for change in changes:
        with engine.begin() as connection:
            held, seals = (
                connection.execute(sa.select(AUDIT)).mappings().all(),
                connection.execute(sa.select(AUDIT_SEAL)).mappings().all(),
            )
            connection.execute(change)
        assert verify_audit(engine, keys).problems, change
        with engine.begin() as connection:
            connection.execute(sa.delete(AUDIT))
            connection.execute(sa.delete(AUDIT_SEAL))
            connection.execute(sa.insert(AUDIT), [dict(row) for row in held])
            connection.execute(sa.insert(AUDIT_SEAL), [dict(row) for row in seals])
    assert verify_audit(engine, keys).problems == ()


def test_seals_that_need_no_key_prove_nothing_to_whoever_has_one(later: Durable) -> None:
    """Who can write to the tables, and has no key, could change an entry and make every seal anew."""
    engine, keys = later.engine, PayloadKeys([KEY])
    for number in range(2):
        later.notify.send_email(PERSON, EMAIL, VALUES, reference=f"R-{number}", journey=JOURNEY)
        assert seal_entries(engine, keys, settled=-1.0) == 1
    with engine.begin() as connection:
        connection.execute(sa.update(AUDIT).where(AUDIT.c.seq == 1).values(outcome="accepted"))
        connection.execute(sa.update(AUDIT).values(seal=None))
        connection.execute(sa.delete(AUDIT_SEAL))
    assert seal_entries(engine, PayloadKeys(), settled=-1.0) == 2
    assert verify_audit(engine, PayloadKeys()).problems == ()
    (problem,) = verify_audit(engine, keys).problems
    assert problem.startswith("1 seals, from 1 on, are under no key")


def test_a_caseworker_sees_the_journey_and_an_auditor_the_chain(
    later: Durable, url: str, tmp_path: Any, capsys: Any
) -> None:
    travel(later)
    seal_entries(later.engine, PayloadKeys([KEY]), settled=-1.0)
    (tmp_path / "keys").write_text(f"{KEY}\n")
    told = []
    for command in (
        ["journey", JOURNEY],
        ["journey", JOURNEY, "--json"],
        ["audit", "verify", "--keys-file", str(tmp_path / "keys")],
        ["audit", "export"],
    ):
        assert main([*command, "--database", url]) == 0
        told.append(capsys.readouterr().out)
    assert "notify.send_email       accepted      R-1" in told[0]
    assert json.loads(told[1])["steps"][0]["outcome"] == "proved medium"
    seal = told[2].split()[-1]
    events = [json.loads(line) for line in told[3].splitlines()]
    assert (events[1]["type"], events[1]["subject"]) == ("govcomponents.pay.create.begun", JOURNEY)
    assert all(event["specversion"] == "1.0" and event["time"].endswith("Z") for event in events)
    assert PERSON not in "".join(told)
    assert main(["audit", "verify", "--keys-file", str(tmp_path / "keys"), "--database", url, "--last", seal]) == 0
    assert main(["audit", "export", "--after", str(10**20), "--database", url]) == 0
    assert main(["journey", "licence-8", "--database", url]) == 1
    with later.engine.begin() as connection:
        connection.execute(sa.delete(AUDIT_SEAL))
        connection.execute(sa.update(AUDIT).values(seal=None))
    assert main(["audit", "verify", "--keys-file", str(tmp_path / "keys"), "--database", url, "--last", seal]) == 1
    assert "was cut off" in capsys.readouterr().out


def test_the_page_of_a_journey_is_html_without_surprises(later: Durable) -> None:
    from govcomponents.cli.store.journey import page

    travel(later)
    shown = page("<script>", later.journey(JOURNEY)).decode()
    assert "<td>notify.send_email</td><td>accepted</td><td>R-1</td>" in shown
    assert "<script>" not in shown


def test_erasing_a_journey_erases_its_events_too(later: Durable) -> None:
    gov = later.components
    payment = later.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", BACK, journey=JOURNEY)
    later.notify.send_email(PERSON, EMAIL, VALUES, reference="R-1", journey=JOURNEY)
    later.receive("pay", *webhook(payment))
    later.receive("notify", *receipt(1))
    later.erase(journey=JOURNEY)
    with later.engine.connect() as connection:
        rows = connection.execute(sa.select(INBOX.c.payload, INBOX.c.is_open, INBOX.c.problem)).all()
    assert rows == [(None, 0, "Erased")] * 2
    assert list(gov.notify.search(reference="R-1")) == []


def test_the_oldest_seals_are_let_go_of_and_the_rest_is_still_proved(
    later: Durable, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keys, engine = PayloadKeys([KEY]), later.engine
    for number in range(4):
        later.notify.send_email(PERSON, EMAIL, VALUES, reference=f"R-{number}", journey=JOURNEY)
        assert seal_entries(engine, keys, settled=-1.0) == 1
    with engine.begin() as connection:
        connection.execute(sa.update(AUDIT_SEAL).where(AUDIT_SEAL.c.number <= 2).values(at=1.0))
    assert let_go_of_audit(engine, None) == 0
    assert let_go_of_audit(engine, timedelta(days=400)) == 2
    assert let_go_of_audit(engine, timedelta(days=400)) == 0
    seal_entries(engine, keys, settled=-1.0)
    verdict = verify_audit(engine, keys)
    assert (verdict.entries, verdict.seals, verdict.let_go, verdict.problems) == (3, 3, 2, ())
    main(["audit", "verify", "--database", url])
    assert "seals 1 to 2 were let go of, as an entry says: is the service that old?" in capsys.readouterr().out
    (step,) = later.journey("audit.retention")
    assert step.outcome == "let go of"
    with engine.begin() as connection:  # what goes without an entry that says so is told of, and so is a changed entry
        connection.execute(sa.delete(AUDIT).where(AUDIT.c.seal == 3))
        connection.execute(sa.delete(AUDIT_SEAL).where(AUDIT_SEAL.c.number == 3))
    assert "seals 3 to 3 are missing" in verify_audit(engine, keys).problems[0]
    for item in (None, "seal", "seal 2x"):
        with engine.begin() as connection:
            connection.execute(sa.update(AUDIT).where(AUDIT.c.what == "audit.retention").values(item=item))
        assert "seals 1 to" in verify_audit(engine, keys).problems[0]


def test_the_newest_seal_is_kept_however_old_it_is(later: Durable) -> None:
    keys, engine = PayloadKeys([KEY]), later.engine
    for number in range(2):
        later.notify.send_email(PERSON, EMAIL, VALUES, reference=f"R-{number}", journey=JOURNEY)
        seal_entries(engine, keys, settled=-1.0)
    with engine.begin() as connection:
        connection.execute(sa.update(AUDIT_SEAL).values(at=1.0))
    assert let_go_of_audit(engine, timedelta(days=400)) == 1
    assert verify_audit(engine, keys).problems == ()


@pytest.mark.parametrize("seal", [0, -1, 1_000_000])
def test_an_entry_that_was_put_under_a_seal_that_is_not_there_is_told_of(later: Durable, seal: int) -> None:
    keys, engine = PayloadKeys([KEY]), later.engine
    later.notify.send_email(PERSON, EMAIL, VALUES, reference="R-1", journey=JOURNEY)
    seal_entries(engine, keys, settled=-1.0)
    with engine.begin() as connection:
        forged = {"at": 1.0, "account": "default", "journey": JOURNEY, "what": "pay.refund", "outcome": "accepted"}
        connection.execute(sa.insert(AUDIT), forged | {"seal": seal})
    assert verify_audit(engine, keys).problems == ("1 entries are under seals that are not there",)


def test_erasing_in_a_handlers_transaction_ends_with_it_and_silences_no_gave_up(later: Durable) -> None:
    later.notify.send_email(PERSON, "no-such-template", VALUES, reference="R-1", journey=JOURNEY)
    later.run_due()
    later.notify.send_email(PERSON, EMAIL, VALUES, reference="R-2", journey=JOURNEY, send_at=NEXT_YEAR)
    later.erase(journey=JOURNEY, on=None)
    later.notify.send_email(PERSON, EMAIL, VALUES, reference="R-3", journey=JOURNEY, send_at=NEXT_YEAR)
    done: list[Erasure] = []

    @later.when(GaveUp)
    def gave_up(event: GaveUp, transaction: sa.Connection) -> None:
        assert event.reference == "R-1"
        done.append(later.erase(journey=JOURNEY, on=transaction))
        if len(done) == 1:
            raise RuntimeError

    assert later.run_due().failed == 1
    with later.engine.begin() as connection:
        kept = sa.select(OUTBOX.c.payload).where(OUTBOX.c.reference == "R-3")
        assert connection.scalar(kept) is not None
        connection.execute(sa.update(INBOX).values(due_at=0.0))
    assert later.run_due().handled == 1
    assert done == [Erasure(erased=3, cancelled=1, left=0)] * 2
    assert [step for step in travelled(later) if step[1] == "erased"] == [
        ("notify.send_email", "erased", "R-2"),
        ("notify.send_email", "erased", "R-3"),
    ]
    with later.engine.connect() as connection:
        assert connection.scalars(sa.select(OUTBOX.c.payload)).all() == [None] * 3
