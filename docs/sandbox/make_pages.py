"""Writes the pages of all faults and scenarios from what the sandbox itself goes by.

python docs/sandbox/make_pages.py
"""

from __future__ import annotations

from pathlib import Path

from govcomponents.identity import IdentityService
from govcomponents.notify import NotifyService
from govcomponents.pay import PayService
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.providers import built_in_specs, fault_catalogue
from govcomponents.sandbox.scenarios.files import built_in
from govcomponents.sandbox.world import default_world

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
    return BEGINNING + "\n".join(lines) + "\n" + OPERATIONS + "\n".join(methods()) + "\n"


OPERATIONS = """
## Operations

The names in the first column are methods of the service objects, and hold for every provider: a suite that uses them
runs on each. What such a fault strikes is in the cells: where a method asks for several things, the one by which it is
done. An empty cell is a method that the provider has not, or is not asked for. The names in the cells can be given as
well, and those of a provider's pages, which `GET /_sandbox/api/catalogue` lists too.

A fault strikes a request to the provider, whichever method makes it: nothing in a request says which. Where two methods
share a cell, a fault at one strikes the other. With Stripe, `pay.cancel`, `pay.capture` and `pay.refund` read the
payment before they change it, and a fault at `pay.get` strikes that read too: arm it right before the call that it is
meant for.

"""
SERVICES = {"pay": PayService, "notify": NotifyService, "identity": IdentityService}


def methods() -> list[str]:
    """A table for each component: its methods, and what a fault of that name strikes at each provider."""
    lines = []
    for component, service in SERVICES.items():
        specs = [spec for spec in built_in_specs() if spec.component == component]
        known = {}
        for spec in specs:
            sandbox = Sandbox(default_world(spec.section))
            catalogue = sandbox.control.catalogue()
            sandbox.close()
            own = {name: [name] for name in catalogue.operations[spec.section]}
            known[spec.section] = own | catalogue.methods[spec.section]
        lines += [f"| method | {' | '.join(spec.name for spec in specs)} |", f"| --- |{' --- |' * len(specs)}"]
        for name in (name for name in dir(service) if not name.startswith("_")):
            method = f"{component}.{name}"
            cells = [" or ".join(f"`{one}`" for one in known[spec.section].get(method, ())) for spec in specs]
            if any(cells):
                lines.append(f"| `{method}` | {' | '.join(cells)} |")
        lines.append("")
    return lines[:-1]


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
