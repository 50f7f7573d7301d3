"""Points all callbacks of a world at one service, for those who do not want to write a world file for that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from govcomponents.core.validation import plain_url_parts
from govcomponents.errors import ConfigurationError

_KINDS = ("delivery_status", "inbound_sms", "returned_letter")
_SECRET = "webhook_test_callbacks0sandbox0only"  # noqa: S105  # invented, and printed for everybody to see
_TOKEN = "sandbox-callback-token"  # noqa: S105  # the same


def with_callbacks_to(world: Mapping[str, Any], url: str) -> dict[str, Any]:
    """Return a world whose callbacks go to `url`/pay, `url`/notify/KIND and `url`/one-login.

    The secrets and tokens that it has stay; where it has none, there are invented ones. Raises ConfigurationError
    unless `url` is the http or https address of a service.
    """
    root = url.rstrip("/")
    if plain_url_parts(root) is None or "?" in root:
        raise ConfigurationError(
            "the address for callbacks is not a URL", fix='give one such as "http://127.0.0.1:8000/callbacks"'
        )
    changed = dict(world)
    for section, names, change in (
        ("pay", "services", _pay),
        ("notify", "services", _notify),
        ("one_login", "clients", _one_login),
    ):
        found = world.get(section)
        if isinstance(found, Mapping) and isinstance(found.get(names), list):
            things = [change(thing, root) if isinstance(thing, Mapping) else thing for thing in found[names]]
            changed[section] = {**found, names: things}
    return changed


def _pay(service: Mapping[str, Any], root: str) -> dict[str, Any]:
    webhooks = service.get("webhooks") or [{"secret": _SECRET}]
    return {**service, "webhooks": [{**webhook, "url": f"{root}/pay", "active": True} for webhook in webhooks]}


def _notify(service: Mapping[str, Any], root: str) -> dict[str, Any]:
    tokens = {one["kind"]: one["bearer_token"] for one in service.get("callbacks") or () if "kind" in one}
    callbacks = [
        {"kind": kind, "url": f"{root}/notify/{kind}", "bearer_token": tokens.get(kind, _TOKEN)} for kind in _KINDS
    ]
    return {**service, "callbacks": callbacks}


def _one_login(client: Mapping[str, Any], root: str) -> dict[str, Any]:
    return {**client, "back_channel_logout_url": f"{root}/one-login"}
