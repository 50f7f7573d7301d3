"""One callback, the rule that its provider delivers it by, and its sending over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DeliveryRule:
    """Delivery and repetition of callbacks by a provider, from its documentation.

    `timeout` is in seconds. `waits` are the seconds before each repetition, counted from the failure before it.
    `is_taken` judges an answer's status (without it any 2xx is taken); `is_repeated` whether a failure is repeated
    (None: there was no answer; without it every failure is).
    """

    timeout: float
    waits: tuple[float, ...]
    is_taken: Callable[[int], bool] = lambda status: 200 <= status < 300
    is_repeated: Callable[[int | None], bool] = lambda _status: True


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback, ready to be sent by POST. `kind` is the provider's name of it; `reference` the service's."""

    component: str
    kind: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    rule: DeliveryRule
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """Result of one attempt: the status, or None and the kind of the failure."""

    status: int | None
    problem: str = ""


def post_over_http(callback: Callback) -> DeliveryResult:
    """Send a callback over HTTP. Redirects are not followed; the answer's body is not read."""
    import requests

    with requests.Session() as session:
        session.trust_env = False
        try:
            with session.post(
                callback.url,
                data=callback.body,
                headers=dict(callback.headers),
                timeout=callback.rule.timeout,
                allow_redirects=False,
                stream=True,
            ) as result:
                return DeliveryResult(result.status_code)
        except (requests.RequestException, ValueError, OSError) as error:
            return DeliveryResult(None, type(error).__name__)
