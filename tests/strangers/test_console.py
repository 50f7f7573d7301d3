"""The console's adapter passes the contract over a stream in memory, for both callers."""

from __future__ import annotations

import errno
import io

from govcomponents import NotSent, OutcomeUnknown
from govcomponents.testing import Fault, NotifyDouble, NotifySubject, NotifySuite, ScriptedTransport

from .console import Console


class Stream(io.StringIO):
    """A stream that can be full, or lose its end."""

    fault = None
    times = None

    def fail(self, fault, times):
        self.fault, self.times = fault, times

    def write(self, text):
        self.is_broken = self.times != 0 and self.fault is not None
        if self.times:
            self.times -= 1
        if self.is_broken and self.fault is Fault.NOT_CONNECTED:
            raise OSError(errno.ENOSPC, "no space left")
        return super().write(text)

    def flush(self):
        if self.is_broken and self.fault is Fault.DROPPED_AFTER:
            raise BrokenPipeError


class Desk:
    """The stream of the present test."""

    stream = Stream()

    def connect(self):
        self.stream = stream = Stream()
        return NotifyDouble(
            transport=ScriptedTransport(), fail=stream.fail, count=lambda: stream.getvalue().count("\n")
        )

    def build(self, runtime):
        return Console(runtime, self.stream)


DESK = Desk()
MESSAGE = {"template": "renewed", "personalisation": {"name": "Canary Nightingale"}, "reference": "RENEW-7"}


class TestConsole(NotifySuite):
    subject = NotifySubject(
        build=DESK.build,
        connect=DESK.connect,
        email={"to": "canary@example.com", **MESSAGE},
        sms={"to": "07700900123", **MESSAGE},
        bad_input=[{"extra": {"colour": "red"}}],
        canaries=("canary@example.com", "07700900123", "Nightingale"),
        faults={Fault.NOT_CONNECTED: NotSent, Fault.DROPPED_AFTER: OutcomeUnknown},
        repeats=False,
    )
