"""A service that uses all of the durable layer and is killed at one commit point, and the same service without that."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import sqlalchemy as sa

from durable.conftest import LICENCES
from durable.test_inbox import EMAIL, KEY, VALUES, receipt
from govcomponents import GovComponents, Money
from govcomponents.durable import Durable, PaymentFound
from govcomponents.durable.storage.commit_points import dying_at, watching
from govcomponents.durable.storage.schema import AUDIT, METADATA, PAYMENT
from govcomponents.notify import DeliveryReceipt
from govcomponents.pay import PaymentChanged
from govcomponents.testing import FormBrowser, pay_by_card

BACK = "https://service.example.gov.uk/back"
HOURS, TURNS = 4, 5
_TIMES = ("due_at", "doubt_since", "give_up_at", "created_at", "ended_at", "look_at", "watch_at", "next_at", "until")


def let_pass(engine: sa.Engine, seconds: float) -> None:
    """Let time go by for all tables: everything that waits is due so much earlier."""
    with engine.begin() as connection:
        for table in METADATA.sorted_tables:
            earlier: dict[str, Any] = {
                name: table.c[name] - seconds for name in _TIMES if name in table.c and table.name != "gov_audit_seal"
            }
            if earlier:
                connection.execute(sa.update(table).values(earlier))
        connection.execute(sa.update(AUDIT).where(AUDIT.c.seal.is_(None)).values(at=AUDIT.c.at - seconds))


def live(url: str, variables: Mapping[str, str], point: str | None, time: int = 1) -> None:
    """Do what the service does, as far as it is not done, until the commit point at which this process is killed."""
    os.environ |= variables
    engine = sa.create_engine(url)
    with GovComponents.from_settings() as gov, nullcontext() if point is None else watching(dying_at(point, time)):
        later = Durable(gov, engine, keys=[KEY])
        _handle(later)
        with engine.begin() as connection:
            if connection.scalar(sa.select(LICENCES.c.id).where(LICENCES.c.state == "asked")) is None:
                connection.execute(sa.insert(LICENCES), {"state": "asked"})
            later.notify.send_email("sam@example.com", EMAIL, VALUES, reference="R-with", journey="J-1", on=connection)
        later.notify.send_email("sam@example.com", EMAIL, VALUES, reference="R-alone", journey="J-1")
        for number in range(2):
            assert later.receive("notify", *receipt(number)).status == 200
        with engine.connect() as connection:
            is_begun = connection.scalar(sa.select(PAYMENT.c.id)) is not None
        if not is_begun:
            later.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", BACK, journey="J-1")
        for _ in range(TURNS):
            later.run_due()
            _pay(gov, engine)
            let_pass(engine, HOURS * 3600.0)
        later.run_due()
    engine.dispose()


def _handle(later: Durable) -> None:
    def put_down(transaction: sa.Connection, what: str) -> None:
        transaction.execute(sa.insert(LICENCES), {"state": what})

    later.when(DeliveryReceipt)(lambda event, transaction: put_down(transaction, f"receipt {event.reference}"))
    later.when(PaymentFound)(lambda event, transaction: put_down(transaction, "found"))
    later.when(PaymentChanged)(lambda event, transaction: put_down(transaction, f"payment {event.change.value}"))


def _pay(gov: GovComponents, engine: sa.Engine) -> None:
    """Be the person, once the service knows the payment."""
    with engine.connect() as connection:
        payment_id = connection.scalar(sa.select(PAYMENT.c.payment_id))
    if payment_id is not None and not (payment := gov.pay.get(payment_id)).is_finished:
        pay_by_card(FormBrowser.over_http(), payment.redirect_url())
