"""Injects a fault into a call: another response, half of the right one, too much of one, or none at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.core.http.messages import Response
from govcomponents.sandbox.faults.catalogue import Effect
from govcomponents.sandbox.http.messages import ConnectionCut

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents.sandbox.faults.arming import ArmedFault
    from govcomponents.sandbox.http.messages import Call, Handler

_OVERSIZE = 9 * 1024 * 1024


def inject(armed: ArmedFault, call: Call, handler: Handler, corrupt: Callable[[str, Response], Response]) -> Response:
    """Answer a call that a fault is injected into. `corrupt` changes what a response holds, by the fault's name.

    Raises ConnectionCut where no answer comes.
    """
    effect = armed.kind.effect
    if effect is Effect.SILENCE_BEFORE:
        raise ConnectionCut(armed.silent_seconds)
    if effect is Effect.CUT_BEFORE:
        raise ConnectionCut
    if effect is Effect.INSTEAD and armed.definition.respond is not None:
        return armed.definition.respond()
    response = handler(call)
    if effect is Effect.SILENCE_AFTER:
        raise ConnectionCut(armed.silent_seconds)
    if effect is Effect.CUT_AFTER:
        raise ConnectionCut
    if effect is Effect.MALFORMED:
        status = 200 if response.status in (204, 304) else response.status
        return Response(status, {**response.headers, "content-type": "application/json"}, b'{"half": ')
    if effect is Effect.OVERSIZE:
        return Response(response.status, response.headers, b" " * _OVERSIZE)
    return corrupt(armed.fault, response)
