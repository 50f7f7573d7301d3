"""The base of services: one port of one account, whose name is put on every result and error."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

from govcomponents.core.callbacks import NOT_CONFIGURED
from govcomponents.core.deadline import limited
from govcomponents.core.inputs import method_argument
from govcomponents.core.journeys import current_journey
from govcomponents.core.observe import Happening, Operation, OperationWatch, tell, watchers_of_calls
from govcomponents.core.ports.answers import check_belongs
from govcomponents.core.ports.port import Port
from govcomponents.core.ports.uncopied import Uncopied
from govcomponents.core.results import of_account
from govcomponents.errors import (
    DEFAULT_ACCOUNT,
    CallbackRefused,
    GovComponentsError,
    InvalidInput,
    NotSupported,
    SignInReason,
    UnexpectedReply,
    UnreadableItems,
)
from govcomponents.frames import leave_frames_behind, shield

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
    from enum import StrEnum

    from govcomponents.core.http.runtime import Runtime

PortT = TypeVar("PortT", bound=Port[Any])
T = TypeVar("T")

_REASONS: Final = frozenset({NOT_CONFIGURED, *SignInReason})
"""The codes of refused callbacks that are told to observers: a closed list, as all that metrics are labelled with."""


class Service(Uncopied, Generic[PortT]):
    """The base of `gov.pay`, `gov.notify` and `gov.identity`.

    `siblings` are the ports of the component's other accounts, by name: callbacks of each are taken.
    """

    _without_limit: ClassVar[frozenset[str]] = frozenset()
    """The operations that take as long as they take: their requests are limited one by one."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        shield(cls)

    def __init__(self, port: PortT, runtime: Runtime, siblings: Mapping[str, PortT] | None = None) -> None:
        method_argument(port, "require", "unsupported", field="port", fix="give an adapter", operation="")
        method_argument(runtime, "share", field="runtime", fix="give a Runtime", operation="")
        self._port = port
        self._runtime = runtime
        self._siblings = siblings or {}
        self._watchers = watchers_of_calls(runtime.observers)
        self._time_limit: float | None = getattr(runtime.transport, "total_timeout", None)

    @property
    def account(self) -> str:
        """The name of the account; "default" where there is only one."""
        return self._runtime.account

    @property
    def capabilities(self) -> frozenset[StrEnum]:
        """The capabilities of the adapter. Anything else raises NotSupported, before anything is sent."""
        return self._port.capabilities

    def __repr__(self) -> str:
        named = "" if self.account == DEFAULT_ACCOUNT else f", account {self.account!r}"
        return f"<{type(self).__name__}: {self._port.provider}{named}>"

    async def _perform(self, operation: str, work: Awaitable[T], **asked: object) -> T:
        """Await an operation of the port, and put the account's name on its result or its error.

        `asked` are the fields that the result must have. Raises WrongAnswer if it is about something else. All of it
        ends within the transport's `total_timeout`.
        """
        account, provider = self._runtime.account, self._port.provider
        limit = None if operation in self._without_limit else self._time_limit
        try:
            with limited(limit):
                if self._watchers:
                    watched = Operation(operation, provider, account, current_journey())
                    with OperationWatch(self._watchers, watched):
                        given = await work
                        check_belongs(given, asked, operation=operation, provider=provider)
                else:  # again and not in a context that does nothing: where nobody watches, watching costs nothing
                    given = await work
                    check_belongs(given, asked, operation=operation, provider=provider)
        except GovComponentsError as error:
            error.account = account
            if isinstance(error, UnexpectedReply):
                self._runtime.renew_connections()
            raise
        return given if account == DEFAULT_ACCOUNT else of_account(given, account)

    def _tell(self, happened: str, **labels: str) -> None:
        """Tell the observers what happened."""
        tell(self._runtime.observers, Happening(happened, self._port.provider, self.account, labels))

    async def _each(
        self, items: AsyncGenerator[T, None], operation: str = "", **asked: object
    ) -> AsyncGenerator[T, None]:
        """Pass an operation's items on, each compared with what was `asked` and with the account's name.

        Both are done as `_perform` does them. Each of its pages is an operation to the observers: what they do around
        it may not go on between two items, when the caller's own code runs.
        """
        account = self._runtime.account
        try:
            async with aclosing(items):
                async for item in items:
                    check_belongs(item, asked, operation=operation, provider=self._port.provider)
                    yield item if account == DEFAULT_ACCOUNT else of_account(item, account)
        except BaseException as error:
            if isinstance(error, GovComponentsError):
                error.account = account
            if isinstance(error, UnexpectedReply) and not isinstance(error, UnreadableItems):
                self._runtime.renew_connections()
            leave_frames_behind(error)
            raise

    def _port_of(self, account: str, operation: str) -> PortT:
        """Return the port of the account that an event is for: this one's, or that of another whose events it takes."""
        port = self._port if account == self.account else self._siblings.get(account)
        if port is None:
            raise InvalidInput(
                field="event",
                problem="it is for an account that is not this one",
                fix="use gov.account(event.account)",
                operation=operation,
            )
        return port

    async def _first_to_accept(self, read: Callable[[PortT], Awaitable[T]]) -> T:
        """Read a callback by the first account whose secret proves it.

        An account that cannot tell, such as one whose provider's keys cannot be had, keeps no other from being tried.
        If none accepts, its error is raised: the callback may be its own, and is to come again. Otherwise raises what
        the own account raised; or, for a callback that came before, what the account raised whose it is.
        """
        refusal: GovComponentsError | None = None
        undecided: GovComponentsError | None = None
        for account, port in {self.account: self._port, **self._siblings}.items():
            try:
                return of_account(await read(port), account)
            except InvalidInput:
                raise
            except (CallbackRefused, NotSupported) as error:
                error.account = account
                if error.code == SignInReason.REPLAYED:
                    raise
                refusal = refusal or error
            except GovComponentsError as error:
                error.account = account
                undecided = undecided or error
        found = undecided or refusal
        assert found is not None  # noqa: S101  # there is always the own account
        if isinstance(found, CallbackRefused):
            self._tell("callback.refused", reason=found.code if found.code and found.code in _REASONS else "not_proved")
        raise found
