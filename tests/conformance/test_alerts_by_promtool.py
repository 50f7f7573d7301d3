"""Prometheus' own tool reads the alerts and every query of the dashboard, and each alert fires at what it is for."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).parent
OPERATIONS = HERE.parents[1] / "docs" / "operations"
RULES = yaml.safe_load((OPERATIONS / "alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
FIRE: dict[str, dict[str, str]] = {
    "GovComponentsProviderAway": {"provider": "GOV.UK Pay"},
    "GovComponentsCredentialsRefused": {"provider": "GOV.UK Notify", "account": "default"},
    "GovComponentsOutcomesUnknown": {"operation": "pay.create", "provider": "GOV.UK Pay"},
    "GovComponentsOperationsSlow": {"provider": "GOV.UK Pay"},
    "GovComponentsAnswersNotUnderstood": {"operation": "notify.get", "provider": "GOV.UK Notify"},
    "GovComponentsRateLimited": {"provider": "GOV.UK Notify"},
    "GovComponentsSignInsRefused": {"reason": "expired"},
    "GovComponentsCallbacksRefused": {"provider": "GOV.UK Pay", "reason": "not_proved"},
    "GovComponentsOutboxDead": {"account": "default"},
    "GovComponentsOutboxLate": {"account": "default"},
    "GovComponentsOutboxPaused": {"account": "default", "scope": "notify."},
    "GovComponentsOutboxInDoubt": {"account": "default"},
    "GovComponentsDataKeyMissing": {"source": "outbox"},
    "GovComponentsCallbacksGivenUp": {"happening": "inbox.gave_up"},
    "GovComponentsCallbacksLate": {"source": "pay"},
    "GovComponentsPaymentsNotKnown": {"account": "default"},
    "GovComponentsProviderKeysOld": {"provider": "GOV.UK One Login", "source": "jwks"},
    "GovComponentsDataKeyOld": {"key": "00112233"},
}
AT = {"GovComponentsCredentialsRefused": "31m", "GovComponentsDataKeyOld": "70m"}


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("there is no promtool: Debian's package prometheus has it")
    return found


def run(*command: str, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_is_tried() -> None:
    assert FIRE.keys() == {rule["alert"] for rule in RULES}


def test_the_tool_reads_every_rule_and_every_query_of_the_dashboard(promtool: str, tmp_path: Path) -> None:
    run(promtool, "check", "rules", str(OPERATIONS / "alerts.yml"), folder=tmp_path)
    panels = json.loads((OPERATIONS / "dashboard.json").read_text(encoding="utf-8"))["panels"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    rules = [{"record": f"panel:number_{number}", "expr": query} for number, query in enumerate(queries)]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    run(promtool, "check", "rules", "panels.yml", folder=tmp_path)


def test_each_alert_fires_at_what_it_is_for_and_not_before(promtool: str, tmp_path: Path) -> None:
    shutil.copy(OPERATIONS / "alerts.yml", tmp_path)
    whole: dict[str, Any] = yaml.safe_load((HERE / "alerts.test.yml").read_text(encoding="utf-8"))
    whole["tests"][0]["alert_rule_test"] = [one for rule in RULES for one in tried(rule)]
    (tmp_path / "test.yml").write_text(yaml.safe_dump(whole))
    run(promtool, "test", "rules", "test.yml", folder=tmp_path)


def tried(rule: dict[str, Any]) -> list[dict[str, Any]]:
    """What is expected of an alert: nothing in the first minute, and one that fires later."""
    labels = {f"govcomponents_{name}": value for name, value in FIRE[rule["alert"]].items()}
    summary: str = rule["annotations"]["summary"]
    for name, value in labels.items():
        summary = summary.replace(f"{{{{ $labels.{name} }}}}", value)
    fires = {
        "exp_labels": {**labels, **rule["labels"]},
        "exp_annotations": {**rule["annotations"], "summary": summary},
    }
    at = {"alertname": rule["alert"]}
    return [
        at | {"eval_time": "0m", "exp_alerts": []},
        at | {"eval_time": AT.get(rule["alert"], "40m"), "exp_alerts": [fires]},
    ]
