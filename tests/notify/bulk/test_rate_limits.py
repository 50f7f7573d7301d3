"""Rate limits are lived with: sends finish near the ideal time, few requests are refused, and nobody is starved."""

import asyncio
import math
import threading
from itertools import count, pairwise
from random import Random

import pytest

from govcomponents import InvalidInput, OutcomeUnknown, RateLimited
from govcomponents.core.http.messages import Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.notify import LimitsLimiter
from govcomponents.notify.adapters.gc_notify.adapter import GcNotify
from govcomponents.notify.adapters.govuk_notify.adapter import GovUkNotify
from govcomponents.notify.async_service import AsyncNotifyService
from govcomponents.notify.bulk import pace as pacing
from govcomponents.notify.bulk.pace import Pace
from govcomponents.notify.bulk.results import RowState
from govcomponents.notify.service import NotifyService
from govcomponents.settings import NotifySettings

from .virtual_time import EMAIL, KEY, LimitedNotify, Network, rows, run

OPTIONS = {"template": EMAIL, "channel": "email"}


@pytest.fixture(autouse=True)
def same_pauses(monkeypatch):
    """Draw the same random pauses each time: in one run of about a hundred they come together badly."""
    seeds = count()
    monkeypatch.setattr(pacing, "Random", lambda: Random(next(seeds)))


def ideal(per_minute, count):
    """The least seconds that a limit allows: a bucket of a third of a minute, at most 1,000, and what flows in."""
    return (count - min(math.ceil(per_minute / 3), 1000)) * 60 / per_minute


def test_a_limit_of_a_fifth_of_the_pace():
    async def main(loop):
        provider = LimitedNotify(loop, 600)
        result = await provider.process().send_many(rows(1500), **OPTIONS, batch="b")
        return provider, result, loop.now

    provider, result, seconds = run(main)

    assert result.is_complete
    assert provider.accepted == 1500
    assert seconds <= 1.25 * ideal(600, 1500)
    assert provider.refused <= 0.05 * provider.asked


def test_processes_that_share_a_key_and_nothing_else_leave_room_for_single_messages():
    async def main(loop):
        provider = LimitedNotify(loop, 1200)
        waited = []

        async def singles():
            notify = provider.process(99)
            while True:
                began = loop.now
                while True:
                    try:
                        await notify.send_email("sam@example.com", EMAIL, values)
                    except RateLimited:
                        await asyncio.sleep(10)
                    else:
                        break
                waited.append(loop.now - began)
                await asyncio.sleep(2)

        values = {name: value for name, value in next(rows(1)).items() if name != "email address"}
        web = loop.create_task(singles())
        sends = [provider.process(n).send_many(rows(700), **OPTIONS, batch=f"b{n}", per_minute=1200) for n in range(4)]
        results = await asyncio.gather(*sends)
        web.cancel()
        return provider, results, waited, loop.now

    provider, results, waited, seconds = run(main)

    assert all(result.is_complete for result in results)
    assert seconds <= 1.3 * ideal(1200, 2800)
    assert provider.refused <= 0.05 * provider.asked
    assert len(waited) > 20
    assert max(waited) <= 30


class Window:
    """A limiter of so many in each second, as the library `limits` counts, on the loop's clock."""

    def __init__(self, loop, amount):
        self.loop, self.amount, self.taken = loop, amount, {}

    def acquire(self, tokens):
        window = int(self.loop.now)
        self.taken[window] = self.taken.get(window, 0) + tokens
        return 0 if self.taken[window] <= self.amount else window + 1 - self.loop.now


def test_processes_with_a_shared_limiter():
    async def main(loop):
        provider = LimitedNotify(loop, 1200)
        limiter = Window(loop, 19)  # of 20 a second
        sends = [
            provider.process(n).send_many(rows(400), **OPTIONS, batch=f"b{n}", per_minute=1200, limiter=limiter)
            for n in range(4)
        ]
        results = await asyncio.gather(*sends)
        return provider, results, loop.now

    provider, results, seconds = run(main)

    assert all(result.is_complete for result in results)
    assert seconds <= 1.05 * 1600 / 19
    assert provider.refused == 0


def test_one_process_alone_uses_the_permitted_pace_and_leaves_a_little():
    async def main(loop):
        provider = LimitedNotify(loop, 3000)
        result = await provider.process().send_many(rows(2500), **OPTIONS, batch="b")
        return provider, result, loop.now

    provider, result, seconds = run(main)

    assert result.is_complete
    assert 0.97 <= 2500 / 50 / seconds < 1
    assert provider.refused == 0


def test_the_pace_is_kept_evenly():
    async def main(loop):
        network = Network(lambda _request: ACCEPTED if _request.method == "POST" else TEMPLATE)
        await over(network, loop).send_many(rows(10), **OPTIONS, batch="b", per_minute=60, concurrency=4)
        return network.sent

    sent = run(main)

    assert [after - before for before, after in pairwise(sent)] == pytest.approx([1 / 0.98] * 9)


ACCEPTED = Response(
    201,
    {},
    b'{"id": "id", "content": {"body": "x", "subject": "s"}, "template": {"id": "%s", "version": 1}}' % EMAIL.encode(),
)
TEMPLATE = Response(
    200, {}, b'{"id": "%s", "name": "t", "type": "email", "version": 1, "body": "((name))"}' % EMAIL.encode()
)
TOO_MANY = Response(429, {}, b'{"errors": [{"error": "RateLimitError", "message": "x"}]}')


def over(network, loop):
    runtime = Runtime(network, clock=loop.time)
    return AsyncNotifyService(GovUkNotify.from_settings(NotifySettings(api_key=KEY), runtime), runtime)


def scripted(post):
    """A provider that answers the messages by a function of their number and the time."""
    posts = iter(range(1, 1_000_000))
    return lambda request: TEMPLATE if request.method == "GET" else post(next(posts))


def send(answer, count, **options):
    async def main(loop):
        network = Network(answer)
        result = await over(network, loop).send_many(rows(count), **OPTIONS, batch="b", **options)
        return result, network.sent

    return run(main)


def test_all_workers_pause_together_after_a_refusal():
    result, sent = send(scripted(lambda number: TOO_MANY if 20 <= number <= 21 else ACCEPTED), 60)

    assert result.is_complete
    gaps = [after - before for before, after in pairwise(sent)]
    assert sum(gap > 2.5 for gap in gaps) == 1
    assert gaps.index(max(gaps)) < 30  # those on their way, and no others


def test_it_gives_up_where_nothing_is_let_through():
    result, sent = send(scripted(lambda _number: TOO_MANY), 500)

    assert isinstance(result.stopped_by, RateLimited)
    assert len(sent) < 30
    assert sent[-1] > 600
    assert (result.progress.accepted, result.progress.not_sent) == (0, result.progress.seen)


@pytest.mark.parametrize(
    "kind",
    ["TooManyRequestsError", "LiveServiceTooManyEmailRequestsError", "TrialServiceTooManySMSRequestsError",
     "TrialServiceRequestExceedsSMSAnnualLimitError", "LiveServiceRequestExceedsEmailAnnualLimitError"],
)  # fmt: skip
@pytest.mark.parametrize("face", ["threads", "tasks"])
def test_a_limit_that_does_not_pass_soon_ends_the_send_at_once(kind, face):
    limit = Response(429, {}, b'{"errors": [{"error": "%s", "message": "x"}]}' % kind.encode())
    waits, posts = [], []

    class Provider:
        async def send(self, request):
            if request.method == "GET":
                return TEMPLATE
            posts.append(request)
            return limit

        async def sleep(self, seconds):
            waits.append(seconds)

        async def run_blocking(self, work):
            return work()

        async def aclose(self):
            pass

    runtime = Runtime(Provider(), clock=lambda: 0.0)
    key = NotifySettings(
        api_key="gcntfy-demo-5ab1ec0d-0000-4000-8000-000000000001-5ab1ec0d-5ec2-4000-8000-000000000001"
    )
    port = GcNotify.from_settings(key, runtime)
    arguments = {**OPTIONS, "batch": "b", "concurrency": 1 if face == "threads" else 4, "per_minute": 60}
    if face == "threads":
        result = NotifyService(port, runtime).send_many(rows(20), **arguments)
    else:
        result = asyncio.run(AsyncNotifyService(port, runtime).send_many(rows(20), **arguments))

    assert isinstance(result.stopped_by, RateLimited)
    assert len(posts) == 1
    assert sum(waits) < 120
    assert (result.progress.accepted, result.progress.refused) == (0, 0)
    assert result.progress.not_sent == result.progress.seen >= 1


def test_a_row_of_unknown_outcome_stays_unknown_if_the_send_ends_before_it_is_looked_up(tmp_path):
    checkpoint = tmp_path / "checkpoint"
    day = Response(429, {}, b'{"errors": [{"error": "TooManyRequestsError", "message": "x"}]}')

    def lost(request):
        if request.method == "POST":
            raise OutcomeUnknown("lost")
        return TEMPLATE if "/template/" in request.url else Response(200, {}, b'{"notifications": []}')

    first, _ = send(lost, 2, checkpoint=checkpoint, concurrency=1)
    assert first.progress.unknown == 2

    results = []
    second, _ = send(
        lambda request: TEMPLATE if "/template/" in request.url else day,
        2,
        checkpoint=checkpoint,
        concurrency=2,
        on_result=results.append,
    )
    assert isinstance(second.stopped_by, RateLimited)
    assert {one.state for one in results} == {RowState.UNKNOWN}


def test_a_look_up_takes_a_turn_too(tmp_path):
    checkpoint = tmp_path / "checkpoint"
    asked = []

    def lost(request):
        if request.method == "POST":
            raise OutcomeUnknown("lost")
        return TEMPLATE if "/template/" in request.url else Response(200, {}, b'{"notifications": []}')

    send(lost, 5, checkpoint=checkpoint, concurrency=1)

    async def main(loop):
        def answer(request):
            if "/template/" in request.url:
                return TEMPLATE
            asked.append(loop.now)
            return ACCEPTED if request.method == "POST" else Response(200, {}, b'{"notifications": []}')

        return await over(Network(answer), loop).send_many(
            rows(5), **OPTIONS, batch="b", checkpoint=checkpoint, per_minute=60, concurrency=5
        )

    assert run(main).is_complete
    assert len(asked) == 10
    assert asked[-1] - asked[0] > 9


def test_an_interrupted_send_waits_for_no_pause():
    provider_waits = threading.Event()

    class Provider:
        async def send(self, request):
            return TEMPLATE if request.method == "GET" else TOO_MANY

        async def sleep(self, seconds):
            provider_waits.set()
            threading.Event().wait(min(seconds, 0.01))

        async def run_blocking(self, work):
            return work()

        async def aclose(self):
            pass

    runtime = Runtime(Provider(), clock=lambda: 0.0)
    service = NotifyService(GovUkNotify.from_settings(NotifySettings(api_key=KEY), runtime), runtime)

    def interrupted(_progress):
        raise KeyboardInterrupt

    wrong = [{"email address": " ", "name": "x"}]  # it is refused here, and told
    with pytest.raises(KeyboardInterrupt):
        service.send_many([*rows(3), *wrong], **OPTIONS, batch="b", concurrency=8, on_progress=interrupted)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("send-many")]


def test_the_pace_halves_then_follows_what_was_let_through_then_rises():
    pace = Pace(10.0, random=Random(1))
    turn = pace.take(0.0)
    pace.refused(turn, 0.0)
    assert pace.rate == 5.0
    assert not pace.holds(turn)
    pace.refused(turn, 0.1)  # it was on its way then
    assert pace.rate == 5.0
    later = pace.take(0.2)
    assert 2.7 <= later.wait <= 4.5
    for _ in range(40):
        pace.passed()
    pace.refused(later, 10.0)
    assert pace.rate == pytest.approx(4.0 * 0.95)
    before = pace.rate
    pace.take(70.0)
    assert before + 3.6 < pace.rate < before + 3.9
    for when in range(100, 2000, 100):
        pace.take(when)
    assert pace.rate == 10.0


def test_pauses_grow_while_nothing_is_let_through_and_are_never_shorter_than_asked_for():
    pace, pauses, now = Pace(10.0, random=Random(1)), [], 0.0
    for _ in range(8):
        turn = pace.take(now)
        now += turn.wait
        pace.refused(turn, now)
        pauses.append(pace.take(now).wait)
    assert pauses[-1] >= 60
    assert pace.fruitless_pauses == 7
    pace = Pace(10.0)
    pace.refused(pace.take(0.0), 0.0, retry_after=50.0)
    assert pace.take(0.0).wait >= 50


def test_an_object_that_is_no_limiter_is_refused():
    with pytest.raises(InvalidInput) as caught:
        send(scripted(lambda _number: ACCEPTED), 1, limiter=object())
    assert caught.value.field == "limiter"


@pytest.mark.parametrize(("strategy", "item", "field"), [(7, 7, "strategy"), (Window, 7, "strategy")])
def test_a_limiter_of_something_else_is_refused(strategy, item, field):
    with pytest.raises(InvalidInput) as caught:
        LimitsLimiter(strategy, item)
    assert caught.value.field == field


def test_the_library_limits_shares_a_window():
    pytest.importorskip("limits")
    from limits import RateLimitItemPerSecond
    from limits.storage import MemoryStorage
    from limits.strategies import MovingWindowRateLimiter

    limiter = LimitsLimiter(MovingWindowRateLimiter(MemoryStorage()), RateLimitItemPerSecond(3, 30))
    assert [limiter.acquire(1) for _ in range(3)] == [0, 0, 0]
    assert 0 < limiter.acquire(1) <= 31


@pytest.mark.parametrize(("per_minute", "amount", "seconds"), [(3000, 49, 1), (600, 49, 5), (20, 3, 10), (2, 1, 31)])
def test_a_limiter_by_url_permits_a_little_less_than_the_limit(per_minute, amount, seconds):
    pytest.importorskip("limits")
    limiter = LimitsLimiter.from_url("memory://", per_minute=per_minute)
    assert (limiter._item.amount, limiter._item.get_expiry()) == (amount, seconds)
