"""The example that reconciles a service's ledger with Pay finds every kind of difference."""

import csv
import importlib.util
from pathlib import Path

import pytest

from govcomponents import GovComponents, Money
from govcomponents.sandbox import payer
from govcomponents.sandbox.browser import FormBrowser

from .govuk_pay.context import world

EXAMPLE = Path(__file__).parents[2] / "examples" / "reconcile_settlements.py"


@pytest.fixture(scope="module")
def example():
    specification = importlib.util.spec_from_file_location("reconcile_settlements", EXAMPLE)
    module = importlib.util.module_from_spec(specification)
    import sys

    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    yield module
    del sys.modules[specification.name]


@pytest.fixture
def gov():
    with GovComponents.sandbox(world(payment_provider="stripe"), now="2026-03-02T10:00:00Z") as components:
        yield components


def paid(gov, amount="30.00"):
    payment = gov.pay.create(Money.gbp(amount), "R-1", "A thing", "https://service.example.gov.uk/return")
    payer.pay_by_card(FormBrowser(gov.simulator.visit), payment.next_url.reveal())
    return payment.id


def refunded(gov, payment_id):
    left = gov.pay.get(payment_id).refundable.available
    return gov.pay.refund(payment_id, Money.gbp("1.00"), available=left).id


def run(example, gov, tmp_path, rows, *options):
    ledger, out = tmp_path / "ledger.csv", tmp_path / "out.csv"
    with ledger.open("w", newline="") as file:
        csv.writer(file).writerows([("kind", "id", "amount", "status"), *rows])
    status = example.main([str(ledger), "--out", str(out), *options], gov)
    with out.open(newline="") as file:
        return status, [(row["id"], row["problem"]) for row in csv.DictReader(file)]


DAY = ("--from", "2026-03-04", "--to", "2026-03-04")


def test_a_ledger_that_agrees_exits_0(example, gov, tmp_path, capsys):
    payment = paid(gov)
    gov.simulator.clock.advance(3600)
    refund = refunded(gov, payment)
    gov.simulator.clock.advance(3 * 86_400)
    rows = [("payment", payment, "30.00", "succeeded"), ("refund", refund, "1.00", "succeeded")]
    assert run(example, gov, tmp_path, rows, *DAY) == (0, [])
    assert "0 differences" in capsys.readouterr().out


def test_every_difference_is_found_and_exits_1(example, gov, tmp_path):
    same, other_amount, other_state, unknown_here = (paid(gov) for _ in range(4))
    gov.simulator.clock.advance(86_400)
    next_day = paid(gov)
    gov.simulator.clock.advance(5 * 86_400)
    rows = [
        ("payment", same, "30.00", "succeeded"),
        ("payment", other_amount, "31.00", "succeeded"),
        ("payment", other_state, "30.00", "failed"),
        ("payment", next_day, "30.00", "succeeded"),
        ("payment", "nobody", "30.00", "succeeded"),
        ("refund", "nothing", "1.00", "succeeded"),
    ]
    status, found = run(example, gov, tmp_path, rows, *DAY)
    assert status == 1
    assert sorted(found) == sorted(
        [
            (unknown_here, "not in the ledger"),
            (other_amount, "amounts differ"),
            (other_state, "states differ"),
            (next_day, "not in Pay on these days"),
            ("nobody", "not in Pay on these days"),
            ("nothing", "not in Pay on these days"),
        ]
    )


def test_accounts_without_settled_dates_are_compared_by_creation(example, gov, tmp_path):
    payment = paid(gov)
    gov.simulator.clock.advance(3600)
    refund = refunded(gov, payment)
    gov.simulator.clock.advance(3600)
    rows = [("payment", payment, "30.00", "succeeded"), ("refund", refund, "1.00", "succeeded")]
    assert run(example, gov, tmp_path, rows, "--by", "created", "--from", "2026-03-02", "--to", "2026-03-02")[0] == 0
    assert run(example, gov, tmp_path, rows, "--by", "created", "--from", "2026-03-03", "--to", "2026-03-03")[0] == 1


def test_a_ledger_with_an_id_twice_is_refused(example, gov, tmp_path):
    with pytest.raises(SystemExit):
        run(example, gov, tmp_path, [("payment", "a", "1.00", "succeeded")] * 2, *DAY)
