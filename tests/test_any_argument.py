"""Whatever is passed to a public call, it is refused as an InvalidInput that names it, or it is what the call takes.

Every method of the three services, of every built-in adapter and in both modes, is called with good arguments but for
one, which is of another type or is text that cannot be sent. Nothing may come out of it but our own errors: no
TypeError, no AttributeError, no error of pydantic's.
"""

from __future__ import annotations

import datetime as dt
import enum
import importlib
import inspect
import os
import pkgutil
import typing
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from pydantic import ConfigDict, TypeAdapter, ValidationError

from govcomponents import (
    InvalidInput,
    Money,
    Personal,
    RetryPolicy,
    Secret,
    adapters,
    notify,
    pay,
)
from govcomponents.components import AsyncGovComponents, GovComponents
from govcomponents.core.callbacks import Headers
from govcomponents.core.http.messages import Request, Response
from govcomponents.core.inputs import Input
from govcomponents.identity import (
    FileReplayStore,
    LogoutNotice,
    PendingCookie,
    PendingSignIn,
    new_private_key,
    published_jwks,
    signer_of,
)
from govcomponents.settings import Settings
from outcomes import PYDANTICS, Sent, end, outcome
from wrong_values import WHOLE, WRONG

ID = "4a4b5c6d-1111-4222-8333-444455556666"


class Closed:
    """A transport that lets nothing out."""

    async def send(self, request: Request) -> Response:
        raise Sent

    async def sleep(self, seconds: float) -> None:
        raise Sent

    async def run_blocking(self, work: Callable[[], Any]) -> Any:
        raise Sent

    async def aclose(self) -> None:
        """Hold nothing."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("templates")
    (folder / "renewed.md").write_text("subject: Renewed\n\nDear ((name))\n", encoding="utf-8")
    key = {"client_id": "client", "private_key": new_private_key(), "redirect_url": "https://service.example.gov.uk/in"}
    mail = {"host": "mail.example.gov.uk", "sender": "a@example.gov.uk", "templates_folder": str(folder)}
    oidc = {**key, "adapter": "oidc", "issuer": "https://id.example.gov.uk", "logout_notices": "true"}
    return Settings(
        environment="test",
        pay={
            "api_key": "api_test_x",
            "webhook_secrets": "webhook_test_only0for0the0tests",
            "accounts": {
                "stripe": {"adapter": "stripe", "api_key": "sk_test_x", "webhook_secrets": "whsec_only0for0the0tests"}
            },
        },
        notify={
            "api_key": f"key-{ID}-{ID}",
            "callback_tokens": "only-for-the-tests-of-default",
            "accounts": {
                "gc": {
                    "adapter": "gc_notify",
                    "api_key": f"gcntfy-key-{ID}-{ID}",
                    "callback_tokens": "only-for-the-tests",
                },
                "smtp": {"adapter": "smtp", **mail},
            },
        },
        identity={
            **key,
            "environment": "integration",
            "accounts": {"login_gov": {**key, "adapter": "login_gov", "environment": "integration"}, "oidc": oidc},
        },
    )


def _started() -> PendingSignIn:
    with GovComponents.sandbox() as gov:
        return gov.identity.start().pending


# Good arguments, by their names, in whatever call they are.
GOOD: dict[str, object] = {
    "address": ["Sam Example", "1 Example Street", "SW1A 1AA"],
    "agreement_id": "a1",
    "amount": Money.gbp("1.00"),
    "available": Money.gbp("2.00"),
    "batch": "b-1",
    "body": b"{}",
    "callback": "code=c&state=s",
    "card_number": "4242424242424242",
    "cardholder_name": "Sam Example",
    "channel": "email",
    "cvc": "123",
    "description": "Renew a licence",
    "event": LogoutNotice(
        key="k",
        provider="x",
        issuer="https://id.example",
        occurred_at=dt.datetime(2026, 3, 3, tzinfo=dt.UTC),
        subject=None,
    ),
    "expiry": "12/39",
    "headers": {},
    "identity": Secret("e30.e30.e30"),
    "name": "renewed",
    "notification_id": ID,
    "notification_ids": [ID],
    "on_change": lambda change: True,
    "one_time_token": Secret("token"),
    "payment_id": "p1",
    "pdf": b"%PDF-1.4",
    "pending": _started(),
    "reference": "R-1",
    "refund_id": "r1",
    "return_url": "https://service.example.gov.uk/back",
    "rows": [{"email address": "sam@example.gov.uk", "name": "Sam"}],
    "template": ID,
    "to": "sam@example.gov.uk",
    "unfinished": [],
}
INSTEAD: dict[str, dict[str, object]] = {"send_sms": {"to": "07700 900123"}}
# What a browser brought may be anything, and is refused as a sign-in that failed.
FROM_OUTSIDE = {"callback"}
ACCOUNTS = {
    "pay": ("default", "stripe"),
    "notify": ("default", "gc", "smtp"),
    "identity": ("default", "login_gov", "oidc"),
}


def _operations() -> Iterator[tuple[str, str]]:
    for component in ACCOUNTS:
        module = importlib.import_module(f"govcomponents.{component}")
        kind = next(getattr(module, name) for name in module.__all__ if name.startswith("Async"))
        for name, _ in inspect.getmembers(kind, inspect.isfunction):
            if not name.startswith("_"):
                yield component, name


@cache
def _names(component: str) -> dict[str, object]:
    """Every name that an annotation of a component's services may use."""
    found: dict[str, object] = {**vars(typing), **vars(dt), "os": os, "Enum": enum.Enum}
    found |= vars(importlib.import_module("collections.abc"))
    package = importlib.import_module(f"govcomponents.{component}")
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if ".adapters" not in module.name and not module.name.endswith("service"):
            found |= vars(importlib.import_module(module.name))
    found |= {name: getattr(package, name) for name in package.__all__}
    return found | {"Headers": Headers, "Money": Money, "Personal": Personal, "Secret": Secret}


@cache
def _adapter(annotation: object) -> TypeAdapter[Any]:
    # In a tuple: for the class of a result alone, pydantic takes no configuration.
    config = ConfigDict(arbitrary_types_allowed=True, strict=True)
    return TypeAdapter(tuple[annotation], config=config)


def _fits(value: object, annotation: object) -> bool:
    try:
        _adapter(annotation).validate_python((value,))
    except ValidationError:
        return False
    return True


@pytest.fixture(scope="module", params=[GovComponents, AsyncGovComponents], ids=["blocking", "asyncio"])
def gov(request: pytest.FixtureRequest, settings: Settings) -> Any:
    return request.param.from_settings(settings, transport=Closed())


@pytest.mark.parametrize(("component", "operation"), list(_operations()))
def test_any_argument_is_taken_or_refused_by_its_name(gov: Any, component: str, operation: str) -> None:
    wrong = []
    for account in ACCOUNTS[component]:
        method = getattr(getattr(gov.account(account), component), operation)
        parameters = inspect.signature(method).parameters
        hints = typing.get_type_hints(method, _names(component))
        needed = [name for name, one in parameters.items() if one.default is one.empty]
        assert [name for name in needed if name not in GOOD] == [], "give these good arguments in GOOD"
        good = {name: GOOD[name] for name in needed} | INSTEAD.get(operation, {})
        for name in parameters:
            for label, value in WRONG.items():
                found = outcome(lambda: end(method(**{**good, name: value})))  # noqa: B023  # called at once
                if found is not None and not (found[0] and (name in FROM_OUTSIDE or _fits(value, hints[name]))):
                    wrong.append(f"{account}: {name}={label} gave {found[1]}")
    assert wrong == []


def _functions() -> Iterator[tuple[str, Callable[..., object], dict[str, object]]]:
    """What a service's programmers call beside the services: each with good arguments."""
    ids = notify.TemplateIds(notify.Channel.EMAIL, {"test": {"en": ID}})
    registry = notify.TemplateRegistry({"renewed": ids}, environment="test")
    template = notify.Template(
        id=notify.TemplateId(ID),
        name="renewed",
        channel=notify.Channel.SMS,
        version=1,
        body="((name))",
        placeholders=(),
    )
    now = dt.datetime(2026, 3, 3, 10, 15, tzinfo=dt.UTC)
    yield "email_address", notify.email_address, {"text": "sam@example.gov.uk"}
    yield "phone_number", notify.phone_number, {"text": "07700 900123"}
    yield "postal_address", notify.postal_address, {"lines": GOOD["address"]}
    yield "PostalAddress.read", notify.PostalAddress.read, {"text": "Sam\n1 Street\nSW1A 1AA"}
    yield "PostalAddress.from_personalisation", notify.PostalAddress.from_personalisation, {"values": {}}
    yield "BadRecipient", notify.BadRecipient, {"fault": notify.RecipientFault.EMAIL_MISSING}
    yield "attach", notify.attach, {"file": b"a,b", "filename": "a.csv"}
    yield "Attachment", notify.Attachment, {"content": "eA=="}
    yield "day", notify.day, {"value": now}
    yield "clock", notify.clock, {"value": now}
    yield "moment", notify.moment, {"value": now}
    yield "listed", notify.listed, {"items": ["a", "b"]}
    yield "yes_no", notify.yes_no, {"value": True}
    yield "LimitsLimiter.from_url", notify.LimitsLimiter.from_url, {"url": "memory://", "per_minute": 3000}
    yield "TemplateIds", notify.TemplateIds, {"channel": notify.Channel.EMAIL, "ids": ids.ids}
    choice = {"name": "renewed", "id": ID, "channel": notify.Channel.EMAIL, "language": "en", "placeholders": ()}
    yield "TemplateChoice", notify.TemplateChoice, choice
    yield "TemplateRegistry", notify.TemplateRegistry, {"templates": {"renewed": ids}, "environment": "test"}
    yield "TemplateRegistry.from_toml", notify.TemplateRegistry.from_toml, {"path": "x.toml", "environment": "test"}
    names = enum.Enum("Names", {"renewed": ids})
    yield "TemplateRegistry.from_enum", notify.TemplateRegistry.from_enum, {"names": names, "environment": "test"}
    yield "TemplateRegistry.choose", registry.choose, {"name": "renewed"}
    yield "TemplateRegistry.compare", registry.compare, {"present": [template]}
    yield "Template.render", template.render, {"personalisation": {"name": "Sam"}}
    yield "Template.missing", template.missing, {"personalisation": {"name": "Sam"}}


def _models() -> Iterator[tuple[str, Callable[[Any], object], set[str]]]:
    """The methods of what an operation gives, as `_beginnings` has them."""
    with GovComponents.sandbox() as gov:
        payment = gov.pay.create(Money.gbp("20.00"), "R-1", "Renew a licence", "https://service.example.gov.uk/back")
    address = notify.PostalAddress.read("Sam Example\n1 Example Street\nSW1A 1AA")
    yield "to_dict(reveal)", lambda v: payment.to_dict(reveal=v), {"bool"}
    yield "PaymentState.merge", payment.state.merge, set()
    yield "PostalAddress.fault", lambda v: address.fault(international=v), {"bool"}


def _beginnings(settings: Settings) -> Iterator[tuple[str, Callable[[Any], object], set[str]]]:
    """What a program begins with, as a function of one argument, and the wrong values that it may take all the same."""
    parts = {"observers": set[str](), "retry": {"None"}, "templates": {"None"}}
    for name, taken in {"require": set[str](), "transport": {"None"}, **parts}.items():
        yield f"from_settings({name})", lambda v, n=name: GovComponents.from_settings(settings, **{n: v}), taken
    yield "from_settings", GovComponents.from_settings, set()  # None reads an environment that configures nothing here
    for name, taken in {"world": {"None"}, "seed": WHOLE, "now": {"None"}, **parts}.items():
        yield f"sandbox({name})", lambda v, n=name: GovComponents.sandbox(**{n: v}), taken
    yield "Settings.from_toml", Settings.from_toml, set()
    for name in ("environment", "pay", "notify", "identity"):
        taken = {"None"} if name == "environment" else {"None", "dict"}  # what is in a section, its adapter checks
        yield f"Settings({name})", lambda v, n=name: Settings(**{n: v}), taken
        yield f"from_environment({name})", lambda v, n=name: Settings.from_environment(**{n: v}), taken
    for name in ("stop", "wait"):
        yield f"RetryPolicy({name})", lambda v, n=name: RetryPolicy(**{n: v}), {"None"}
    yield "RetryPolicy(max_retry_after)", lambda v: RetryPolicy(max_retry_after=v), {"int", "float", "huge"}
    yield "RetryPolicy.within", RetryPolicy().within, {"int", "float", "huge"}
    yield "account", GovComponents.from_settings(settings).account, set()
    yield "Money", Money, WHOLE
    yield "Money.gbp", Money.gbp, set()
    yield "Money.from_pence", Money.from_pence, WHOLE
    yield "signer_of", signer_of, set()
    yield "signer_of(algorithm)", lambda v: signer_of(new_private_key("ES256"), algorithm=v), set()
    yield "new_private_key", new_private_key, set()
    yield "new_private_key(bits)", lambda v: new_private_key(bits=v), set()
    yield "published_jwks", published_jwks, {"empty"}
    yield "FileReplayStore", FileReplayStore, {"long"}
    yield "PendingCookie", PendingCookie, set()
    for name in ("line1", "line2", "city", "postcode", "country"):
        taken = {"None", "empty"} if name == "country" else {"None", "empty", "long"}  # the adapter's limits hold
        yield f"BillingAddress({name})", lambda v, n=name: pay.BillingAddress(**{n: v}), taken
    yield "CardholderDetails(name)", lambda v: pay.CardholderDetails(name=v), {"None", "empty", "long"}
    yield "CardholderDetails(billing_address)", lambda v: pay.CardholderDetails(billing_address=v), {"None"}


def test_any_argument_of_what_a_program_begins_and_goes_on_with_is_taken_or_refused(settings: Settings) -> None:
    wrong = []
    for name, function, taken in (*_beginnings(settings), *_models()):
        for label, value in WRONG.items():
            found = outcome(lambda: end(function(value)))  # noqa: B023  # called at once
            if (found is not None) != (label in taken) or (found is not None and found[1] != "a result"):
                wrong.append(f"{name}={label} gave {found}")
    assert wrong == []


@pytest.mark.parametrize(("function", "good"), [pytest.param(f, good, id=name) for name, f, good in _functions()])
def test_any_argument_of_a_function_is_taken_or_refused_by_its_name(
    function: Callable[..., object], good: dict[str, object]
) -> None:
    hints = typing.get_type_hints(function.__init__ if isinstance(function, type) else function, _names("notify"))
    wrong = []
    for name in inspect.signature(function).parameters:
        for label, value in WRONG.items():
            found = outcome(lambda: end(function(**{**good, name: value})))  # noqa: B023  # called at once
            if found is not None and not (found[0] and _fits(value, hints[name])):
                wrong.append(f"{name}={label} gave {found[1]}")
    assert wrong == []


INPUTS = sorted(
    name for name in adapters.__all__ if inspect.isclass(one := getattr(adapters, name)) and issubclass(one, Input)
)


@pytest.mark.parametrize("name", INPUTS)
def test_an_input_that_an_author_of_an_adapter_makes_refuses_what_is_wrong_by_its_field(name: str) -> None:
    kind = getattr(adapters, name)
    for field in kind.model_fields:
        for label, value in {**WRONG, "nothing": ...}.items():
            with pytest.raises(InvalidInput) as caught:
                kind(**{field: value}, no_such_field=1)
            assert caught.value.field, label
            assert str(caught.value).startswith(f"{name}: ")
            assert not PYDANTICS.search(str(caught.value))
    with pytest.raises(InvalidInput):
        kind(**{"x\ud800": 1})
