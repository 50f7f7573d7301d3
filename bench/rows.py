"""The rows of the table: what is measured, beside what, and what must be reached."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One ratio: `ours` over `peer` of one figure, both from the same run, and the limit that it must keep.

    A variant is "module:function" below `bench.variants`; it runs in a process of its own. `stage` names the server
    that both need. `figure` is what they print, or "process_cpu"/"process_memory" of the whole process; with
    `over_bare` the figure of a bare Python is taken off both. A limit of 0 is none: the row is told, not asked for.
    """

    name: str
    ours: str
    peer: str
    figure: str
    limit: float
    at_least: bool = False
    stage: str | None = None
    over_bare: bool = False
    above: bool = False
    """The limit is how much ours may be above the peer's, not a ratio: MiB of memory, µs of CPU."""
    rounds: int = 5


ROWS = [
    Row(
        "CPU of one keep-alive send_email / official Notify client",
        ours="exchange:our_email",
        peer="exchange:official_email",
        figure="cpu",
        limit=0.45,
        stage="notify",
    ),
    Row(
        "the same / requests.Session.post of the same bytes",
        ours="exchange:our_email",
        peer="exchange:requests_post",
        figure="cpu",
        limit=0.65,
        stage="notify",
    ),
    Row(
        "CPU of a new TLS connection / requests.Session.post on a new session",
        ours="exchange:our_new_connection",
        peer="exchange:requests_new_session",
        figure="cpu",
        limit=0.15,
        stage="notify_tls",
    ),
    Row(
        "asyncio, 50 at once, calls a second / official client, 50 threads",
        ours="at_once:our_emails",
        peer="at_once:official_threads",
        figure="rate",
        limit=4.0,
        at_least=True,
        stage="notify",
    ),
    Row(
        "asyncio, 50 at once, CPU a call / bare aiohttp",
        ours="at_once:our_emails",
        peer="at_once:bare_aiohttp",
        figure="cpu",
        limit=1.5,
        stage="notify",
    ),
    Row(
        "send_email, blocking / the same transport with ready bytes",
        ours="over_transport:our_email",
        peer="over_transport:ready_email",
        figure="cpu",
        limit=1.35,
        stage="notify",
    ),
    Row(
        "send_email, asyncio, 50 at once / the same transport with ready bytes",
        ours="over_transport:our_emails",
        peer="over_transport:ready_emails",
        figure="cpu",
        limit=1.35,
        stage="notify",
    ),
    Row(
        "pay.get, blocking / the same transport with ready bytes",
        ours="over_transport:our_get",
        peer="over_transport:ready_get",
        figure="cpu",
        limit=1.35,
        stage="pay_answer",
    ),
    Row(
        "pay.get, asyncio, 50 at once / the same transport with ready bytes",
        ours="over_transport:our_gets",
        peer="over_transport:ready_gets",
        figure="cpu",
        limit=1.35,
        stage="pay_answer",
    ),
    Row(
        "import govcomponents / import the official client (CPU over bare Python)",
        ours="start_up:import_ours",
        peer="start_up:import_official",
        figure="process_cpu",
        limit=0.3,
        over_bare=True,
        rounds=15,
    ),
    Row(
        "build GovComponents with Notify / import and build the official client (CPU)",
        ours="start_up:build_ours",
        peer="start_up:build_official",
        figure="process_cpu",
        limit=1.2,
        rounds=15,
    ),
    Row(
        "the same (peak memory)",
        ours="start_up:build_ours",
        peer="start_up:build_official",
        figure="process_memory",
        limit=1.1,
        rounds=5,
    ),
    Row(
        "verify one ES256 ID token, cached keys / PyJWT with a key object",
        ours="tokens:ours_es256",
        peer="tokens:pyjwt_es256",
        figure="cpu",
        limit=1.2,
    ),
    Row(
        "the same for RS256",
        ours="tokens:ours_rs256",
        peer="tokens:pyjwt_rs256",
        figure="cpu",
        limit=1.2,
    ),
    Row(
        "a whole identity complete(), cached keys / PyJWT's work and bare requests",
        ours="sign_in:ours",
        peer="sign_in:bare",
        figure="cpu",
        limit=1.25,
        stage="one_login",
    ),
    Row(
        "10,000 sign-ins completed / 100 (MiB of peak memory above)",
        ours="sign_in:many",
        peer="sign_in:few",
        figure="peak_memory",
        limit=5,
        stage="one_login",
        above=True,
        rounds=1,
    ),
    Row(
        "verify and parse a Pay webhook of 2 KiB / bare HMAC and json.loads",
        ours="payments:our_webhook",
        peer="payments:bare_webhook",
        figure="cpu",
        limit=3.0,
    ),
    Row(
        "parse a full Pay payment / json.loads of it",
        ours="payments:our_payment",
        peer="payments:bare_payment",
        figure="cpu",
        limit=2.5,
    ),
    Row(
        "the same, as a call reads it: no member twice / json.loads of it",
        ours="payments:our_answer",
        peer="payments:bare_payment",
        figure="cpu",
        limit=0,
    ),
    Row(
        "iterate 100,000 payments / iterate 1,000 (MiB of peak memory above)",
        ours="payments:search_many",
        peer="payments:search_few",
        figure="peak_memory",
        limit=10,
        stage="pay",
        above=True,
        rounds=1,
    ),
    Row(
        "CPU of rendering one email template offline / sending it",
        ours="notify_bulk:render",
        peer="exchange:our_email",
        figure="cpu",
        limit=0.5,
        stage="notify",
    ),
    Row(
        "send_many, asyncio, 20,000 rows at 100 ms / the permitted 500 a second",
        ours="notify_bulk:in_tasks",
        peer="notify_bulk:permitted",
        figure="rate",
        limit=0.97,
        at_least=True,
        stage="notify_delayed",
        rounds=1,
    ),
    Row(
        "send_many, threads, 20,000 rows at 100 ms / the permitted 500 a second",
        ours="notify_bulk:in_threads",
        peer="notify_bulk:permitted",
        figure="rate",
        limit=0.97,
        at_least=True,
        stage="notify_delayed",
        rounds=1,
    ),
    Row(
        "send_many at a limit of a fifth of its pace, 1,500 rows / the ideal time",
        ours="rate_limits:limit_of_a_fifth",
        peer="rate_limits:ideal_of_a_fifth",
        figure="seconds",
        limit=1.25,
        rounds=1,
    ),
    Row(
        "the same, requests refused / all",
        ours="rate_limits:limit_of_a_fifth",
        peer="rate_limits:ideal_of_a_fifth",
        figure="refused",
        limit=0.05,
        rounds=1,
    ),
    Row(
        "send_many, 4 processes with one key, 2,500 rows each, nothing shared / the ideal time",
        ours="rate_limits:four_alone",
        peer="rate_limits:ideal_of_four",
        figure="seconds",
        limit=1.3,
        rounds=1,
    ),
    Row(
        "the same, requests refused / all",
        ours="rate_limits:four_alone",
        peer="rate_limits:ideal_of_four",
        figure="refused",
        limit=0.05,
        rounds=1,
    ),
    Row(
        "the same, the longest wait of a single email of a fifth process / 1 s",
        ours="rate_limits:four_alone",
        peer="rate_limits:ideal_of_four",
        figure="waited",
        limit=30,
        rounds=1,
    ),
    Row(
        "send_many, 4 processes with a shared limiter / rows at the permitted rate",
        ours="rate_limits:four_with_a_limiter",
        peer="rate_limits:ideal_with_a_limiter",
        figure="seconds",
        limit=1.05,
        rounds=1,
    ),
    Row(
        "the same, requests refused / all",
        ours="rate_limits:four_with_a_limiter",
        peer="rate_limits:ideal_with_a_limiter",
        figure="refused",
        limit=0.005,
        rounds=1,
    ),
    Row(
        "send_many, one process alone at the default pace / the permitted 50 a second",
        ours="rate_limits:one_alone",
        peer="rate_limits:permitted",
        figure="rate",
        limit=0.97,
        at_least=True,
        rounds=1,
    ),
    Row(
        "peak memory of send_many, 1,000,000 rows above 10,000",
        ours="notify_bulk:memory_of_many",
        peer="notify_bulk:memory_of_few",
        figure="process_memory",
        limit=40.0,
        above=True,
        rounds=1,
    ),
    Row(
        "pay.get without network, an observer that does nothing / no observer (µs above)",
        ours="observing:by_nothing",
        peer="observing:unwatched",
        figure="cpu",
        limit=3,
        above=True,
    ),
    Row(
        "the same, OpenTelemetry, sampled, with metrics / no observer (µs above)",
        ours="observing:get_sampled_measured",
        peer="observing:unwatched",
        figure="cpu",
        limit=25,
        above=True,
    ),
    Row(
        "the same, not sampled, without metrics / no observer (µs above)",
        ours="observing:get_unsampled",
        peer="observing:unwatched",
        figure="cpu",
        limit=5,
        above=True,
    ),
    Row(
        "the same, OpenTelemetry, sampled, with metrics / inside the SDK's own spans and records",
        ours="observing:get_sampled_measured",
        peer="observing:bare_sampled_measured",
        figure="cpu",
        limit=1.2,
    ),
    Row(
        "the same, OpenTelemetry, sampled, without metrics / inside the SDK's own spans",
        ours="observing:get_sampled",
        peer="observing:bare_sampled",
        figure="cpu",
        limit=1.2,
    ),
    Row(
        "the same, OpenTelemetry, not sampled, with metrics / inside the SDK's own",
        ours="observing:get_unsampled_measured",
        peer="observing:bare_unsampled_measured",
        figure="cpu",
        limit=1.2,
    ),
    Row(
        "the same, OpenTelemetry, not sampled, without metrics / inside the SDK's own",
        ours="observing:get_unsampled",
        peer="observing:bare_unsampled",
        figure="cpu",
        limit=1.2,
    ),
]
