"""The checkpoint: on the disk before a message goes out, or nothing goes out; and damage is never taken for a state."""

import errno
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from govcomponents import ConfigurationError, OutcomeUnknown
from govcomponents.core.http.messages import Response
from govcomponents.notify.adapters.govuk_notify.adapter import GovUkNotify
from govcomponents.notify.bulk import checkpoint as module
from govcomponents.notify.bulk.checkpoint import Checkpoint
from govcomponents.notify.bulk.results import RowState
from govcomponents.notify.capabilities import NotifyCapability
from notify.bulk.provider import Provider, people
from notify.doubles import EMAIL

BATCH = {"batch": "b", "template": EMAIL}


class CannotLookUp(GovUkNotify):
    """An adapter that cannot be asked what it sent, as a mail server cannot."""

    capabilities = GovUkNotify.capabilities - {NotifyCapability.SEARCH}


def counts(provider):
    return {reference: len(messages) for reference, messages in provider.accepted.items()}


# What was written


@pytest.mark.parametrize("is_killed", [True, False])
def test_where_nobody_can_be_asked_a_row_of_unknown_outcome_stays_so(send_many, tmp_path, is_killed):
    path = tmp_path / "checkpoint"

    class Killed(BaseException):
        pass

    def trouble(number):
        if is_killed and number == 4:
            return Killed()
        return OutcomeUnknown("lost") if number == 2 else None

    class Dying(Provider):
        async def send(self, request):
            wrong = self.trouble(self.posts + 1) if request.method == "POST" else None
            if isinstance(wrong, Killed):
                self.trouble = lambda number: None
                await super().send(request)  # it arrives all the same
                raise wrong
            return await super().send(request)

    provider = Dying(trouble)
    first = None
    if is_killed:
        with pytest.raises(Killed):
            send_many(provider, people(6), CannotLookUp, checkpoint=path, concurrency=1)
    else:
        first = send_many(provider, people(6), CannotLookUp, checkpoint=path, concurrency=1)
        assert (first.progress.unknown, first.is_complete) == (1, False)

    results = []
    again = send_many(provider, people(6), CannotLookUp, checkpoint=path, on_result=results.append)
    unknown = {one.row for one in results if one.state is RowState.UNKNOWN}
    assert unknown == ({2, 4} if is_killed else {2})
    assert (again.progress.unknown, again.is_complete) == (len(unknown), False)
    assert counts(provider) == {f"b-{number}": 1 for number in range(1, 7)}

    last = send_many(provider, people(6), CannotLookUp, checkpoint=path, resend_unknown=True)
    assert last.is_complete
    assert counts(provider) == {f"b-{n}": 2 if n in unknown else 1 for n in range(1, 7)}


def test_a_refusal_of_the_second_message_says_nothing_of_the_first(send_many, tmp_path):
    path = tmp_path / "checkpoint"
    provider = Provider(lambda number: OutcomeUnknown("lost"))
    send_many(provider, people(1), CannotLookUp, checkpoint=path)
    for trouble in (refusal(400, "BadRequestError"), refusal(403, "AuthError"), refusal(429, "TooManyRequestsError")):
        provider.trouble = lambda number, trouble=trouble: trouble
        result = send_many(provider, people(1), CannotLookUp, checkpoint=path, resend_unknown=True)
        assert (result.progress.unknown, result.progress.refused) == (1, 0)
    with Checkpoint(path, **BATCH) as checkpoint:
        assert checkpoint.rows_in(RowState.UNKNOWN) == [1]


def refusal(status, kind):
    return Response(status, {}, json.dumps({"errors": [{"error": kind, "message": "x"}]}).encode())


def test_rows_that_were_done_earlier_are_told_again_with_what_is_known_of_them(send_many, tmp_path):
    path = tmp_path / "checkpoint"
    rows = [*people(3), {"email address": "", "Name": "x"}, people(1)[0]]
    first, second = [], []
    send_many(Provider(), rows, checkpoint=path, on_result=first.append)
    send_many(Provider(), rows, checkpoint=path, on_result=second.append)

    def facts(results):
        return sorted((one.row, one.state, one.reference, one.notification_id, one.problem) for one in results)

    assert facts(first) == facts(second)
    assert not any(one.is_earlier for one in first)
    assert all(one.is_earlier for one in second)
    assert sum(bool(one.problem) for one in second) == 2


# Before it goes out


def test_each_row_is_on_the_disk_before_its_message_goes_out(send_many, tmp_path, monkeypatch):
    path = tmp_path / "checkpoint"
    on_disk = b""
    real = os.fsync

    def fsync(file):
        nonlocal on_disk
        on_disk = path.read_bytes()
        real(file)

    monkeypatch.setattr(module.os, "fsync", fsync)

    class Looking(Provider):
        async def send(self, request):
            if request.method == "POST":
                number = int(json.loads(request.body)["reference"].rpartition("-")[2])
                assert b'{"row":%d,"state":"unknown"' % number in on_disk
            return await super().send(request)

    assert send_many(Looking(), people(30), checkpoint=path).is_complete
    assert on_disk == path.read_bytes()  # at the end all of it
    assert on_disk.count(b'"accepted"') == 30


@pytest.mark.parametrize("fault", ["short", "none", "sync"])
@pytest.mark.parametrize("fails_at", [1, 2, 7, 8, 20])
def test_what_cannot_be_written_is_not_sent(send_many, tmp_path, monkeypatch, fault, fails_at):
    path = tmp_path / "checkpoint"
    real, writes, lock = os.write, 0, threading.Lock()

    def write(file, content):
        nonlocal writes
        with lock:
            writes += 1
            if writes < fails_at:
                return real(file, content)
            if fault == "short" and writes == fails_at:
                return real(file, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")

    def fsync(_file):
        if path.read_bytes().count(b"\n") >= fails_at:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(module.os, *("fsync", fsync) if fault == "sync" else ("write", write))
    provider, results = Provider(), []
    if fails_at == 1:
        with pytest.raises(ConfigurationError, match="cannot be written"):
            send_many(provider, people(12), checkpoint=path)
        assert provider.accepted == {}
    else:
        result = send_many(provider, people(12), checkpoint=path, on_result=results.append)
        assert isinstance(result.stopped_by, ConfigurationError)
        assert result.progress.accepted == len(provider.accepted)  # told, although it could not be written
        assert {one.reference for one in results if one.state is RowState.ACCEPTED} == set(provider.accepted)
    assert path.read_bytes() == b"" or path.read_bytes().endswith(b"\n")

    monkeypatch.undo()
    assert send_many(provider, people(12), checkpoint=path).is_complete
    assert counts(provider) == {f"b-{number}": 1 for number in range(1, 13)}


FULL_DISK = """
import resource, sys
from notify.bulk.provider import Provider, people
from notify.bulk.test_checkpoint import CannotLookUp
from notify.doubles import EMAIL, TEST_KEY
from govcomponents.core.http.runtime import Runtime
from govcomponents.notify.service import NotifyService
from govcomponents.settings import NotifySettings

size = int(sys.argv[3])
provider = Provider()
runtime = Runtime(provider, clock=lambda: 0.0)
service = NotifyService(CannotLookUp.from_settings(NotifySettings(api_key=TEST_KEY), runtime), runtime)
if size:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
try:
    result = service.send_many(people(40), EMAIL, channel="email", batch="b", checkpoint=sys.argv[1], concurrency=3)
    print(type(result.stopped_by).__name__, result.progress.accepted, result.progress.unknown)
except Exception as error:
    print(type(error).__name__, 0, 0)
finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(*provider.accepted, sep="\\n", file=open(sys.argv[2], "w"))
"""


@pytest.mark.parametrize("size", [10, 60, 200, 777, 1234, 2500, 4001])
def test_a_full_disk_doubles_nothing_where_nobody_can_be_asked(tmp_path, size):
    def run(limit):
        sent = tmp_path / f"sent-{limit}"
        done = subprocess.run(
            [sys.executable, "-c", FULL_DISK, str(tmp_path / "checkpoint"), str(sent), str(limit)],
            capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2], check=True,
        )  # fmt: skip
        kind, accepted, unknown = done.stdout.split()
        return kind, int(accepted), int(unknown), set(sent.read_text().split()) if sent.exists() else set()

    kind, accepted, _, first = run(size)
    assert (kind, accepted) == ("ConfigurationError", len(first))
    kind, _, unknown, second = run(0)
    assert kind == "NoneType"
    assert not first & second
    assert len(first | second) == 40
    assert unknown <= 3  # those that were on their way as it stopped


# Damage


GOOD = {"row": 1, "state": "accepted", "check": 5}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "checkpoint"
    with Checkpoint(path, **BATCH) as checkpoint:
        for number in (1, 2, 3):
            checkpoint.record(number, RowState.ACCEPTED, number, f"id-{number}")
    return path


@pytest.mark.parametrize(
    "line",
    [
        b'{"row":"x","state":"accepted","check":1}',
        b'{"row":3,"state":9,"check":1}',
        b'{"row":3,"state":"accepted"}',
        b'{"row":3,"state":"accepted","check":4294967296}',
        b"[" * 100_000,
        b'{"row":3000000000,"state":"accepted","check":1}',
        b'{"row":-3,"state":"accepted","check":1}',
        b'{"row":3,"state":"refused","check":3}',
        b"7",
        b"",
        b"\xff\xfe",
        b"\0" * 5000,
        b'{"row":' + b"9" * 5000 + b"}",
        b'{"row":3,"sta',
        b"x" * 1_000_000,
    ],
    ids=lambda line: repr(line[:40]),
)
@pytest.mark.parametrize("is_sealed", [True, False])
@pytest.mark.parametrize("place", [2, 3, 5])
def test_a_damaged_line_is_named(path, line, place, is_sealed):
    if is_sealed:  # as somebody would write it who knows the form
        if b'"state":"refused"' in line or not line.startswith(b'{"row":') or b"3000000000" in line:
            pytest.skip("there is no such line, or it is right")
        line = line.removesuffix(b"}")
        line = b'%s,"crc":"%08x"}' % (line, module.zlib.crc32(line))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[: place - 1], line + b"\n", *lines[place - 1 :]]))
    before = path.read_bytes()
    with (
        pytest.raises(ConfigurationError, match=f"line {place} of the checkpoint is damaged"),
        Checkpoint(path, **BATCH),
    ):
        pass
    assert path.read_bytes() == before


def test_any_byte_that_changed_is_found(path):
    content = path.read_bytes()
    for place in range(len(content) - 1):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(ConfigurationError), Checkpoint(path, **BATCH):
            pass


def test_wherever_a_stop_cut_the_file_off_it_goes_on(path):
    content = path.read_bytes()
    for rest in (b"", b"\0" * 3, b"\0" * 40_000):
        for place in range(len(content)):
            if rest and content[:place].count(b"\n") == 0:
                continue
            path.write_bytes(content[:place] + rest)
            with Checkpoint(path, **BATCH) as checkpoint:
                whole = content[: place + 1].count(b"}\n") if not rest else content[:place].count(b"}\n")
                assert checkpoint.rows_in(RowState.ACCEPTED) == list(range(1, whole))
                checkpoint.record(9, RowState.REFUSED, 6, problem="why")
            with Checkpoint(path, **BATCH) as checkpoint:
                assert checkpoint.rows_in(RowState.REFUSED) == [9]
                assert checkpoint.earlier(9).problem == "why"


def test_a_closed_checkpoint_takes_nothing(path):
    for where in (path, None):
        with Checkpoint(where, **BATCH) as checkpoint:
            pass
        with pytest.raises(ConfigurationError, match="closed"):
            checkpoint.record(4, RowState.UNKNOWN, 4)
        with pytest.raises(ConfigurationError, match="closed"):
            checkpoint.make_durable()
        assert checkpoint.state(4, 4) is RowState.NEW
