"""The adapter of the page "Writing an adapter" passes the contract, and its provider is one of the sandbox."""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint
from pathlib import Path

from govcomponents import GovComponents, Money

PAGE = Path(__file__).parents[2] / "docs" / "writing-an-adapter.md"
CODE = "\n".join(re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL))
exec(compile(CODE, PAGE.name, "exec"), globals())  # defines TestExamplePay, which pytest finds in this module


def test_the_sandbox_has_the_provider_of_the_page(monkeypatch):
    values = {"govcomponents.pay": "ExamplePay", "govcomponents.sandbox": "SPEC"}
    monkeypatch.setattr(
        "importlib.metadata.entry_points",
        lambda group: [EntryPoint("example_pay", f"{__name__}:{values[group]}", group)],
    )
    with GovComponents.sandbox(world={"example_pay": {}}) as gov:
        made = gov.pay.create(Money.gbp("20.00"), "R-1", "Renew a licence", "https://service.example.gov.uk/back")
        gov.pay.cancel(made.id)
        assert gov.pay.get(made.id).state.raw_status == "cancelled"
