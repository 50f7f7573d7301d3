"""Named accounts: the service objects of each, and the adapters of one component that settings build for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial, reduce
from operator import and_
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.http.transport import Transport
from govcomponents.core.inputs import instance_argument
from govcomponents.core.ports.plugins import find_adapter
from govcomponents.core.ports.uncopied import Uncopied
from govcomponents.errors import DEFAULT_ACCOUNT, ConfigurationError, InvalidInput

ServiceT = TypeVar("ServiceT")

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from govcomponents.core.http.runtime import Runtime
    from govcomponents.core.ports.port import AnyPort
    from govcomponents.notify.policy import Policy
    from govcomponents.notify.port import NotifyPort
    from govcomponents.notify.templates.registry import TemplateRegistry
    from govcomponents.pay.limits import PayLimits
    from govcomponents.pay.port import PayPort
    from govcomponents.settings import IdentitySettings, NotifySettings, PaySettings, Settings

    PortT = TypeVar("PortT", bound=AnyPort)
    Make: TypeAlias = Callable[[PortT, Runtime, Mapping[str, PortT]], ServiceT]
    MakeNotify: TypeAlias = Callable[[NotifyPort, Runtime, Mapping[str, NotifyPort], Policy], ServiceT]

PayT = TypeVar("PayT")
NotifyT = TypeVar("NotifyT")
IdentityT = TypeVar("IdentityT")

FIRST_SETTING = {"pay": "API_KEY", "notify": "API_KEY", "identity": "CLIENT_ID"}


class ServiceObjects(Mapping[str, ServiceT]):
    """The service objects of one component, by account: each is made, and its code imported, when it is asked for."""

    def __init__(self) -> None:
        self._makers: dict[str, Callable[[], ServiceT]] = {}

    def add(self, account: str, make: Callable[[], ServiceT]) -> None:
        """Add an account."""
        self._makers[account] = cache(make)

    def __getitem__(self, account: str) -> ServiceT:
        return self._makers[account]()

    def __contains__(self, account: object) -> bool:
        return account in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


@dataclass
class Services(Generic[PayT, NotifyT, IdentityT]):
    """The service objects of each component, by account, and the adapters and policies that they stand on."""

    pay: ServiceObjects[PayT] = field(default_factory=ServiceObjects)
    notify: ServiceObjects[NotifyT] = field(default_factory=ServiceObjects)
    identity: ServiceObjects[IdentityT] = field(default_factory=ServiceObjects)
    ports: dict[tuple[str, str], AnyPort] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    key_ends: Mapping[tuple[str, str], date] = field(default_factory=dict)

    def add(
        self,
        component: str,
        ports: Mapping[str, PortT],
        services: ServiceObjects[ServiceT],
        kind: Callable[[], Make[PortT, ServiceT]],
        runtime: Runtime,
    ) -> None:
        """Add one component's service objects. The one without a name takes the callbacks of the others too."""
        for account, port in ports.items():
            siblings = {name: other for name, other in ports.items() if name != account}
            own = replace(runtime, account=account)
            services.add(account, partial(_made, kind, port, own, siblings if account == DEFAULT_ACCOUNT else {}))
            self.ports[component, account] = port

    def describe(self, account: str) -> str:
        """Name what one account stands on, without anything secret."""
        found = [f"{component} by {port.provider}" for (component, name), port in self.ports.items() if name == account]
        return ", ".join(found) or "nothing is configured"


def _made(
    kind: Callable[[], Make[PortT, ServiceT]], port: PortT, runtime: Runtime, siblings: Mapping[str, PortT]
) -> ServiceT:
    port.prepare()
    return kind()(port, runtime, siblings)


class Account(Uncopied, Generic[PayT, NotifyT, IdentityT]):
    """The service objects of one account: `gov.account("moto").pay`. Without a name, `gov` itself is one.

    Accounts share the connections of their GovComponents, and live as long as it does.
    """

    def __init__(self, name: str, services: Services[PayT, NotifyT, IdentityT]) -> None:
        self._name = name
        self._services = services

    @property
    def name(self) -> str:
        """The account's name; "default" for that of the settings outside named accounts."""
        return self._name

    @cached_property
    def pay(self) -> PayT:
        """Payments. Raises ConfigurationError if they are not configured."""
        return self._found("pay", self._services.pay)

    @cached_property
    def notify(self) -> NotifyT:
        """Emails, text messages and letters. Raises ConfigurationError if they are not configured."""
        return self._found("notify", self._services.notify)

    @cached_property
    def identity(self) -> IdentityT:
        """Signing in and proof of identity. Raises ConfigurationError if they are not configured."""
        return self._found("identity", self._services.identity)

    def _found(self, component: str, services: Mapping[str, ServiceT]) -> ServiceT:
        self._require(component)
        return services[self._name]

    def _require(self, component: str) -> None:
        """Raise ConfigurationError if a component is not configured for this account."""
        services: Mapping[str, object] = getattr(self._services, component)
        if self._name in services:
            return
        where = f"GOVCOMPONENTS_{component.upper()}__"
        if self._name != DEFAULT_ACCOUNT:
            happened = f"{component} is not configured for the account {self._name}"
            where += f"ACCOUNTS__{self._name.upper()}__"
        elif services:
            happened = f"gov.{component} is not configured: there are only the accounts {', '.join(services)}"
        else:
            happened = f"gov.{component} is not configured"
        fix = f"set {where}{FIRST_SETTING[component]} and what else its page in the docs lists"
        if services:
            fix += f', or take gov.account("{next(iter(services))}").{component}'
        raise ConfigurationError(happened, fix=fix)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name}: {self._services.describe(self._name)}>"


def ports_by_account(
    settings: PaySettings | NotifySettings | IdentitySettings,
    kind: type[PortT],
    built_in: Mapping[str, str],
    runtime: Runtime,
) -> dict[str, PortT]:
    """Build the adapter of each account. Raises ConfigurationError for the first that cannot be built."""
    ports: dict[str, PortT] = {}
    for account, section in settings.by_account().items():
        own = replace(runtime, account=account)
        try:
            adapter = find_adapter(kind, section.component, section.adapter, built_in, section.variable("adapter"))
            ports[account] = adapter.from_settings(section, own)
            section.check_all_claimed()
        except ConfigurationError as error:
            error.account = account
            raise
    return ports


def keep_portable(settings: PaySettings, ports: Mapping[str, PayPort]) -> None:
    """Narrow the limits of the accounts that are set to be portable to what every built-in adapter takes."""
    for account, section in settings.by_account().items():
        if section.portable:
            ports[account].limits &= portable_limits()


def portable_limits() -> PayLimits:
    """Return the limits that a call keeps to if every built-in pay adapter is to take it."""
    from govcomponents.pay.adapters import BUILT_IN
    from govcomponents.pay.port import PayPort

    adapters = [find_adapter(PayPort, "pay", name, BUILT_IN, "") for name in BUILT_IN]
    return reduce(and_, [adapter.limits for adapter in adapters])


def key_ends_of(settings: Settings) -> dict[tuple[str, str], date]:
    """Return the days on which keys end, by component and account, as far as the settings say."""
    sections = (settings.pay, settings.notify, settings.identity)
    return {
        (section.component, account): own.key_expires_on
        for section in sections
        if section is not None
        for account, own in section.by_account().items()
        if own.key_expires_on is not None
    }


def policies_by_account(
    settings: NotifySettings, runtime: Runtime, templates: TemplateRegistry | None
) -> dict[str, Policy]:
    """Read the rules of each account's messages. Raises ConfigurationError for the first that cannot be read."""
    from govcomponents.notify.policy import Policy

    policies: dict[str, Policy] = {}
    for account, section in settings.by_account().items():
        try:
            policies[account] = Policy.from_settings(section, runtime, templates)
        except ConfigurationError as error:
            error.account = account
            raise
    return policies


def check_parts(operation: str, retry: object, templates: object, transport: object = None) -> None:
    """Raise InvalidInput, which names the argument, for what is of another type."""
    if transport is not None and not isinstance(transport, Transport):
        raise InvalidInput(
            field="transport",
            problem="it is no transport",
            fix="give an object with send, sleep, run_blocking and aclose, or leave it out",
            operation=operation,
        )
    if retry is not None:
        fix = "give a RetryPolicy(...), or leave it out"
        instance_argument(retry, RetryPolicy, field="retry", fix=fix, operation=operation)
    if templates is not None:
        from govcomponents.notify.templates.registry import TemplateRegistry

        fix = "give a TemplateRegistry, or leave it out"
        instance_argument(templates, TemplateRegistry, field="templates", fix=fix, operation=operation)


def require_components(account: Account[PayT, NotifyT, IdentityT], components: object) -> None:
    """Raise ConfigurationError unless each of the components is configured, saying what to set for all that are not."""
    named: list[object] = [""] if isinstance(components, str) or not isinstance(components, Iterable) else [*components]
    if not all(name in list(FIRST_SETTING) for name in named):
        raise ConfigurationError(
            "`require` is not a list of components' names",
            fix=f'name them, such as require=("pay", "notify"): there are {", ".join(FIRST_SETTING)}',
        )
    missing = []
    for component in named:
        try:
            account._require(str(component))  # noqa: SLF001  # to ask for the service object would make it
        except ConfigurationError as error:
            missing.append(error)
    if missing:
        raise ConfigurationError(
            "; ".join(error.happened for error in missing), fix="; ".join(error.fix for error in missing)
        )
