"""The pytest plugin for tests of a service: a sandbox, a person, faults, callbacks, and what was sent, as fixtures.

pytest finds it by itself where the package is installed. Everything is called `gov_...`, and nothing happens to a test
that asks for none of it. Needs the extra `sandbox`. The classes here are those of the fixtures, for annotations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.lazy import lazy_exports

if TYPE_CHECKING:
    from govcomponents.pytest_plugin.clock import Clock as Clock
    from govcomponents.pytest_plugin.faults import Faults as Faults
    from govcomponents.pytest_plugin.kill import Kill as Kill
    from govcomponents.pytest_plugin.network import NetworkRefused as NetworkRefused, NoNetwork as NoNetwork
    from govcomponents.pytest_plugin.outbox import Outbox as Outbox
    from govcomponents.pytest_plugin.person import Person as Person
    from govcomponents.pytest_plugin.webhooks import Webhook as Webhook, Webhooks as Webhooks

_HOMES = {
    "pytest_plugin.clock": "Clock",
    "pytest_plugin.faults": "Faults",
    "pytest_plugin.kill": "Kill",
    "pytest_plugin.network": "NetworkRefused NoNetwork",
    "pytest_plugin.outbox": "Outbox",
    "pytest_plugin.person": "Person",
    "pytest_plugin.webhooks": "Webhook Webhooks",
}

if not TYPE_CHECKING:
    __all__, __getattr__, __dir__ = lazy_exports(__name__, _HOMES, {"pytest": "pip install pytest"})
