"""Writes the page of all metrics from the list of them. Run it after a change of that list."""

from __future__ import annotations

from pathlib import Path

from govcomponents import SignInReason
from govcomponents.observability import METRICS
from govcomponents.observability.names import STORE_METRICS
from govcomponents.pay import PaymentStatus

HEAD = """# All metrics

Made from the list in the code. How they are switched on: [seen from outside](../observability.md).
Histograms are of seconds. No label grows with the number of people, payments or messages.
"""
VALUES = {
    "govcomponents.account": "the names of your accounts; `default` where there is one",
    "govcomponents.happening": "`sign_in.refused`, `retry.waited`, `bulk.paused`, `budget.waited`, `keys.fetched`,"
    " `keys.rotated`, `journey.step`, and those of the outbox and the inbox, such as `outbox.delivered`",
    "govcomponents.key": "8 hexadecimal digits of a hash for each of your data keys, or `none`",
    "govcomponents.operation": "the operations, such as `pay.create`",
    "govcomponents.payment_status": ", ".join(f"`{one.value}`" for one in PaymentStatus) + ", `looked_for`, `not_made`",
    "govcomponents.provider": "the names of the adapters' providers",
    "govcomponents.reason": ", ".join(f"`{one.value}`" for one in SignInReason),
    "govcomponents.scope": "a component or an operation of it",
    "govcomponents.source": "`pay`, `notify`, `identity`, `outbox`, `payments`, `templates`; of providers' keys:"
    " `jwks`, `did`",
    "govcomponents.state": "`pending`, `sending`, `in_doubt`, `refused`, `dead`; of callbacks: `waiting`, `gave_up`",
    "error.type": "[the classes of errors](../errors.md); of requests the status of a refusal, `not_sent`,"
    " or `outcome_unknown`",
    "http.request.method": "the methods of HTTP",
    "http.response.status_code": "the statuses of HTTP",
    "server.address": "the hosts of the providers",
    "server.port": "their ports",
    "url.template": "the patterns of the adapters' paths, such as `/v1/payments/{payment_id}`",
}


def metrics() -> str:
    """The page: metrics of calls, gauges of the store, and the values of labels."""
    parts = [HEAD]
    calls = [metric for metric in METRICS if metric not in STORE_METRICS]
    for title, these in (("Of calls", calls), ("Of the store", STORE_METRICS)):
        parts.append(f"\n## {title}\n")
        parts.append("| OpenTelemetry | Prometheus | kind | labels | tells |\n| --- | --- | --- | --- | --- |")
        for one in these:
            labels = ", ".join(f"`{label}`" for label in one.labels)
            parts.append(f"| `{one.name}` | `{one.prometheus_name}` | {one.kind} | {labels} | {one.told} |")
    parts.append("\n## Values of the labels\n\n| OpenTelemetry | Prometheus | values |\n| --- | --- | --- |")
    used = sorted({label for metric in METRICS for label in metric.labels})
    parts += [f"| `{label}` | `{label.replace('.', '_')}` | {VALUES[label]} |" for label in used]
    return "\n".join(parts) + "\n"


PAGES = {"metrics.md": metrics}

if __name__ == "__main__":
    for name, make in PAGES.items():
        Path(__file__).with_name(name).write_text(make(), encoding="utf-8")
