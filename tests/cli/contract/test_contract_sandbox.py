"""`govcomponents contract run --sandbox` makes the calls of a live run in a sandbox, for every adapter that it has."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from govcomponents.cli.main import main
from govcomponents.contracts.account_run import AccountRun
from govcomponents.identity import adapters as identity
from govcomponents.notify import adapters as notify
from govcomponents.pay import adapters as pay

PROVED = {
    "govuk_pay": {"cancelling_payments", "creating_payments", "getting_payments", "searching_payments"},
    "stripe": {"cancelling_payments", "creating_payments", "getting_payments", "searching_payments"},
    "govuk_notify": {"email", "text_messages", "templates", "preview", "search", "inbound_text_messages"},
    "gc_notify": {"email", "text_messages", "templates", "preview", "search"},
    "smtp": {"templates", "preview"},
    "one_login": {"check"},
    "login_gov": {"check"},
    "oidc": {"check"},
}
ROOT = Path(__file__).parents[3]


def test_every_built_in_adapter_is_here():
    assert set(PROVED) == {*pay.BUILT_IN, *notify.BUILT_IN, *identity.BUILT_IN}


@pytest.mark.parametrize("adapter", PROVED)
def test_an_adapter_proves_itself_without_account_or_tests(adapter, capsys):
    assert main(["contract", "run", adapter, "--sandbox", "--format", "json"]) == 0
    shown = capsys.readouterr()
    told = json.loads(shown.out)
    assert told["adapter"] == adapter
    assert told["against"].startswith("the sandbox of ")
    assert told["failed"] == []
    assert set(told["proved"]) >= PROVED[adapter]
    assert shown.err == ""


def test_a_search_for_what_was_never_made_proves_nothing():
    run = AccountRun.in_a_sandbox("govuk_pay", None)
    run._gov.simulator.control.arm("pay", "unavailable", operation="pay.create", times=99)
    report = run.run()
    assert [case.name for case in report.failed] == ["pay.create", "pay.search", "pay.cancel"]
    assert {"creating_payments", "searching_payments", "cancelling_payments"}.isdisjoint(report.proved)


def test_a_provider_that_the_sandbox_does_not_have_is_told(capsys):
    assert main(["contract", "run", "nobody_pay", "--sandbox"]) == 2
    assert "the sandbox has no provider for the adapter 'nobody_pay'" in capsys.readouterr().err


def test_a_component_in_which_the_sandbox_has_no_such_provider_is_told(capsys):
    assert main(["contract", "run", "stripe", "--sandbox", "--component", "notify"]) == 2
    said = capsys.readouterr().err
    assert "the sandbox has no provider of notify for the adapter 'stripe'" in said
    assert "environment" not in said


def test_it_is_asked_in_one_place_only(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["contract", "run", "govuk_pay", "--sandbox", "--live"])
    assert caught.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


def test_a_built_in_adapter_is_found_by_its_name():
    ran = subprocess.run(
        [sys.executable, "-m", "govcomponents.cli.main", "contract", "run", "smtp", "notify/smtp/test_contract.py"],
        cwd=ROOT / "tests", capture_output=True, text=True, timeout=300, check=False,
        env={"PATH": "", "PYTEST_ADDOPTS": '-k "blocking and declared"'},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.startswith("smtp: ")
    assert "email" in ran.stdout.partition("claimed: ")[2].partition("\n")[0]
