"""The names of metrics, spans and their attributes, in one place: what dashboards and alerts are built on.

Names without "govcomponents" are those of OpenTelemetry's semantic conventions for HTTP client spans and metrics. Each
label is of a closed set: no label grows with the number of people, payments or messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcomponents.core.observe import Attempt

COMPONENT: Final = "govcomponents.component"
OPERATION: Final = "govcomponents.operation"
PROVIDER: Final = "govcomponents.provider"
ACCOUNT: Final = "govcomponents.account"
JOURNEY: Final = "govcomponents.journey"
REASON: Final = "govcomponents.reason"
HAPPENING: Final = "govcomponents.happening"
ATTEMPTS: Final = "govcomponents.attempts"
PROVIDER_REQUEST: Final = "govcomponents.provider_request_id"
STATE: Final = "govcomponents.state"
PAYMENT_STATUS: Final = "govcomponents.payment_status"
SOURCE: Final = "govcomponents.source"
SCOPE: Final = "govcomponents.scope"
KEY: Final = "govcomponents.key"

ERROR_TYPE: Final = "error.type"
MESSAGING_SYSTEM: Final = "messaging.system"
MESSAGING_OPERATION: Final = "messaging.operation.name"
MESSAGING_DESTINATION: Final = "messaging.destination.name"
METHOD: Final = "http.request.method"
RESEND_COUNT: Final = "http.request.resend_count"
STATUS: Final = "http.response.status_code"
SERVER: Final = "server.address"
PORT: Final = "server.port"
TEMPLATE: Final = "url.template"
URL: Final = "url.full"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: its name in OpenTelemetry, its kind, its unit, its labels, and what it tells."""

    name: str
    kind: Literal["histogram", "counter", "gauge"]
    unit: str
    labels: tuple[str, ...]
    told: str

    @property
    def prometheus_name(self) -> str:
        """The same name as Prometheus writes it, with the unit at the end."""
        unit = {"s": "_seconds"}.get(self.unit, "")
        return f"{self.name.replace('.', '_')}{unit}{'_total' if self.kind == 'counter' else ''}"

    @property
    def prometheus_labels(self) -> tuple[str, ...]:
        """The labels as Prometheus writes them, and as OpenTelemetry's exporters for it do."""
        return tuple(label.replace(".", "_") for label in self.labels)


BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""The bounds of all histograms, in seconds: those that the conventions advise, and those of long waits."""

OPERATION_DURATION: Final = Metric(
    "govcomponents.operation.duration",
    "histogram",
    "s",
    (OPERATION, PROVIDER, ACCOUNT, ERROR_TYPE),
    "how long an operation took, with its attempts and the waits between them; without error.type it went well",
)
REQUEST_DURATION: Final = Metric(
    "http.client.request.duration",
    "histogram",
    "s",
    (METHOD, SERVER, PORT, TEMPLATE, STATUS, ERROR_TYPE),
    "how long one request took; error.type is the status of a refusal, or says why no answer came",
)
WAIT: Final = Metric(
    "govcomponents.wait.duration",
    "counter",
    "s",
    (HAPPENING, PROVIDER, ACCOUNT),
    "for how long calls waited in all, before they were tried again or for the pace that is allowed",
)
HAPPENINGS: Final = Metric(
    "govcomponents.happenings",
    "counter",
    "",
    (HAPPENING, PROVIDER, ACCOUNT, REASON),
    "how often something happened beside the calls, such as a sign-in that was refused, by its reason",
)
PROVIDER_KEYS_AGE: Final = Metric(
    "govcomponents.provider_keys.age",
    "gauge",
    "s",
    (PROVIDER, ACCOUNT, SOURCE),
    "how long ago this process last fetched the keys by which it proves what the provider signs, of its jwks or did",
)

OUTBOX_ROWS: Final = Metric(
    "govcomponents.outbox.rows",
    "gauge",
    "{row}",
    (ACCOUNT, STATE),
    "rows of the outbox that are pending, sending, in_doubt, refused or dead; those that are done are not counted",
)
OUTBOX_LAG: Final = Metric(
    "govcomponents.outbox.lag",
    "gauge",
    "s",
    (ACCOUNT,),
    "for how long the row of the outbox that waits longest has been due",
)
OUTBOX_PAUSED: Final = Metric(
    "govcomponents.outbox.paused",
    "gauge",
    "s",
    (ACCOUNT, SCOPE),
    "for how long a component or an operation is not tried yet, such as after a refused credential",
)
INBOX_ROWS: Final = Metric(
    "govcomponents.inbox.rows",
    "gauge",
    "{row}",
    (SOURCE, STATE),
    "stored callbacks that are waiting for a handler, or gave_up among the newest 10,000",
)
INBOX_LAG: Final = Metric(
    "govcomponents.inbox.lag",
    "gauge",
    "s",
    (SOURCE,),
    "for how long the callback that waits longest has been due",
)
INBOX_QUIET: Final = Metric(
    "govcomponents.inbox.quiet",
    "gauge",
    "s",
    (SOURCE,),
    "how long ago the last callback came",
)
PAYMENTS: Final = Metric(
    "govcomponents.payments",
    "gauge",
    "{payment}",
    (ACCOUNT, PAYMENT_STATUS),
    "payments of the last 24 hours by their status when last looked at; looked_for: not known whether it was made",
)
BUDGET_BOOKED: Final = Metric(
    "govcomponents.budget.booked",
    "gauge",
    "s",
    (ACCOUNT, SCOPE),
    "for how long ahead the permitted pace is booked",
)
KEY_AGE: Final = Metric(
    "govcomponents.data_key.age",
    "gauge",
    "s",
    (KEY,),
    "for how long a data key is in use, by the audit and the rows under it; the label is a hash's beginning, or none",
)
KEY_ROWS: Final = Metric(
    "govcomponents.data_key.rows",
    "gauge",
    "{row}",
    (KEY,),
    "rows whose payload is sealed under a data key: one that has any must not be taken away",
)
KEY_MISSING: Final = Metric(
    "govcomponents.data_key.missing",
    "gauge",
    "{row}",
    (SOURCE,),
    "rows that wait for a worker with their data key: calls of the outbox, and callbacks by their source",
)
STORE_METRICS: Final = (
    *(OUTBOX_ROWS, OUTBOX_LAG, OUTBOX_PAUSED, INBOX_ROWS, INBOX_LAG, INBOX_QUIET),
    *(PAYMENTS, BUDGET_BOOKED, KEY_AGE, KEY_ROWS, KEY_MISSING),
)
"""The gauges of the durable layer's store."""
METRICS: Final = (OPERATION_DURATION, REQUEST_DURATION, WAIT, HAPPENINGS, PROVIDER_KEYS_AGE, *STORE_METRICS)
"""All metrics that the observers of this package give. Those of time are in seconds."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The value of a gauge at one moment; `labels` are the values of the metric's labels, in their order."""

    metric: Metric
    value: float
    labels: tuple[str, ...]


class Gauges(Protocol):
    """Gauges that can be read again and again, such as `later.gauges` of the durable layer."""

    def read(self) -> Sequence[Reading]:
        """Return the readings of now; nothing of what cannot be read."""
        ...


def error_of(attempt: Attempt) -> str:
    """Return why a request failed: the status that refused it, or what is known where no answer came; else nothing."""
    if attempt.status is None:
        return attempt.outcome
    return str(attempt.status) if attempt.status >= 400 else ""
