"""Writes the page of all faults from the catalogue that the sandbox itself goes by.

python docs/sandbox/make_pages.py
"""

from __future__ import annotations

from pathlib import Path

from govcomponents.sandbox.providers import built_in_specs, fault_catalogue

HERE = Path(__file__).parent

BEGINNING = """# Faults

Made from the sandbox's catalogue by `docs/sandbox/make_pages.py`. Each fault is armed by its name, for a provider, and
if wanted for one operation, the nth call, so many times, with a chance from a seed, for so long by the sandbox's clock.
A misspelt name is refused with the right ones.

```python
from govcomponents import GovComponents, Money, OutcomeUnknown

with GovComponents.sandbox() as gov:
    gov.simulator.control.arm("pay", "time_out_after_acceptance", operation="pay.create", nth=1)
    try:
        gov.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", "https://service.example.gov.uk/back")
    except OutcomeUnknown as error:
        print(error.lookup)  # how to find out whether it was made
    assert len(gov.simulator.pay.charges()) == 1  # it was
```

Over HTTP a time-out is silent for `silent_seconds` of real time (60 unless told otherwise), then the connection ends.

`tests/sandbox/test_faults_reach_the_sdk.py` proves each line of the last column, in process and over HTTP.

| name | providers | what the real one does | what the SDK raises |
| --- | --- | --- | --- |
"""


def faults() -> str:
    """The page."""
    lines = []
    names = {spec.section: spec.name for spec in built_in_specs()}
    for name, fault in fault_catalogue().items():
        providers = ", ".join(names[section] for section in fault.providers)
        lines.append(f"| `{name}` | {providers} | {fault.real} | {fault.kind.raises} |")
    return BEGINNING + "\n".join(lines) + "\n"


PAGES = {"faults.md": faults}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")
