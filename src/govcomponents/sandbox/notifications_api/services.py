"""The services of a stub for people: their keys, which can be revoked by hand, and their templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from govcomponents.sandbox.plugins.provider import Fact
from govcomponents.sandbox.plugins.records import Action, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence, Sized


class _Key(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def secret(self) -> str: ...
    @property
    def revoked(self) -> bool: ...


class _Service(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def api_keys(self) -> Sequence[_Key]: ...


ServiceT = TypeVar("ServiceT", bound=_Service)


class StubOfServices(Generic[ServiceT]):
    """The base of a stub of several services. `messages` is what they sent."""

    messages: Sized

    def __init__(self, services: Sequence[ServiceT]) -> None:
        self._services = {service.id: service for service in services}
        self._revoked: dict[str, bool] = {}

    def templates_of(self, service: ServiceT) -> Iterable[Record]:
        """Return the records of a service's templates."""
        raise NotImplementedError("each stub of services has templates of its own kind")

    def summary(self) -> Iterable[Fact]:
        """Its services, and how many messages it holds."""
        yield Fact("Services", ", ".join(service.name for service in list(self._services.values())[:3]))
        yield Fact("Messages", str(len(self.messages)), "/_sandbox/outbox")

    def record_ids(self, kind: str) -> Sequence[str]:
        """The ids of its records of a kind, in the order of the world."""
        return list(self._records(kind))

    def record(self, kind: str, record_id: str) -> Record | None:
        """One record as it is now."""
        return self._records(kind).get(record_id)

    def act(self, kind: str, record_id: str, action: str) -> None:
        """Revoke a key, or take that back. Raises LookupError if it cannot be done now."""
        record = self.record(kind, record_id)
        if record is None or action not in {one.name for one in record.actions}:
            raise LookupError("that cannot be done to it now")
        service_id, _, number = record_id.rpartition("-")
        self._revoked[self._services[service_id].api_keys[int(number)].secret] = action == "revoke"

    def _records(self, kind: str) -> dict[str, Record]:
        services, found = self._services.values(), list[Record]()
        if kind == "templates":
            found = [record for service in services for record in self.templates_of(service)]
        if kind == "keys":
            found = [self._key(service, number) for service in services for number in range(len(service.api_keys))]
        return {record.id: record for record in found}

    def _key(self, service: ServiceT, number: int) -> Record:
        key = service.api_keys[number]
        is_revoked = self._revoked.get(key.secret, key.revoked)
        return Record(
            id=f"{service.id}-{number}",
            title=f"{service.name}: {key.name}",
            status="revoked" if is_revoked else key.kind,
            facts=[("Service", service.name), ("Kind", key.kind), ("Secret", f"ends in {key.secret[-4:]}")],
            actions=[Action("restore", "Let it be used again")] if is_revoked else [Action("revoke", "Revoke it")],
        )


def template_status(kind: str, *, is_archived: bool) -> str:
    """Return what the pages say of a template: its kind, unless it is archived."""
    return "archived" if is_archived else {"sms": "text message"}.get(kind, kind)
