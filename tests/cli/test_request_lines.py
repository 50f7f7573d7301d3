"""The lines of the request log on a terminal: coloured there, plain elsewhere, and JSON where it is asked for."""

from __future__ import annotations

import io
import json

import pytest

from govcomponents import GovComponents, GovComponentsError
from govcomponents.cli.request_lines import printer


@pytest.fixture
def gov() -> GovComponents:
    return GovComponents.sandbox()


def test_the_same_lines_are_printed_on_a_terminal(gov: GovComponents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain, coloured, lines = io.StringIO(), io.StringIO(), io.StringIO()
    monkeypatch.setattr(coloured, "isatty", lambda: True)
    shows = [printer(gov.simulator, as_json=False, stream=stream) for stream in (plain, coloured)]
    shows.append(printer(gov.simulator, as_json=True, stream=lines))
    gov.simulator.requests.on_request = lambda entry: [show(entry) for show in shows] and None
    with pytest.raises(GovComponentsError):
        gov.pay.get("none")
    list(gov.pay.search(email="canary@example.com"))
    first, second = plain.getvalue().splitlines()
    assert first.endswith("404 GET /v1/payments/none (pay.get) - NotFound: there is no such payment")
    assert "canary" not in second + coloured.getvalue() + lines.getvalue()
    assert "\x1b[31m404\x1b[0m" in coloured.getvalue()
    assert "\x1b" not in plain.getvalue()
    assert json.loads(lines.getvalue().splitlines()[0])["error"] == "NotFound"
