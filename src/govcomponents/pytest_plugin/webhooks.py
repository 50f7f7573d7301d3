"""Callbacks of a test: those that the sandbox's providers send to the service, signed as the real ones sign."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from govcomponents.testing import Callback, Sandbox

    Post = Callable[["Webhook"], int]

_NAMES: Final = ("pay", "notify", "identity")
_ACCEPTED: Final = 200
_COMPONENTS: Final = {"one_login": "identity", "openid": "identity", "login_gov": "identity", "stripe": "pay"}


@dataclass(frozen=True, slots=True)
class Webhook:
    """One callback as it comes in. `component` is "pay", "notify" or "identity", `kind` the provider's word."""

    component: str
    kind: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    reference: str | None = None

    def rewritten(self) -> Webhook:
        """Return it with another body under the same signature, as somebody would send it who has no secret."""
        return Webhook(self.component, self.kind, self.headers, self.body + b" ", self.reference)


class Webhooks:
    """The callbacks of the sandbox. They are kept in `received`, or go to what `send_to` names."""

    def __init__(self, simulator: Sandbox) -> None:
        self.received: list[Webhook] = []
        self._post: Post | None = None
        self._simulator = simulator
        simulator.callbacks.receive(self._take)

    def send_to(self, post: Post) -> None:
        """Give each callback to `post` from now on, and those that came already; it returns the service's status.

        What the service does not accept comes again by the provider's own schedule: move `gov_clock`.
        """
        self._post = post
        for webhook in self.received:
            post(webhook)

    def of(self, component: str, kind: str | None = None) -> list[Webhook]:
        """Return those that came for a component, of one kind or of all: none is an empty list.

        Fails the test for a component that has no callbacks.
        """
        if component not in _NAMES:
            pytest.fail(f"callbacks come for {', '.join(_NAMES)}, and not for {component!r}", pytrace=False)
        return [one for one in self.received if one.component == component and kind in (None, one.kind)]

    def _take(self, callback: Callback) -> int:
        component = _COMPONENTS.get(callback.component, callback.component)
        webhook = Webhook(component, callback.kind, dict(callback.headers), callback.body, callback.reference)
        self.received.append(webhook)
        return _ACCEPTED if self._post is None else self._post(webhook)
