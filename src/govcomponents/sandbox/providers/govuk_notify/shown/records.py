"""Keys and templates of GOV.UK Notify for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.sandbox.plugins.records import Action, Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.sandbox.providers.govuk_notify.world import NotifyWorld, Service, Template


def records_of(world: NotifyWorld, kind: str, revoked: Mapping[str, bool]) -> dict[str, Record]:
    """Return the records of a kind by their ids. `revoked` says of keys whether they were revoked by hand."""
    if kind == "templates":
        return {one.id: _template(service, one) for service in world.services for one in service.templates}
    if kind == "keys":
        return {
            f"{service.id}-{number}": _key(service, number, is_revoked=revoked.get(key.secret, key.revoked))
            for service in world.services
            for number, key in enumerate(service.api_keys)
        }
    return {}


def _template(service: Service, template: Template) -> Record:
    current = template.current
    subject = f"{current.subject}\n\n" if current.subject else ""
    return Record(
        id=template.id,
        title=template.name,
        status="archived" if template.archived else {"sms": "text message"}.get(template.type, template.type),
        facts=[
            ("Service", service.name),
            ("Version", str(current.version)),
            ("Versions", ", ".join(str(one.version) for one in template.versions)),
            ("Written by", template.created_by),
        ],
        text=subject + current.content,
    )


def _key(service: Service, number: int, *, is_revoked: bool) -> Record:
    key = service.api_keys[number]
    return Record(
        id=f"{service.id}-{number}",
        title=f"{service.name}: {key.name}",
        status="revoked" if is_revoked else key.kind,
        facts=[("Service", service.name), ("Kind", key.kind), ("Secret", f"ends in {key.secret[-4:]}")],
        actions=[Action("restore", "Let it be used again")] if is_revoked else [Action("revoke", "Revoke it")],
    )
