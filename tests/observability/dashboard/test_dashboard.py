"""Each query of the dashboard and the alerts is of metrics, labels and words that there are; each alert is told of."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from govcomponents import SignInReason, errors
from govcomponents.durable.storage.schema import State
from govcomponents.observability import METRICS
from govcomponents.observability.names import PROVIDER_KEYS_AGE, STORE_METRICS
from govcomponents.pay import PaymentStatus

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "operations"
ALERTS = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
PANELS = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))["panels"]
INDICATORS = re.findall(
    r"^\| (.+?) \| `(.+)` \|$",
    (FOLDER.parent / "architects" / "running.md").read_text(encoding="utf-8").replace("\\|", "|"),
    re.MULTILINE,
)
QUERIES = {
    **dict(INDICATORS),
    **{alert["alert"]: alert["expr"] for alert in ALERTS},
    **{panel["title"]: target["expr"] for panel in PANELS for target in panel["targets"]},
}
SUFFIXES = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("",), "gauge": ("",)}
SERIES = {
    metric.prometheus_name + suffix: {*metric.prometheus_labels, *(["le"] if suffix == "_bucket" else [])}
    for metric in METRICS
    for suffix in SUFFIXES[metric.kind]
}
LABELS = set().union(*SERIES.values())
OPERATORS = {"and", "by", "offset", "on", "or", "unless"}
FUNCTIONS = {"delta", "histogram_quantile", "increase", "max", "min", "rate", "sum"}
HAPPENING = re.compile(r'(?:Happening|_tell)\(\s*"([a-z_]+\.[a-z_]+)"|State\.[A-Z_]+: "([a-z]+\.[a-z_]+)"')


def happenings() -> set[str]:
    found: set[str] = set()
    for file in (ROOT / "src").rglob("*.py"):
        found |= {one or other for one, other in HAPPENING.findall(file.read_text(encoding="utf-8"))}
    return found


def chosen(query: str) -> Iterator[tuple[str, str, str]]:
    """Each series of a query with each label by which it is chosen, and the value."""
    for series, inside in re.findall(r"([a-z_]+)\{([^}]*)\}", query):
        for label, value in re.findall(r'([a-z_]+)(?:=~|!=|=)"([^"]*)"', inside):
            yield series, label, value


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_of_metrics_and_labels_that_there_are(name: str) -> None:
    query = QUERIES[name]
    bare = re.sub(r'"[^"]*"', '""', query)
    series = set(re.findall(r"\b(?:govcomponents|http_client)_[a-z_]+\b", bare)) - LABELS
    assert series
    assert series <= SERIES.keys()
    labels = set().union(*(SERIES[one] for one in series))
    grouped = {label.strip() for inside in re.findall(r"\b(?:by|on) \(([^)]*)\)", bare) for label in inside.split(",")}
    assert grouped | {label for _, label, _ in chosen(query)} <= labels
    words = set(re.findall(r"[a-z_]{2,}", re.sub(r"\[[0-9a-z]+\]|offset [0-9]+[smhd]", "", bare)))
    assert words <= OPERATORS | FUNCTIONS | labels | series
    for opening, closing in ("()", "{}", "[]"):
        assert query.count(opening) == query.count(closing)


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_asks_for_words_that_are_said(name: str) -> None:
    known = happenings()
    assert {"sign_in.refused", "retry.waited", "outbox.dead", "keys.rotated", "bulk.paused"} <= known
    for _, label, value in chosen(QUERIES[name]):
        said = {
            "govcomponents_happening": known,
            "error_type": {*errors.__all__, ""},
            "govcomponents_reason": {*SignInReason, "not_proved", "not_configured"},
            "govcomponents_state": {state.name.lower() for state in State} - {"done"} | {"waiting", "gave_up"},
            "govcomponents_payment_status": {*PaymentStatus, "looked_for", "not_made"},
            "govcomponents_operation": {"identity.complete"},
            "govcomponents_key": {"none"},
        }[label]
        for part in value.split("|"):
            assert part in said or (part.endswith(".*") and any(one.startswith(part[:-2]) for one in said)), part


def test_every_gauge_of_the_store_and_of_keys_is_on_the_dashboard() -> None:
    shown = " ".join(target["expr"] for panel in PANELS for target in panel["targets"])
    for metric in (*STORE_METRICS, PROVIDER_KEYS_AGE):
        assert re.search(rf"\b{metric.prometheus_name}\b", shown), metric.name


def test_no_panel_covers_another_or_has_its_number() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in PANELS]
    assert len(set(places)) == len(places) == len({panel["id"] for panel in PANELS})


def test_the_page_of_metrics_is_made_from_their_list() -> None:
    specification = importlib.util.spec_from_file_location("make_metrics", FOLDER / "make_metrics.py")
    assert specification is not None
    assert specification.loader is not None
    maker = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(maker)
    for name, make in maker.PAGES.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == make(), "run docs/operations/make_metrics.py"


def test_the_indicators_are_among_the_queries() -> None:
    assert len(INDICATORS) == 5


def test_each_alert_has_its_entry_in_the_runbook_and_each_entry_its_alert() -> None:
    headings = re.findall(r"^## (.+)$", (FOLDER / "runbook.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [alert["alert"] for alert in ALERTS]
    for alert in ALERTS:
        assert alert["annotations"]["runbook"] == f"runbook.md#{alert['alert'].lower()}"
        assert set(re.findall(r"\$labels\.([a-z_]+)", alert["annotations"]["summary"])) <= set(
            re.findall(r"[a-z_]+", " ".join(re.findall(r"by \(([^)]*)\)", alert["expr"])))
        )


def test_the_labels_of_a_legend_are_those_of_its_query() -> None:
    for panel in PANELS:
        for target in panel["targets"]:
            grouped = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"by \(([^)]*)\)", target["expr"]))))
            assert set(re.findall(r"\{\{([a-z_]+)\}\}", target["legendFormat"])) <= grouped
