"""`govcomponents contract run --sandbox` makes the calls of a live run in a sandbox, for every adapter that it has."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from junitparser import Failure, JUnitXml

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
    assert set(told["not_proved"]) == set(told["claimed"]) - set(told["proved"])
    assert told["disproved"] == []
    assert shown.err == ""


def test_what_such_a_run_cannot_prove_is_said_and_fails_a_strict_one(capsys):
    assert main(["contract", "run", "govuk_pay", "--sandbox"]) == 0
    told = capsys.readouterr().out
    assert "\n  not proved: agreements, " in told
    assert "\n    no call of such a run tries them: its contract suite does (contract run NAME TESTS)\n" in told
    assert "refused" not in told
    assert main(["contract", "run", "govuk_pay", "--sandbox", "--strict"]) == 1
    assert "(contract run NAME TESTS); --strict fails for that\n" in capsys.readouterr().out
    assert main(["contract", "run", "govuk_pay", "--sandbox", "--strict", "--format", "junit"]) == 1
    (suite,) = JUnitXml.fromstring(capsys.readouterr().out.encode())
    refunds = next(case for case in suite if case.name == "proves refunds")
    assert isinstance(refunds.result[0], Failure)
    assert (suite.failures, suite.skipped) == (sum(bool(case.result) for case in suite), 0)


def test_a_python_that_asserts_nothing_proves_nothing():
    ran = subprocess.run(
        [sys.executable, "-O", "-m", "govcomponents.cli.main", "contract", "run", "stripe", "--sandbox"],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "leaves assertions out, and without them everything would seem proved. To fix: run it without" in ran.stderr


def test_it_needs_no_pytest():
    program = (
        "import sys; sys.modules['pytest'] = None; from govcomponents.cli.main import main;"
        "print(main(['contract', 'run', 'stripe', '--sandbox']), main(['contract', 'run', 'stripe', '.']))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100, check=True)
    assert ran.stdout.splitlines()[-1] == "0 2"
    assert "the contract suites of stripe need pytest, which is not installed. To fix: pip install pytest" in ran.stderr


def test_a_search_for_what_was_never_made_proves_nothing():
    run = AccountRun.in_a_sandbox("govuk_pay", None)
    run._gov.simulator.control.arm("pay", "unavailable", operation="pay.create", times=99)
    report = run.run()
    assert [case.name for case in report.failed] == ["pay.create", "pay.search", "pay.cancel"]
    assert {"creating_payments", "searching_payments", "cancelling_payments"}.isdisjoint(report.proved)


def test_a_provider_that_the_sandbox_does_not_have_is_told(capsys):
    assert main(["contract", "run", "nobody_pay", "--sandbox"]) == 2
    assert "the sandbox has no provider for the adapter 'nobody_pay'" in capsys.readouterr().err


def test_a_section_of_a_world_is_no_adapter(capsys):
    assert main(["contract", "run", "openid", "--sandbox"]) == 2
    assert "its adapter is called oidc. To fix: contract run oidc --sandbox" in capsys.readouterr().err


def test_an_adapter_whose_package_brings_no_provider_is_told_what_it_needs(tmp_path, monkeypatch, capsys):
    about = tmp_path / "own_pay-1.0.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: own-pay\nVersion: 1.0.0\n", "utf-8")
    (about / "entry_points.txt").write_text("[govcomponents.pay]\nown_pay = own_pay:OwnPay\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["contract", "run", "own_pay", "--sandbox"]) == 2
    said = capsys.readouterr().err
    assert "bring one: a ProviderSpec, which an entry point of the group govcomponents.sandbox names; see docs/" in said


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
