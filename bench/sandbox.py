"""The sandbox's rows of the table."""

from __future__ import annotations

from bench.rows import Row


def rows() -> list[Row]:
    """What the sandbox must reach. The SDK makes the same calls on it and on a bare application, in process."""
    in_process = [
        ("create payment", "create_payment", 0.35),
        ("send email", "send_email", 0.18),  # docs/adr/0005-notify-stub-checks-as-notify.md
        ("token exchange, with signing the assertion", "exchange_token", 0.35),
    ]
    over_http = [("create payment", "create_payment_over_http"), ("send email", "send_email_over_http")]
    return [
        *(
            Row(
                f"sandbox in process, {name}, calls a second / bare WSGI application",
                ours=f"sandbox:{variant}",
                peer=f"sandbox:{variant}_bare",
                figure="rate",
                limit=limit,
                at_least=True,
            )
            for name, variant, limit in in_process
        ),
        *(
            Row(
                f"sandbox over HTTP, {name}, calls a second / bare WSGI application",
                ours=f"sandbox:{variant}",
                peer=f"sandbox:{variant}_bare",
                figure="rate",
                limit=0.0,  # told, not asked for
                at_least=True,
            )
            for name, variant in over_http
        ),
        *(
            Row(
                f"sandbox in process, {name}, with its log of requests / without",
                ours=f"sandbox:{variant}",
                peer=f"sandbox:{variant}_without_log",
                figure="rate",
                limit=0.9,
                at_least=True,
            )
            for name, variant, _ in in_process[:2]
        ),
        Row(
            "sandbox start-up / importing its dependencies (CPU over bare Python)",
            ours="sandbox:start_up",
            peer="sandbox:import_dependencies",
            figure="process_cpu",
            limit=2.5,
            over_bare=True,
        ),
        Row(
            "100,000 stored notifications / 150 MiB (peak memory of the process)",
            ours="sandbox:hundred_thousand_notifications",
            peer="sandbox:hundred_and_fifty_mebibytes",
            figure="process_memory",
            limit=1.0,
            rounds=1,
        ),
    ]
