"""Handlers of a service for what providers report, by the type of event, as decorators register them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from govcomponents.errors import ConfigurationError, InvalidInput

if TYPE_CHECKING:
    from govcomponents.identity.events import IdentityEvent
    from govcomponents.notify.events import NotifyEvent
    from govcomponents.pay.events import PayEvent

    Event: TypeAlias = IdentityEvent | NotifyEvent | PayEvent

E = TypeVar("E")
ResultT = TypeVar("ResultT")


class EventHandlers(Generic[ResultT]):
    """The handlers of a service: none, one or several for each type of event, called in the order of registration.

    `ResultT` is what a handler returns: None, or an awaitable in an asyncio service. `is_stored` is true for a service
    with a durable layer, which stores events: then their handlers are the layer's.
    """

    _STORED_FIX = "register it with @later.when, as a function of the event and the transaction"

    def __init__(self, *, is_stored: bool = False) -> None:
        self._by_kind: list[tuple[type, Callable[..., ResultT]]] = []
        self._is_stored = is_stored

    def when(self, kind: type[E]) -> Callable[[Callable[[E], ResultT]], Callable[[E], ResultT]]:
        """Register a handler: `@gov.when(PaymentChanged)` above a function that takes the event.

        A provider sends an event again until it was dealt with, and may send it twice: a handler must do no harm the
        second time. Raises InvalidInput for what is no type, ConfigurationError where a durable layer stores the
        events.
        """
        if not isinstance(kind, type):
            fix = "name the type of event, such as PaymentChanged"
            raise InvalidInput(field="kind", problem="it is not a type", fix=fix, operation="web.when")
        if self._stores_events():
            raise ConfigurationError(
                "events are stored by the durable layer of this service, which has handlers of its own",
                fix=self._STORED_FIX,
                operation="web.when",
            )

        def register(handler: Callable[[E], ResultT]) -> Callable[[E], ResultT]:
            self._by_kind.append((kind, handler))
            return handler

        return register

    def _stores_events(self) -> bool:
        return self._is_stored

    def for_event(self, event: object) -> list[Callable[..., ResultT]]:
        """Return the handlers of an event's type."""
        return [handler for kind, handler in self._by_kind if isinstance(event, kind)]
