"""The errors of the API stub, in Stripe's envelope (Stripe docs: errors)."""

from __future__ import annotations

from typing import Any


class Problem(Exception):
    """An answer that is no success. `is_stored` tells whether an idempotency key keeps it: not if nothing was begun."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        is_stored: bool = True,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.code = code
        self.param = param
        self.is_stored = is_stored

    def body(self) -> dict[str, Any]:
        """The envelope."""
        error: dict[str, Any] = {"type": self.kind, "message": self.message}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param is not None:
            error["param"] = self.param
        return {"error": error}


def wrong(message: str, code: str | None, param: str) -> Problem:
    """A parameter is wrong: nothing was begun."""
    return Problem(400, message, code=code, param=param, is_stored=False)


def missing(kind: str, identifier: str, param: str) -> Problem:
    """There is no such object."""
    return Problem(404, f"No such {kind}: '{identifier}'", code="resource_missing", param=param)


def unexpected_state(verb: str, status: str) -> Problem:
    """A PaymentIntent's state does not allow that."""
    return Problem(
        400,
        f"This PaymentIntent could not be {verb} because it has a status of {status}.",
        code="payment_intent_unexpected_state",
    )
