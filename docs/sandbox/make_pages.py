"""Writes the pages of all faults and scenarios from what the sandbox itself goes by.

python docs/sandbox/make_pages.py
"""

from __future__ import annotations

from pathlib import Path

from govcomponents.sandbox.providers import built_in_specs, fault_catalogue
from govcomponents.sandbox.scenarios.files import built_in

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

`tests/sandbox/faults/test_faults_reach_the_sdk.py` proves the last column, in process and over HTTP; the mail server's
lines are proved by `tests/notify/smtp/test_sandbox.py`.

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


BEGINNING_OF_SCENARIOS = """# Scenarios

Made from the sandbox's own files by `docs/sandbox/make_pages.py`. A scenario is what hurts, by name: its steps follow
by the sandbox's clock, or are done to each payment and refund as it comes.

```sh
govcomponents sandbox --scenario outage-at-noon
```

```python
from govcomponents import GovComponents, GovComponentsError, Money

with GovComponents.sandbox(now="2026-03-02T11:59:00Z") as gov:
    gov.simulator.play("outage-at-noon")
    back = "https://service.example.gov.uk/back"
    gov.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", back)
    gov.simulator.control.advance(minutes=2)
    try:
        gov.pay.create(Money.gbp("145.00"), "RENEW-8", "Renew a licence", back)
    except GovComponentsError:
        gov.simulator.control.advance(hours=1)
        gov.pay.create(Money.gbp("145.00"), "RENEW-8", "Renew a licence", back)
```

The sandbox's page Scenarios lists them with a button to begin each; `GET /_sandbox/api/scenarios` and
`POST /_sandbox/api/scenarios/play` do the same for programs. Starting again ends them. A step that waits is not kept
over a restart. [How to write one](own-scenarios.md).

| name | what happens | what a service should do |
| --- | --- | --- |
"""


def scenarios() -> str:
    """The page of scenarios."""
    lines = [f"| `{one.name}` | {one.told} | {one.learn} |" for one in built_in().values()]
    return BEGINNING_OF_SCENARIOS + "\n".join(lines) + "\n"


PAGES = {"faults.md": faults, "scenarios.md": scenarios}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")
