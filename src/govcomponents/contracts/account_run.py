"""The part of a contract that is proved by calls: with an account for tests at the provider, or in a sandbox."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from govcomponents.accounts import ports_by_account
from govcomponents.components import GovComponents
from govcomponents.contracts.report import Case, ContractReport
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import (
    DEFAULT_ACCOUNT,
    ConfigurationError,
    CredentialsRefused,
    GovComponentsError,
    NotSent,
    RateLimited,
    SignInUnavailable,
    Unavailable,
)
from govcomponents.identity import adapters as identity_adapters
from govcomponents.identity.capabilities import IdentityCapability as Identity
from govcomponents.identity.port import IdentityPort
from govcomponents.money import Money
from govcomponents.notify import adapters as notify_adapters
from govcomponents.notify.capabilities import NotifyCapability as Notify
from govcomponents.notify.models import Channel
from govcomponents.notify.port import NotifyPort
from govcomponents.pay import adapters as pay_adapters
from govcomponents.pay.capabilities import PayCapability as Pay
from govcomponents.pay.port import PayPort
from govcomponents.pay.states import PaymentStatus

if TYPE_CHECKING:
    from typing import Self

    from govcomponents.core.ports.port import AnyPort
    from govcomponents.notify.models import TemplateId
    from govcomponents.notify.service import NotifyService
    from govcomponents.notify.templates.template import Template
    from govcomponents.pay.ids import PaymentId
    from govcomponents.pay.service import PayService
    from govcomponents.sandbox.world import World
    from govcomponents.settings import Settings

_UNTRIED: Final = "no call of such a run tries them: its contract suite does (contract run NAME TESTS)"
_BACK = "https://service.example.gov.uk/contract-run"

_NOT_ASKED: Final = (NotSent, Unavailable, CredentialsRefused, RateLimited, SignInUnavailable)
"""Errors of a provider that is away, or does not take the account's credential."""


@dataclass(frozen=True)
class Step:
    """One thing that is done: its name, in words, the capabilities that it needs and proves, and how."""

    name: str
    told: str
    proves: frozenset[StrEnum]
    act: Callable[[Any], object]


def _step(name: str, told: str, act: Callable[[Any], object], *proves: StrEnum) -> Step:
    return Step(name, told, frozenset(proves), act)


def _pay(_port: AnyPort) -> Iterator[Step]:
    reference = f"contract-{secrets.token_hex(6)}"
    made: list[PaymentId] = []

    def create(pay: PayService) -> None:
        payment = pay.create(Money.gbp("1.00"), reference, "A run of the contract", _BACK)
        made.append(payment.id)
        found = pay.get(payment.id)
        assert (found.id, found.reference, found.amount) == (payment.id, reference, Money.gbp("1.00"))
        assert not found.is_paid

    def search(pay: PayService) -> None:
        assert made, "there is no payment to be found"
        assert [one.id for one in pay.search(reference=reference)] == made

    def cancel(pay: PayService) -> None:
        assert made, "there is no payment to be cancelled"
        (payment_id,) = made
        pay.cancel(payment_id)
        assert pay.get(payment_id).status is PaymentStatus.CANCELLED

    told = f"make a payment of 1 pound, {reference}, that nobody pays, and read it"
    yield _step("create", told, create, Pay.CREATE, Pay.GET)
    yield _step("search", "search for its reference", search, Pay.SEARCH)
    yield _step("cancel", "cancel it", cancel, Pay.CANCEL, Pay.GET)
    yield _step("search_refunds", "read refunds", lambda pay: _first(pay.search_refunds()), Pay.SEARCH_REFUNDS)
    yield _step("search_disputes", "read disputes", lambda pay: _first(pay.search_disputes()), Pay.DISPUTES)


_CHANNELS: Final = {Channel.EMAIL: Notify.EMAIL, Channel.SMS: Notify.SMS}


def _notify(port: NotifyPort) -> Iterator[Step]:
    def template(notify: NotifyService, channel: Channel | None = None) -> tuple[TemplateId, dict[str, str]]:
        found: Template | None = _first(notify.list_templates(channel))
        assert found is not None, "the account has no template for that"
        return found.id, dict.fromkeys(found.placeholders, "contract")

    def read(notify: NotifyService) -> None:
        template_id, _ = template(notify)
        assert notify.get_template(template_id).id == template_id

    def preview(notify: NotifyService) -> None:
        template_id, values = template(notify)
        assert notify.preview(template_id, values).template_id == template_id

    def send(notify: NotifyService, channel: Channel) -> None:
        (template_id, values), reference = template(notify, channel), f"contract-{secrets.token_hex(6)}"
        by = notify.send_email if channel is Channel.EMAIL else notify.send_sms
        sent = by(port.test_recipients[channel], template_id, values, reference=reference)
        assert (sent.channel, sent.reference, sent.template_id) == (channel, reference, template_id)

    yield _step("get_template", "read the templates", read, Notify.TEMPLATES)
    yield _step("preview", "preview one of them", preview, Notify.TEMPLATES, Notify.PREVIEW)
    for channel, recipient in port.test_recipients.items():
        told = f"send a template to {recipient}, which is the provider's own and reaches nobody"
        yield _step(f"send_{channel.value}", told, partial(send, channel=channel), Notify.TEMPLATES, _CHANNELS[channel])
    yield _step("search", "read messages", lambda notify: _first(notify.search()), Notify.SEARCH)
    texts = "read received texts"
    yield _step("search_inbound_sms", texts, lambda notify: _first(notify.search_inbound_sms()), Notify.INBOUND_SMS)


def _identity(_port: AnyPort) -> Iterator[Step]:
    told = "read what the provider publishes of itself, and its keys; nobody is sent to it"
    yield _step("check", told, lambda identity: identity.check(), Identity.CHECK)


def _first(found: Iterable[Any]) -> Any:
    return next(iter(found), None)


_STEPS: Final[Mapping[str, Callable[[Any], Iterator[Step]]]] = {"pay": _pay, "notify": _notify, "identity": _identity}
_KINDS: Final[Mapping[str, tuple[type[AnyPort], Mapping[str, str]]]] = {
    "pay": (PayPort, pay_adapters.BUILT_IN),
    "notify": (NotifyPort, notify_adapters.BUILT_IN),
    "identity": (IdentityPort, identity_adapters.BUILT_IN),
}


class AccountRun:
    """A run at an account for tests: `at_the_provider`, or `in_a_sandbox`, which needs none."""

    def __init__(self, name: str, component: str | None, settings: Settings, world: World | None = None) -> None:
        sections = {one: getattr(settings, one) for one in ([component] if component else _STEPS)}
        chosen = [one for one, section in sections.items() if section is not None and section.adapter == name]
        if not chosen and world is not None:
            raise ConfigurationError(
                f"the sandbox has no provider of {component} for the adapter {name!r}", fix="leave --component out"
            )
        if not chosen:
            raise ConfigurationError(
                f"the environment configures no account of {name}",
                fix=f"set ADAPTER of its component to {name}, and its credential",
            )
        self._name, self._component, self._is_sandbox = name, chosen[0], world is not None
        # Made with all checks of the start, of which one refuses what is live. Making it sends nothing.
        self._gov = (
            GovComponents.from_settings(settings, require=(self._component,))
            if world is None
            else GovComponents.sandbox(world)
        )
        kind, built_in = _KINDS[self._component]
        ports = ports_by_account(sections[self._component], kind, built_in, Runtime(ScriptedTransport()))
        self._port: AnyPort = ports[DEFAULT_ACCOUNT]
        if isinstance(self._port, PayPort) and self._port.is_test is not True:
            raise ConfigurationError(
                f"nothing says that the key of {name} is for tests: it may take real money",
                fix="use a key for tests; an adapter of your own says that it has one by `is_test`",
            )
        self._steps = [one for one in _STEPS[self._component](self._port) if one.proves <= self._port.capabilities]

    @classmethod
    def at_the_provider(cls, name: str, component: str | None, settings: Settings) -> Self:
        """Plan a run at the account that the settings name. Raises ConfigurationError if that may be a live one."""
        if settings.environment == "production":
            raise ConfigurationError(
                "this process is production: a contract is run with an account for tests",
                fix="set GOVCOMPONENTS_ENVIRONMENT to test, and the credentials of an account for tests",
            )
        return cls(name, component, settings)

    @classmethod
    def in_a_sandbox(cls, name: str, component: str | None) -> Self:
        """Plan a run in a sandbox of this process. Raises ConfigurationError if it has no such provider."""
        from govcomponents.sandbox.app import Sandbox
        from govcomponents.sandbox.providers import find_spec
        from govcomponents.sandbox.world import load_world, section_of, with_provider

        world = with_provider(load_world(None), name)
        settings = Sandbox(world).settings()
        of_it = getattr(settings, find_spec(section_of(name)).component)
        if of_it is not None and of_it.adapter != name:
            raise ConfigurationError(
                f"{name} is a section of the sandbox's world, and its adapter is called {of_it.adapter}",
                fix=f"contract run {of_it.adapter} --sandbox",
            )
        return cls(name, component, settings, world)

    @property
    def plan(self) -> list[str]:
        """The steps of the run, in words, before any is done."""
        return [f"{self._component}.{step.name}: {step.told}" for step in self._steps]

    def run(self) -> ContractReport:
        """Do it, one step after the other, and report.

        Raises ConfigurationError if the account cannot be asked: that says nothing of the adapter.
        """
        provider = self._port.provider
        against = f"the sandbox of {provider}" if self._is_sandbox else f"{provider}, with an account for tests"
        report = ContractReport(self._name, type(self._port), against=against, unproved_because=_UNTRIED)
        report.claimed = frozenset(map(str, self._port.capabilities))
        began = time.monotonic()
        with self._gov as gov:
            for step in self._steps:
                before = time.monotonic()
                name, proves = f"{self._component}.{step.name}", frozenset(map(str, step.proves))
                failure = self._failure(step, getattr(gov, self._component))
                # What an earlier step has proved is not what this one failed by.
                about = proves.difference(report.proved)
                report.cases.append(Case(name, time.monotonic() - before, failure, about, proves))
        report.seconds = time.monotonic() - began
        return report

    def _failure(self, step: Step, service: object) -> str | None:
        """Why a step failed, or None. Raises ConfigurationError if an account cannot be asked; a sandbox always can."""
        try:
            step.act(service)
        except GovComponentsError as error:
            told = f"{type(error).__name__}: {error}".replace("\n", " ")
            if isinstance(error, _NOT_ASKED) and not self._is_sandbox:
                raise ConfigurationError(
                    f"the account cannot be asked, so that nothing is known of the adapter: {told}",
                    fix="run it again when the provider answers, and takes the account's credential",
                ) from None
            return told
        except (AssertionError, ValueError) as error:
            return f"the answer is not as the contract says{f': {error}' if str(error) else ''}"
        return None
