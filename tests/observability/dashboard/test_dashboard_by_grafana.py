"""The dashboard is one by Grafana's own schema: its SDK reads the file, and writes all of it again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("grafana_foundation_sdk", reason="there is no SDK of Grafana's: the extra dev has it")

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from grafana_foundation_sdk.models.prometheus import Dataquery

FILE = Path(__file__).parents[3] / "docs" / "operations" / "dashboard.json"


def lost(ours: Any, theirs: Any, at: str = "") -> Iterator[str]:
    """What of ours is not, or not the same, in theirs: the SDK leaves out what the schema does not have."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name, value in ours.items():
            yield from lost(value, theirs.get(name), f"{at}.{name}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from lost(one, other, f"{at}[{number}]")
    elif ours != theirs:
        yield at


def test_grafanas_own_sdk_reads_the_whole_dashboard() -> None:
    register_default_plugins()
    ours = json.loads(FILE.read_text(encoding="utf-8"))
    read = Dashboard.from_json(ours)
    assert list(lost(ours, json.loads(JSONEncoder().encode(read)))) == []
    assert {type(target) for panel in read.panels for target in panel.targets} == {Dataquery}
    misspelt = ours | {"timzone": "utc"}
    assert list(lost(misspelt, json.loads(JSONEncoder().encode(Dashboard.from_json(misspelt))))) == [".timzone"]
