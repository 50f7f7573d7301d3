"""A notify adapter under test: its double, and samples of what can be sent with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from govcomponents.contracts.suite import Caller, Double, Subject, Suite, needs
from govcomponents.notify.async_service import AsyncNotifyService
from govcomponents.notify.capabilities import NotifyCapability as Can
from govcomponents.notify.models import Channel
from govcomponents.notify.service import NotifyService


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """One message as a double of a provider took it: of each option, what reached the provider, or the recipient.

    `to` is for whom it is; `text` is what is read in the end, with the values in it; `files` are the bytes of each.
    """

    to: str | None = None
    text: str = ""
    files: tuple[bytes, ...] = ()
    reply_to: str | None = None
    sender: str | None = None
    unsubscribe_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class NotifyDouble(Double):
    """A test double of a provider of messages. `count` says how many messages it has accepted.

    `arrived` gives those messages in order; an adapter that declares files, reply-to addresses, senders, unsubscribing
    or sanitising needs it. `text_in` lets a person send a text to the service, from a number and with a content.
    `callbacks` lets time pass, and gives all callbacks that were made, each as its body and headers. `sign` gives the
    headers with which the provider would send a body, where it signs; `later` lets seconds pass, where they are dated.
    """

    count: Callable[[], int]
    arrived: Callable[[], Sequence[Arrived]] | None = None
    text_in: Callable[[str, str], object] | None = None
    callbacks: Callable[[], Sequence[tuple[bytes, Mapping[str, str]]]] | None = None
    sign: Callable[[bytes], Mapping[str, str]] | None = None
    later: Callable[[float], None] | None = None


@dataclass(frozen=True, kw_only=True)
class NotifySubject(Subject):
    """A notify adapter under test: see `Subject` for `build`, `connect`, `canaries` and `faults`.

    `email`, `sms`, `letter` and `precompiled` are arguments of `send_email` and its like, `job` those of `send_job`
    with its rows as a list: give those that the adapter declares. The double answers all that the adapter declares,
    and counts a job's messages one by one. `file` are arguments of `send_email` with a file among the values;
    `reply_to` and `sender` are those that can be given, and are not what a message has without. `bad_input` are changes
    of those arguments that this adapter refuses unsent, besides those that every adapter refuses. `repeats` is False if
    the adapter leaves it to the caller to send again what was certainly not accepted. `page` is how many messages the
    double gives at once when it is searched: a few, so that the next page is asked for too. `signed` is True if
    callbacks are proved by a signature of what they hold, not by a token; `callbacks_hold_for` is after how many
    seconds one is too old to be believed, and None where they are not dated.
    """

    connect: Callable[[], NotifyDouble]
    email: Mapping[str, Any] | None = None
    sms: Mapping[str, Any] | None = None
    letter: Mapping[str, Any] | None = None
    precompiled: Mapping[str, Any] | None = None
    job: Mapping[str, Any] | None = None
    file: Mapping[str, Any] | None = None
    reply_to: str | None = None
    sender: str | None = None
    bad_input: Sequence[Mapping[str, Any]] = ()
    unknown_id: str = "99999999-9999-4999-8999-999999999999"
    repeats: bool = True
    page: int | None = None
    signed: bool = False
    callbacks_hold_for: float | None = None


@dataclass(frozen=True)
class Sending:
    """One operation that sends: its name, its channel, and which sample of the subject it takes."""

    operation: str
    channel: Channel
    sample: str

    def by(self, caller: NotifyCaller, **changed: Any) -> Any:
        """Send the sample, changed or as it is."""
        arguments = getattr(caller.subject, self.sample)
        return getattr(caller.notify, self.operation)(**{**arguments, **changed})


def _case(can: Can, operation: str, channel: Channel, sample: str) -> Any:
    return pytest.param(Sending(operation, channel, sample), marks=needs(can), id=operation)


FROM_TEMPLATES = [
    _case(Can.EMAIL, "send_email", Channel.EMAIL, "email"),
    _case(Can.SMS, "send_sms", Channel.SMS, "sms"),
]
SENDS = [
    *FROM_TEMPLATES,
    _case(Can.LETTER, "send_letter", Channel.LETTER, "letter"),
    _case(Can.PRECOMPILED, "send_precompiled_letter", Channel.LETTER, "precompiled"),
]
SAMPLES: Mapping[Can, str] = {
    Can.EMAIL: "email",
    Can.SMS: "sms",
    Can.LETTER: "letter",
    Can.PRECOMPILED: "precompiled",
    Can.JOBS: "job",
}


@dataclass
class NotifyCaller(Caller):
    """One caller of `notify`."""

    double: NotifyDouble
    subject: NotifySubject

    @property
    def notify(self) -> Any:
        """The service, blocking or seen as a blocking one."""
        return self.service


Call = Callable[..., NotifyCaller]


class NotifyTests(Suite):
    """Base of the suites of the notify port."""

    subject: ClassVar[NotifySubject]
    services = (NotifyService, AsyncNotifyService)
    always = frozenset(map(str, (Can.EMAIL, Can.SMS, Can.LETTER, Can.PRECOMPILED)))
    caller = NotifyCaller
