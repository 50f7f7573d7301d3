"""Callbacks of a test: those that the sandbox's providers send to the service, signed as the real ones sign."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pytest

from govcomponents.pytest_plugin.arguments import telling_its_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from govcomponents.testing import Callback, Sandbox

    Post = Callable[["Webhook"], int]

_NAMES: Final = ("pay", "notify", "identity")
_ACCEPTED: Final = 200


@dataclass(frozen=True, slots=True)
class Webhook:
    """One callback as it comes in. `component` is "pay", "notify" or "identity", `kind` the provider's word."""

    component: str
    kind: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    reference: str | None = None

    def rewritten(self) -> Webhook:
        """Return it as somebody would send it who has no secret: another body, under the same signature.

        Where a bearer token proves a callback, and not a signature, that is another one too.
        """
        headers = {
            name: f"{value}-forged" if name.lower() == "authorization" else value
            for name, value in self.headers.items()
        }
        return Webhook(self.component, self.kind, headers, self.body + b" ", self.reference)


class Webhooks:
    """The callbacks of the sandbox. They are kept in `received`, or go to what `send_to` names."""

    def __init__(self, simulator: Sandbox) -> None:
        self.received: list[Webhook] = []
        self._post: Post | None = None
        self._simulator = simulator
        self._components: dict[str, str] = {one.spec.section: one.spec.component for one in simulator.providers}
        simulator.callbacks.receive(self._take)

    @telling_its_arguments("gov_webhook.send_to")
    def send_to(self, post: Post) -> None:
        """Give each callback to `post` from now on, and those that came already; it returns the service's status.

        What the service does not accept comes again by the provider's own schedule: move `gov_clock`.
        """
        if not callable(post):
            pytest.fail(
                "gov_webhook.send_to takes a function, which is given each callback and returns the service's status, "
                f"and not something of the type {type(post).__name__}",
                pytrace=False,
            )
        self._post = post
        for webhook in self.received:
            _status(post(webhook))

    @telling_its_arguments("gov_webhook.of")
    def of(self, component: str, kind: str | None = None) -> list[Webhook]:
        """Return those that came for a component, of one kind or of all: none is an empty list.

        Fails the test for a component that has no callbacks, and for a kind that none of its providers sends.
        """
        if component not in _NAMES:
            pytest.fail(f"callbacks come for {', '.join(_NAMES)}, and not for {component!r}", pytrace=False)
        if kind is not None:
            self._must_be_sent(component, kind)
        return [one for one in self.received if one.component == component and kind in (None, one.kind)]

    def _must_be_sent(self, component: str, kind: str) -> None:
        """Fail the test for a kind that nobody sends: none of it would ever come. A provider may not tell its kinds."""
        specs = [one.spec for one in self._simulator.providers if one.spec.component == component]
        known = [one for spec in specs for one in spec.callback_kinds or ()]
        if kind not in known and not any(spec.callback_kinds is None for spec in specs):
            names = " and ".join(spec.name for spec in specs) or "nobody in this world"
            pytest.fail(
                f"gov_webhook.of: {kind!r} is no kind of callback from {names}; there is {', '.join(known) or 'none'}",
                pytrace=False,
            )

    def _take(self, callback: Callback) -> int:
        component = self._components.get(callback.component, callback.component)
        webhook = Webhook(component, callback.kind, dict(callback.headers), callback.body, callback.reference)
        self.received.append(webhook)
        return _ACCEPTED if self._post is None else _status(self._post(webhook))


def _status(answer: object) -> int:
    """What a service answered. Fails the test for what is no status: a provider would take it for no answer at all."""
    if not isinstance(answer, int) or isinstance(answer, bool):
        pytest.fail(
            f"gov_webhook.send_to: what it is given returns the status of the service's answer, such as 200, and this "
            f"returned something of the type {type(answer).__name__}",
            pytrace=False,
        )
    return answer
