"""Sending to many: every recipient once, whatever happens in between, in threads and in tasks."""

import csv
import stat
import threading

import pytest

from govcomponents import (
    ConfigurationError,
    CredentialsRefused,
    DailyLimitReached,
    InvalidInput,
    NotSent,
    OutcomeUnknown,
)
from govcomponents.core.http.messages import Response
from govcomponents.notify.adapters.gc_notify.adapter import GcNotify
from govcomponents.notify.adapters.govuk_notify.adapter import GovUkNotify
from govcomponents.notify.bulk.checkpoint import Checkpoint
from govcomponents.notify.bulk.results import RowState
from govcomponents.notify.bulk.spreadsheets import Row
from govcomponents.notify.limiters import Pacer
from notify.doubles import EMAIL, TEXT, over

from .provider import Provider, people


def test_everybody_gets_one_message_with_a_reference_of_its_own(send_many):
    provider, seen, results = Provider(), [], []

    result = send_many(provider, people(50), on_progress=seen.append, on_result=results.append)

    assert result.is_complete
    assert (result.progress.accepted, result.progress.seen) == (50, 50)
    assert sorted(provider.accepted) == sorted(f"b-{number}" for number in range(1, 51))
    assert all(len(messages) == 1 for messages in provider.accepted.values())
    assert seen[-1] == result.progress
    assert {one.notification_id for one in results} == {f"id-b-{number}" for number in range(1, 51)}
    assert "person1" not in repr(results)


def test_the_permitted_pace_is_kept(send_many):
    provider = Provider()
    send_many(provider, people(10), per_minute=60)

    assert sum(provider.waits) == pytest.approx(sum(second / 0.98 for second in range(1, 10)))


class Slow(GovUkNotify):
    messages_per_minute = 60


def test_without_a_pace_that_of_the_provider_is_kept(send_many):
    provider = Provider()
    send_many(provider, people(10), adapter=Slow)

    assert sum(provider.waits) == pytest.approx(sum(second / 0.98 for second in range(1, 10)))
    assert (GovUkNotify.messages_per_minute, GcNotify.messages_per_minute) == (3000, 1000)


def test_what_was_done_is_not_done_again(send_many, tmp_path):
    checkpoint = tmp_path / "checkpoint.jsonl"
    provider = Provider()

    send_many(provider, people(5), checkpoint=checkpoint)
    again = send_many(provider, people(7), checkpoint=checkpoint)

    assert (again.progress.earlier, again.progress.accepted) == (5, 2)
    assert all(len(messages) == 1 for messages in provider.accepted.values())
    assert "example.com" not in checkpoint.read_text()
    assert "Person" not in checkpoint.read_text()


def test_a_checkpoint_is_for_its_owner_and_not_written_through_a_link(send_many, tmp_path):
    other, checkpoint = tmp_path / "other", tmp_path / "checkpoint.jsonl"
    other.write_text("")
    checkpoint.symlink_to(other)
    with pytest.raises(InvalidInput) as caught:
        send_many(Provider(), people(1), checkpoint=checkpoint)
    assert caught.value.field == "checkpoint"
    assert other.read_text() == ""
    checkpoint.unlink()
    send_many(Provider(), people(1), checkpoint=checkpoint)
    assert stat.S_IMODE(checkpoint.stat().st_mode) == 0o600


@pytest.mark.parametrize("killed_after", range(1, 12))
def test_killed_at_any_moment_nobody_is_missed_and_nobody_gets_two(tmp_path, killed_after):
    checkpoint = tmp_path / "checkpoint.jsonl"

    class Killed(BaseException):
        pass

    provider = Provider()
    real = provider.send

    async def dies(request):
        response = await real(request)
        if provider.posts == killed_after and request.method == "POST":
            raise Killed
        return response

    provider.send = dies
    notify = over(provider, clock=lambda: 0.0)
    with pytest.raises(Killed):
        notify.send_many(people(12), EMAIL, channel="email", batch="b", checkpoint=checkpoint, concurrency=1)
    with checkpoint.open("ab") as file:
        file.write(b'{"row":3,"sta')  # a line that was cut off
    provider.send = real

    result = notify.send_many(people(12), EMAIL, channel="email", batch="b", checkpoint=checkpoint, concurrency=3)

    assert result.is_complete
    assert sorted(provider.accepted) == sorted(f"b-{number}" for number in range(1, 13))
    assert all(len(messages) == 1 for messages in provider.accepted.values())


def test_a_lost_answer_is_looked_up_at_the_end(send_many):
    provider = Provider(lambda number: OutcomeUnknown("lost") if number == 3 else None)

    result = send_many(provider, people(5))

    assert result.is_complete
    assert all(len(messages) == 1 for messages in provider.accepted.values())


def test_a_lost_request_stays_unknown_and_is_sent_by_the_next_start(send_many, tmp_path):
    checkpoint = tmp_path / "checkpoint.jsonl"
    broken = Response(500, {}, b"{}")
    provider = Provider(lambda number: broken if number == 2 else None)

    first = send_many(provider, people(3), checkpoint=checkpoint, concurrency=1)
    assert (first.progress.unknown, first.is_complete) == (1, False)
    second = send_many(provider, people(3), checkpoint=checkpoint)

    assert second.is_complete
    assert all(len(messages) == 1 for messages in provider.accepted.values())
    assert len(provider.accepted) == 3


def test_the_rate_limit_is_waited_for(send_many):
    limit = Response(429, {"retry-after": "7"}, b'{"errors": [{"error": "RateLimitError", "message": "x"}]}')
    provider = Provider(lambda number: limit if number <= 4 else None)

    result = send_many(provider, people(2), concurrency=1)

    assert result.is_complete
    assert provider.waits.count(7.0) == 3  # within the calls
    assert sum(provider.waits) >= 4 * 7.0


def test_the_days_limit_stops_the_send_and_the_next_start_goes_on(send_many, tmp_path):
    checkpoint = tmp_path / "checkpoint.jsonl"
    limit = Response(429, {}, b'{"errors": [{"error": "TooManyRequestsError", "message": "x"}]}')
    provider = Provider(lambda number: limit if number == 3 else None)

    first = send_many(provider, people(6), checkpoint=checkpoint, concurrency=1)
    assert isinstance(first.stopped_by, DailyLimitReached)
    assert (first.progress.accepted, first.progress.not_sent, first.is_complete) == (2, 1, False)

    second = send_many(provider, people(6), checkpoint=checkpoint)
    assert second.is_complete
    assert len(provider.accepted) == 6


def test_a_refused_key_stops_at_once(send_many):
    refused = Response(403, {}, b'{"errors": [{"error": "AuthError", "message": "Invalid token: API key revoked"}]}')
    provider = Provider(lambda number: refused)

    result = send_many(provider, people(100), concurrency=1)

    assert isinstance(result.stopped_by, CredentialsRefused)
    assert provider.posts == 1


def test_when_nothing_can_be_reached_it_gives_up(send_many):
    provider = Provider(lambda number: NotSent("no connection"))

    result = send_many(provider, people(100), concurrency=1)

    assert isinstance(result.stopped_by, NotSent)
    assert result.progress.not_sent == 20


@pytest.mark.parametrize(
    "wrong", [{"channel": "letter"}, {"batch": ""}, {"per_minute": 0}, {"concurrency": 0}, {"concurrency": 1.5}]
)
def test_wrong_arguments(send_many, wrong):
    with pytest.raises(InvalidInput):
        send_many(Provider(), people(1), **wrong)


def test_text_messages_too(send_many):
    provider = Provider()
    rows = [{"phone number": "07700900123", "name": "Sam"}, {"phone_number": "07700900124", "name": "Ama"}]

    assert send_many(provider, rows, template=TEXT, channel="sms").progress.accepted == 2
    assert {m[0]["phone_number"] for m in provider.accepted.values()} == {"07700900123", "07700900124"}


def test_a_journal_is_of_one_send_with_the_same_rows(tmp_path):
    path = tmp_path / "checkpoint.jsonl"
    row = Row(1, "a@example.com", {"name": "x"})
    with Checkpoint(path, batch="b", template="t") as checkpoint:
        checkpoint.record(1, RowState.ACCEPTED, row.check, "id")
        with pytest.raises(ConfigurationError, match="another process"), Checkpoint(path, batch="b", template="t"):
            pass

    with pytest.raises(ConfigurationError, match="another bulk send"), Checkpoint(path, batch="c", template="t"):
        pass
    with Checkpoint(path, batch="b", template="t") as checkpoint:
        assert checkpoint.state(1, row.check) is RowState.ACCEPTED
        assert checkpoint.rows_in(RowState.ACCEPTED) == [1]
        with pytest.raises(ConfigurationError, match="row 1"):
            checkpoint.state(1, Row(1, "b@example.com", {"name": "x"}).check)
        assert checkpoint.state(9, 0) is RowState.NEW


def test_a_pacer_shared_by_threads_gives_each_moment_once():
    pacer = Pacer(60)
    waits = []
    threads = [threading.Thread(target=lambda: waits.append(pacer.reserve(100.0))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(waits) == [float(number) for number in range(20)]
    burst = Pacer(60, burst=3)
    assert [burst.reserve(0.0) for _ in range(3)] == [0.0, 1.0, 2.0]
    assert [burst.reserve(1000.0) for _ in range(4)] == [0.0, 0.0, 0.0, 1.0]
    assert burst.reserve(5000.0, 2) == 0.0


def test_a_result_file_can_be_written_as_it_goes(send_many, tmp_path):
    path = tmp_path / "results.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        send_many(Provider(), people(3), on_result=lambda one: writer.writerow([one.row, one.state.name, one.problem]))
    assert sorted(path.read_text().splitlines()) == ["1,ACCEPTED,", "2,ACCEPTED,", "3,ACCEPTED,"]


def test_a_callback_that_fails_stops_the_send_and_is_raised(send_many, tmp_path):
    checkpoint = tmp_path / "checkpoint.jsonl"
    provider = Provider()

    def fail(_result):
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="the disk is full"):
        send_many(provider, people(50), checkpoint=checkpoint, on_result=fail)

    assert send_many(provider, people(50), checkpoint=checkpoint).is_complete
    assert all(len(messages) == 1 for messages in provider.accepted.values())
    assert len(provider.accepted) == 50
