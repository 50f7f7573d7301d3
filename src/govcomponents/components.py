"""GovComponents and AsyncGovComponents: the one place where settings become service objects."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from govcomponents.accounts import (
    Account,
    IdentityT,
    NotifyT,
    PayT,
    Services,
    check_parts,
    keep_portable,
    key_ends_of,
    policies_by_account,
    ports_by_account,
    require_components,
)
from govcomponents.core.driver import drive
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.http.transport import Transport
from govcomponents.core.inputs import instance_argument
from govcomponents.core.journeys import within_journey
from govcomponents.core.observe import Observer, as_observers
from govcomponents.errors import DEFAULT_ACCOUNT, ConfigurationError
from govcomponents.frames import leaving_frames_behind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from govcomponents.accounts import Make, MakeNotify
    from govcomponents.core.observe import AnyObserver
    from govcomponents.core.ports.checks import CheckResult
    from govcomponents.core.ports.port import AnyPort
    from govcomponents.identity.async_service import AsyncIdentityService
    from govcomponents.identity.port import IdentityPort
    from govcomponents.identity.service import IdentityService
    from govcomponents.notify.async_service import AsyncNotifyService
    from govcomponents.notify.port import NotifyPort
    from govcomponents.notify.service import NotifyService
    from govcomponents.notify.templates.registry import TemplateRegistry
    from govcomponents.pay.async_service import AsyncPayService
    from govcomponents.pay.port import PayPort
    from govcomponents.pay.service import PayService
    from govcomponents.sandbox.app import Sandbox
    from govcomponents.settings import Settings

    AsyncServices = Services[AsyncPayService, AsyncNotifyService, AsyncIdentityService]


class _Components(Account[PayT, NotifyT, IdentityT]):
    """Base of both GovComponents: every account of one set of settings, on one transport."""

    @leaving_frames_behind
    def __init__(
        self,
        services: Services[PayT, NotifyT, IdentityT] | None = None,
        runtime: Runtime | None = None,
        simulator: Sandbox | None = None,
        **_given: object,
    ) -> None:
        # Callers who make it directly are told how it is made; the class methods below pass what they built.
        if not isinstance(services, Services) or runtime is None:
            kind = type(self).__name__
            raise ConfigurationError(
                f"{kind}() makes nothing by itself",
                fix=f"make it with {kind}.from_settings(), or with {kind}.sandbox() without any account",
            )
        super().__init__(DEFAULT_ACCOUNT, services)
        self._runtime = runtime
        self._transport = runtime.transport
        self._time_limit: float | None = getattr(runtime.transport, "total_timeout", None)
        self._simulator = simulator
        names = dict.fromkeys((*services.pay, *services.notify, *services.identity))
        self._accounts = {name: Account(name, services) for name in names}

    @classmethod
    @leaving_frames_behind
    def from_settings(
        cls,
        settings: Settings | None = None,
        *,
        require: Collection[str] = (),
        observers: Sequence[AnyObserver] = (),
        retry: RetryPolicy | None = None,
        transport: Transport | None = None,
        templates: TemplateRegistry | None = None,
    ) -> Self:
        """Build the components that the settings name; the others stay unbuilt. Does no I/O.

        Without `settings`, reads the environment (GOVCOMPONENTS_PAY__API_KEY and so on). `require` names the components
        that this process cannot do without, such as ("pay", "notify"). `observers` watch every operation and attempt;
        a plain function among them is called with the event of each attempt. `retry` replaces the default of three
        attempts; `transport` replaces the real one, in tests; `templates` replaces the file of the setting
        `templates_file`.
        Raises ConfigurationError if a setting is missing or wrong, a required component is not configured, or the
        environment configures none.
        """
        from govcomponents.settings import Settings

        check_parts("from_settings", retry, templates, transport)
        is_from_environment = settings is None
        if settings is None:
            settings = Settings.from_environment()
        fix = "give Settings(...), or nothing to read the environment"
        instance_argument(settings, Settings, field="settings", fix=fix, operation="from_settings")
        runtime = Runtime(
            transport=transport or cls._make_transport(settings.time_limit),
            observers=as_observers("from_settings", observers),
            retry=retry or RetryPolicy(),
            is_production=settings.environment == "production",
        )
        services = cls._build(settings, runtime, templates)
        if services.ports:
            from govcomponents.secret_checks import check_secrets

            check_secrets(settings, services.ports)
        made = cls(services, runtime)
        require_components(made, require)
        if is_from_environment and not services.ports:
            raise ConfigurationError(
                "the environment configures none of gov.pay, gov.notify and gov.identity",
                fix="set GOVCOMPONENTS_PAY__API_KEY, or what the page of another component lists; or begin with "
                f"{cls.__name__}.sandbox(), which needs nothing",
            )
        return made

    @classmethod
    @leaving_frames_behind
    def sandbox(
        cls,
        world: Path | str | Mapping[str, object] | None = None,
        *,
        seed: int = 0,
        now: str | None = None,
        snapshots: bool = False,
        observers: Sequence[AnyObserver] = (),
        retry: RetryPolicy | None = None,
        templates: TemplateRegistry | None = None,
    ) -> Self:
        """Build all three components on a sandbox in this process: no socket, no account, no key, nothing leaves.

        `world` is a world file's path or its content; without it there is a default world. Ids come from `seed`.
        `now` (ISO 8601) stops the sandbox's clock at that time; without it the clock runs as the real one does.
        With `snapshots` it can be brought back to an earlier state. `observers`, `retry` and `templates` are as for
        `from_settings`. The sandbox is `gov.simulator`. Raises ConfigurationError without the extra `sandbox`.
        """
        from govcomponents.core.transports.in_process import InProcessTransport
        from govcomponents.sandbox.app import Sandbox

        check_parts("sandbox", retry, templates)
        simulator = Sandbox(world, seed=seed, now=now, snapshots=snapshots)
        runtime = Runtime(
            transport=InProcessTransport(simulator.handle, simulator.clock.advance),
            clock=simulator.clock.time,
            observers=as_observers("sandbox", observers),
            retry=retry or RetryPolicy(),
            is_production=False,
        )
        return cls(cls._build(simulator.settings(), runtime, templates), runtime, simulator)

    @classmethod
    def _make_transport(cls, time_limit: float) -> Transport:
        raise NotImplementedError("blocking and asyncio callers each bring their own transport")

    @classmethod
    def _pay(cls) -> Make[PayPort, PayT]:
        raise NotImplementedError("blocking and asyncio callers each bring their own service objects")

    @classmethod
    def _notify(cls) -> MakeNotify[NotifyT]:
        raise NotImplementedError("blocking and asyncio callers each bring their own service objects")

    @classmethod
    def _identity(cls) -> Make[IdentityPort, IdentityT]:
        raise NotImplementedError("blocking and asyncio callers each bring their own service objects")

    @classmethod
    def _build(
        cls, settings: Settings, runtime: Runtime, templates: TemplateRegistry | None
    ) -> Services[PayT, NotifyT, IdentityT]:
        services: Services[PayT, NotifyT, IdentityT] = Services(key_ends=key_ends_of(settings))
        if settings.pay is not None:
            from govcomponents.pay.adapters import BUILT_IN as PAY_ADAPTERS
            from govcomponents.pay.port import PayPort

            pay = ports_by_account(settings.pay, PayPort, PAY_ADAPTERS, runtime)
            keep_portable(settings.pay, pay)
            services.add("pay", pay, services.pay, cls._pay, runtime)
        if settings.notify is not None:
            from govcomponents.notify.adapters import BUILT_IN as NOTIFY_ADAPTERS
            from govcomponents.notify.port import NotifyPort

            notify = ports_by_account(settings.notify, NotifyPort, NOTIFY_ADAPTERS, runtime)
            policies = policies_by_account(settings.notify, runtime, templates)
            services.policies = policies

            def with_policy() -> Make[NotifyPort, NotifyT]:
                make = cls._notify()
                return lambda port, own, siblings: make(port, own, siblings, policies[own.account])

            services.add("notify", notify, services.notify, with_policy, runtime)
        if settings.identity is not None:
            from govcomponents.identity.adapters import BUILT_IN as IDENTITY_ADAPTERS
            from govcomponents.identity.port import IdentityPort

            identity = ports_by_account(settings.identity, IdentityPort, IDENTITY_ADAPTERS, runtime)
            services.add("identity", identity, services.identity, cls._identity, runtime)
        return services

    @property
    def runtime(self) -> Runtime:
        """The transport, clock and observers that all accounts share: for code that stands on these components."""
        return self._runtime

    def _close_simulator(self) -> None:
        if self._simulator is not None:
            self._simulator.close()

    @property
    def simulator(self) -> Sandbox:
        """The sandbox behind these components. Raises ConfigurationError if they are the real ones."""
        if self._simulator is None:
            raise ConfigurationError("these components do not stand on a sandbox", fix="make them with .sandbox()")
        return self._simulator

    @leaving_frames_behind
    def over(self, ports: Callable[[AnyPort], AnyPort], observers: tuple[Observer, ...]) -> AsyncServices:
        """Build pay and notify of every account again over other ports, as coroutines and without a pace.

        For what is built upon these components, and drives the coroutines in its own way.
        """
        from govcomponents.notify.async_service import AsyncNotifyService
        from govcomponents.pay.async_service import AsyncPayService

        made: AsyncServices = Services(ports=self._services.ports, policies=self._services.policies)
        made.key_ends = self._services.key_ends
        for (component, account), port in made.ports.items():
            runtime = replace(self._runtime, account=account, observers=observers)
            if component == "pay":
                made.pay.add(account, partial(AsyncPayService, cast("PayPort", ports(port)), runtime))
            elif component == "notify":
                policy = replace(made.policies[account], pacer=None)
                over = cast("NotifyPort", ports(port))
                made.notify.add(account, partial(AsyncNotifyService, over, runtime, policy=policy))
        return made

    @leaving_frames_behind
    def journey(self, journey: str, *, in_metadata: bool = False) -> AbstractContextManager[str]:
        """Let what is called within belong to one person's case: `with gov.journey("licence-7"):`.

        Its id goes into the pending state of a sign-in, and with the durable layer into the rows of payments, messages
        and callbacks, so that one timeline joins them over days and processes. It must hold no personal data. With
        `in_metadata` payments that are made within carry it in their metadata, too. Raises InvalidInput.
        """
        return within_journey(journey, in_metadata=in_metadata)

    @property
    def accounts(self) -> tuple[str, ...]:
        """The names of the accounts that the settings give."""
        return tuple(self._accounts)

    @leaving_frames_behind
    def account(self, name: str) -> Account[PayT, NotifyT, IdentityT]:
        """Return the service objects of one account. Raises ConfigurationError if there is none of that name."""
        try:
            return self._accounts[name]
        except (KeyError, TypeError):
            raise ConfigurationError(
                "there is no account of that name",
                fix=f"the accounts are {', '.join(self._accounts) or 'none'}; "
                "set another's key as GOVCOMPONENTS_PAY__ACCOUNTS__<NAME>__API_KEY",
            ) from None

    def __repr__(self) -> str:
        named = [f"; account {name}: {self._services.describe(name)}" for name in self._accounts if name != self._name]
        where = "" if self._simulator is None else " (sandbox)"
        return f"<{type(self).__name__}{where}: {self._services.describe(self._name)}{''.join(named)}>"


class GovComponents(_Components["PayService", "NotifyService", "IdentityService"]):
    """The three components for blocking callers. Safe to share between threads; make one for each process.

    Make it with `from_settings()` or `sandbox()`, and close it, or use it as a context manager.
    """

    @classmethod
    def _make_transport(cls, time_limit: float) -> Transport:
        from govcomponents.core.transports.blocking import RequestsTransport

        return RequestsTransport(total_timeout=time_limit)

    @classmethod
    def _pay(cls) -> type[PayService]:
        from govcomponents.pay.service import PayService

        return PayService

    @classmethod
    def _notify(cls) -> type[NotifyService]:
        from govcomponents.notify.service import NotifyService

        return NotifyService

    @classmethod
    def _identity(cls) -> type[IdentityService]:
        from govcomponents.identity.service import IdentityService

        return IdentityService

    @leaving_frames_behind
    def check(self, *, within: float | None = None) -> tuple[CheckResult, ...]:
        """Ask each provider, for each account, whether it answers and takes the credential: for health pages.

        The reads cost nothing and show nothing. Never raises for what a provider or the network does: that is in the
        results, one for each component and account. They are asked one after the other; with `within` at once, and
        who has not answered after so many seconds does not work.
        """
        from govcomponents.core.ports.checks import check_all_blocking

        return check_all_blocking(self._services.ports, self._time_limit, within)

    @leaving_frames_behind
    def close(self) -> None:
        """Close every connection. Closing twice does nothing."""
        drive(self._transport.aclose())
        self._close_simulator()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncGovComponents(_Components["AsyncPayService", "AsyncNotifyService", "AsyncIdentityService"]):
    """The three components for asyncio callers: the same operations, awaited. Belongs to one event loop.

    Make it with `from_settings()` or `sandbox()`, and `aclose` it, or use it as an async context manager.
    Needs the extra `async`.
    """

    @classmethod
    def _make_transport(cls, time_limit: float) -> Transport:
        from govcomponents.core.transports.aio.on_first_use import AiohttpOnFirstUse

        return AiohttpOnFirstUse(total_timeout=time_limit)

    @classmethod
    def _pay(cls) -> type[AsyncPayService]:
        from govcomponents.pay.async_service import AsyncPayService

        return AsyncPayService

    @classmethod
    def _notify(cls) -> type[AsyncNotifyService]:
        from govcomponents.notify.async_service import AsyncNotifyService

        return AsyncNotifyService

    @classmethod
    def _identity(cls) -> type[AsyncIdentityService]:
        from govcomponents.identity.async_service import AsyncIdentityService

        return AsyncIdentityService

    @leaving_frames_behind
    async def check(self, *, within: float | None = None) -> tuple[CheckResult, ...]:
        """Ask each provider, for each account, whether it answers and takes the credential: for health pages.

        The reads cost nothing and show nothing. Never raises for what a provider or the network does: that is in the
        results, one each. All are asked at once; who has not answered `within` so many seconds does not work.
        """
        from govcomponents.core.ports.checks import check_all

        return await check_all(self._services.ports, self._time_limit, within)

    @leaving_frames_behind
    async def aclose(self) -> None:
        """Close every connection. Closing twice does nothing."""
        await self._transport.aclose()
        self._close_simulator()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
