"""GovComponents and AsyncGovComponents: the one place where settings become service objects."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from govcomponents.core.driver import drive
from govcomponents.core.plugins import find_adapter
from govcomponents.core.retry import RetryPolicy
from govcomponents.core.runtime import Runtime
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from govcomponents.core.observe import Observer
    from govcomponents.core.port import Port
    from govcomponents.core.transports.base import Transport
    from govcomponents.identity.port import IdentityPort
    from govcomponents.identity.service import AsyncIdentityService, IdentityService
    from govcomponents.notify.port import NotifyPort
    from govcomponents.notify.service import AsyncNotify, Notify
    from govcomponents.pay.port import PayPort
    from govcomponents.pay.service import AsyncPay, Pay
    from govcomponents.sandbox.app import Sandbox
    from govcomponents.settings import Settings

_PORTS = {"pay": "PayPort", "notify": "NotifyPort", "identity": "IdentityPort"}


class _Components:
    """What both callers share: the adapters of one set of settings, on one transport."""

    def __init__(self, adapters: Mapping[str, Port[Any]], transport: Transport, sandbox: Sandbox | None = None) -> None:
        self._adapters = adapters
        self._transport = transport
        self._sandbox = sandbox

    @classmethod
    def from_settings(
        cls,
        settings: Settings | None = None,
        *,
        observers: Sequence[Observer] = (),
        retry: RetryPolicy | None = None,
        transport: Transport | None = None,
    ) -> Self:
        """Build the components that the settings name; the others stay unbuilt. Does no I/O.

        Without `settings`, reads the environment (GOVCOMPONENTS_PAY__API_KEY and so on). `observers` are told of
        every attempt; `retry` replaces the default of three attempts; `transport` replaces the real one, in tests.
        Raises ConfigurationError if a setting is missing or wrong.
        """
        if settings is None:
            from govcomponents.settings import Settings

            settings = Settings.from_environment()
        production = None if settings.environment is None else settings.environment == "production"
        runtime = Runtime(
            transport=transport or cls._make_transport(),
            observers=tuple(observers),
            retry=retry or RetryPolicy(),
            is_production=production,
        )
        return cls(_build(settings, runtime), runtime.transport)

    @classmethod
    def sandbox(
        cls,
        world: Path | str | Mapping[str, object] | None = None,
        *,
        seed: int = 0,
        now: str | None = None,
        observers: Sequence[Observer] = (),
        retry: RetryPolicy | None = None,
    ) -> Self:
        """Build all three components on a sandbox in this process: no socket, no account, no key, nothing leaves.

        `world` is a world file's path or its content; without it there is a default world. Ids come from `seed`.
        `now` (ISO 8601) stops the sandbox's clock at that time; without it the clock runs as the real one does.
        The sandbox itself is `gov.simulator`. Needs the extra `sandbox`; raises ConfigurationError without it.
        """
        from govcomponents.core.transports.in_process import InProcessTransport
        from govcomponents.sandbox.app import Sandbox

        simulator = Sandbox(world, seed=seed, now=now)
        runtime = Runtime(
            transport=InProcessTransport(simulator.handle, simulator.clock.advance),
            clock=simulator.clock.time,
            observers=tuple(observers),
            retry=retry or RetryPolicy(),
            is_production=False,
        )
        return cls(_build(simulator.settings(), runtime), runtime.transport, simulator)

    @classmethod
    def _make_transport(cls) -> Transport:
        raise NotImplementedError("blocking and asyncio callers each bring their own transport")

    @property
    def simulator(self) -> Sandbox:
        """The sandbox behind these components. Raises ConfigurationError if they are the real ones."""
        if self._sandbox is None:
            raise ConfigurationError("these components do not stand on a sandbox", fix="make them with .sandbox()")
        return self._sandbox

    def _adapter(self, component: str) -> Port[Any]:
        try:
            return self._adapters[component]
        except KeyError:
            first = {"identity": "CLIENT_ID"}.get(component, "API_KEY")
            raise ConfigurationError(
                f"gov.{component} is not configured",
                fix=f"set GOVCOMPONENTS_{component.upper()}__{first} and what else its page in the docs lists",
            ) from None


def _build(settings: Settings, runtime: Runtime) -> dict[str, Port[Any]]:
    from importlib import import_module

    built: dict[str, Port[Any]] = {}
    for component, name in _PORTS.items():
        section = getattr(settings, component)
        if section is not None:
            built_in = import_module(f"govcomponents.{component}.adapters").BUILT_IN
            port: type[Port[Any]] = getattr(import_module(f"govcomponents.{component}.port"), name)
            built[component] = find_adapter(port, component, section.adapter, built_in).from_settings(section, runtime)
            built[component].furnish(section, runtime)
    return built


class GovComponents(_Components):
    """The three components for blocking callers. Safe to share between threads; make one for each process.

    Make it with `from_settings()` or `sandbox()`, and close it, or use it as a context manager.
    """

    @classmethod
    def _make_transport(cls) -> Transport:
        from govcomponents.core.transports.blocking import RequestsTransport

        return RequestsTransport()

    @cached_property
    def pay(self) -> Pay:
        """Payments. Raises ConfigurationError if they are not configured."""
        from govcomponents.pay.service import Pay

        return Pay(cast("PayPort", self._adapter("pay")))

    @cached_property
    def notify(self) -> Notify:
        """Emails, text messages and letters. Raises ConfigurationError if they are not configured."""
        from govcomponents.notify.service import Notify

        return Notify(cast("NotifyPort", self._adapter("notify")))

    @cached_property
    def identity(self) -> IdentityService:
        """Signing in and proof of identity. Raises ConfigurationError if they are not configured."""
        from govcomponents.identity.service import IdentityService

        return IdentityService(cast("IdentityPort", self._adapter("identity")))

    def close(self) -> None:
        """Close every connection. Closing twice does nothing."""
        drive(self._transport.aclose())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncGovComponents(_Components):
    """The three components for asyncio callers: the same operations, awaited. Belongs to one event loop.

    Make it with `from_settings()` or `sandbox()`, and `aclose` it, or use it as an async context manager.
    Needs the extra `async`.
    """

    @classmethod
    def _make_transport(cls) -> Transport:
        from govcomponents.core.transports.aio import AiohttpTransport

        return AiohttpTransport()

    @cached_property
    def pay(self) -> AsyncPay:
        """Payments. Raises ConfigurationError if they are not configured."""
        from govcomponents.pay.service import AsyncPay

        return AsyncPay(cast("PayPort", self._adapter("pay")))

    @cached_property
    def notify(self) -> AsyncNotify:
        """Emails, text messages and letters. Raises ConfigurationError if they are not configured."""
        from govcomponents.notify.service import AsyncNotify

        return AsyncNotify(cast("NotifyPort", self._adapter("notify")))

    @cached_property
    def identity(self) -> AsyncIdentityService:
        """Signing in and proof of identity. Raises ConfigurationError if they are not configured."""
        from govcomponents.identity.service import AsyncIdentityService

        return AsyncIdentityService(cast("IdentityPort", self._adapter("identity")))

    async def aclose(self) -> None:
        """Close every connection. Closing twice does nothing."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
