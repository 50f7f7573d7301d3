"""Whatever is passed to what a service makes for itself from a public door is refused by its name, or is what it takes.

Functions, class methods and constructors are found by looking at the doors: one that no table here knows fails. Nothing
may come of a call but our own errors, and which of the wrong values are taken all the same is said here, by hand.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from pydantic import BaseModel

from govcomponents import AsyncGovComponents, GovComponents, Money, RetryPolicy, Secret, durable, identity, pay, web
from govcomponents import observability as seen
from govcomponents.adapters import Result
from outcomes import end, outcome
from wrong_values import WRONG

DOORS = ("", ".pay", ".notify", ".identity", ".durable", ".web", ".observability")
MADE_FOR_THEM = {
    "Account", "AsyncGovComponents", "AsyncIdentityService", "AsyncLaterAccount", "AsyncLaterNotify", "AsyncLaterPay",
    "AsyncNotifyService", "AsyncPayService", "GovComponents", "IdentityService", "LaterAccount", "LaterNotify",
    "LaterPay", "NotifyService", "PayService",
}  # fmt: skip
"""`from_settings`, `sandbox`, `Durable` and the like make these."""
FREE = {"Personal", "Secret", "yes_no"}
"""They take whatever they are given."""
OF_LIBRARIES = {
    "CallbackQueryFilter": "logging's own constructor, which takes the name of a logger",
    "LimitsLimiter": "the package limits makes its parts; from_url is for a service",
    "hide_callback_queries": "names of loggers, which logging looks up",
}
BY_SHELLS = {"Answer.for_error", "Answer.json", "Answer.redirect", "Answer.text", "CallbackAnswer.for_error"}
"""A framework's shell calls them with what these handlers gave it."""
ELSEWHERE = {
    "Attachment", "FileReplayStore", "LimitsLimiter.from_url", "Money.from_pence", "Money.gbp",
    "PendingCookie", "PostalAddress.from_personalisation", "PostalAddress.read", "RetryPolicy",
    "Settings.from_environment", "Settings.from_toml", "TemplateChoice", "TemplateIds", "TemplateRegistry",
    "TemplateRegistry.from_enum", "TemplateRegistry.from_toml", "attach", "clock", "day", "email_address", "listed",
    "moment", "new_private_key", "phone_number", "postal_address", "published_jwks", "signer_of",
}  # fmt: skip
"""`test_any_argument.py` calls these."""
NUMBERS = {"int", "float"}
TEXTS = {"empty", "long"}
Taken = Mapping[str, set[str]]


def _found() -> Iterator[tuple[str, Any]]:
    """What can be called of each door, and takes an argument. A dataclass that checks nothing is what is told."""
    for door in DOORS:
        module = importlib.import_module(f"govcomponents{door}")
        for name in module.__all__:
            one = getattr(module, name)
            if inspect.isroutine(one):
                yield name, one
            if not inspect.isclass(one) or issubclass(one, (enum.Enum, BaseException)) or _is_protocol(one):
                continue
            for method, kept in list(vars(one).items()):
                if not method.startswith("_") and isinstance(kept, (classmethod, staticmethod)):
                    yield f"{name}.{method}", getattr(one, method)
            if not issubclass(one, (Result, BaseModel)) and (not is_dataclass(one) or hasattr(one, "__post_init__")):
                yield name, one


def _is_protocol(one: type) -> bool:
    return bool(getattr(one, "_is_protocol", False))


def _calls(folder: Path) -> Iterator[tuple[str, Callable[..., object], Mapping[str, object], Taken]]:
    """Each call with its good arguments, and which wrong values each argument takes."""
    gov, asynchronous = GovComponents.sandbox(), AsyncGovComponents.sandbox()
    engine = sa.create_engine("sqlite://")
    client = redis.Redis(host="127.0.0.1", port=1)  # which nobody asks anything
    cookies = web.SignInCookies([Secret("s" * 40)])
    anything: Taken = {"prefix": TEXTS}
    yield "Money.of", Money.of, {"amount": "1.00", "currency": "GBP"}, {}
    yield "PayLimits.of", pay.PayLimits().of, {"currency": "GBP"}, {"currency": {*TEXTS, "surrogate"}}
    yield "RetryPolicy.within", RetryPolicy().within, {"seconds": 1.0}, {"seconds": {*NUMBERS, "huge"}}
    yield "CallableSigner", identity.CallableSigner, {
        "algorithm": "RS256", "key_id": "k", "function": bytes,
    }, {"algorithm": TEXTS, "key_id": TEXTS}  # fmt: skip
    yield "MemoryReplayStore", identity.MemoryReplayStore, {}, {"limit": NUMBERS}
    yield "PendingSignIn.load", identity.PendingSignIn.load, {"text": "{}"}, {}
    yield "safe_return_path", identity.safe_return_path, {"path": "/"}, {"path": set(WRONG), "default": TEXTS}
    yield "FileEndedSessions", web.FileEndedSessions, {"path": folder / "ended"}, {"path": {"long"}, "timeout": NUMBERS}
    yield "Person.load", web.Person.load, {"text": "{}"}, {}
    yield "Requirement.of", web.Requirement.of, {}, {"max_age": {"None", "int"}}
    yield "SignInCookies", web.SignInCookies, {"secrets": [Secret("s" * 40)]}, {"life": {"int"}}
    yield "SignInCookies.end_person", web.SignInCookies.end_person, {"cookies": {}}, {"cookies": {"dict", "keys"}}
    for kind, whose in ((web.WebHandlers, gov), (web.AsyncWebHandlers, asynchronous)):
        absent: Taken = {"ended": {"None"}, "used": {"None"}}
        yield kind.__name__, kind, {"gov": whose, "cookies": cookies}, absent
    for store in ("SqlDocumentStore", "SqlEndedSessions", "SqlPendingStore", "SqlReplayStore", "StoreBudgets"):
        yield store, getattr(durable, store), {"engine": engine}, {}
    for store in (
        "RedisBudgets", "RedisDocumentStore", "RedisEndedSessions", "RedisPendingStore", "RedisReplayStore",
    ):  # fmt: skip
        yield store, getattr(durable, store), {"client": client}, anything
    yield "RedisBudgets.from_url", durable.RedisBudgets.from_url, {"url": "redis://127.0.0.1:1"}, anything
    yield "Retention", durable.Retention, {}, {"payments": {"None"}, "audit": {"None"}}
    yield "WorkerOptions", durable.WorkerOptions, {}, {
        "lease": NUMBERS, "concurrency": {"int"}, "on_hang": {"None"},
    }  # fmt: skip
    optional = {name: {"None"} for name in ("engine_or_url", "worker", "handle_in", "budgets", "keep")}
    for name, whose in (("Durable", gov), ("AsyncDurable", asynchronous)):
        yield name, getattr(durable, name), {"gov": whose, "engine_or_url": engine}, optional
    yield "LogObserver", seen.LogObserver, {"logger": logging.getLogger("a")}, {"logger": {"None"}}
    yield "PrometheusObserver", seen.PrometheusObserver, {}, {}
    yield "OpenTelemetryObserver", seen.OpenTelemetryObserver, {}, {
        "tracer_provider": {"None"}, "meter_provider": {"None"}, "propagates": {"bool"},
    }  # fmt: skip
    yield "Person.of", web.Person.of, {"identity": _identity(gov), "now": 1.0}, {"now": NUMBERS}


def _identity(gov: GovComponents) -> object:
    gov.simulator.one_login.sign_in_as("SAM")
    started = gov.identity.start()
    return gov.identity.complete(started.pending, gov.simulator.visit(started.url).headers["location"])


def _end(made: object) -> None:
    """End a call as `end` does, and close the file that a durable layer without an engine has opened."""
    end(made)
    if isinstance(made, (durable.Durable, durable.AsyncDurable)):
        made.engine.dispose()


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever makes a file of a name that is none makes it there."""
    monkeypatch.chdir(tmp_path)


def test_every_call_of_a_door_is_known(tmp_path: Path) -> None:
    found = {name for name, one in _found() if inspect.signature(one).parameters}
    called = {name for name, *_ in _calls(tmp_path)}
    known = called | MADE_FOR_THEM | FREE | set(OF_LIBRARIES) | BY_SHELLS | ELSEWHERE
    assert found - known == set(), "call it here, or say why not"
    assert known - found - {"PayLimits.of", "RetryPolicy.within"} == set(), "these are no more, or take nothing"


def test_any_argument_of_what_a_door_makes_is_taken_or_refused_by_its_name(tmp_path: Path) -> None:
    wrong = []
    for name, call, good, taken in _calls(tmp_path):
        for parameter in inspect.signature(call).parameters:
            for label, value in WRONG.items():
                found = outcome(lambda: _end(call(**{**good, parameter: value})))  # noqa: B023  # called at once
                if (found is not None) != (label in taken.get(parameter, set())) or (found or (True, ""))[1] not in (
                    "", "a result",
                ):  # fmt: skip
                    wrong.append(f"{name}({parameter}={label}) gave {found}")
    assert wrong == []
