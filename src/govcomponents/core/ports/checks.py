"""The result of a check: whether a provider answers and takes the credential, for health pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govcomponents.core.results import Result
from govcomponents.errors import GovComponentsError, NotSupported

if TYPE_CHECKING:
    from govcomponents.core.ports.port import Port


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult(Result):
    """The result of a check: whether one account of one component works, as its provider said when it was asked.

    `ok` is true if the provider answered and took the credential, false if not, and None if the adapter has no way to
    ask. `problem` says what is wrong and how to mend it; it holds no credential and no personal data.
    """

    component: str
    provider: str
    ok: bool | None
    problem: str | None = None


async def check(component: str, account: str, port: Port[Any]) -> CheckResult:
    """Ask one adapter's provider. Never raises for what the provider or the network does."""
    ok: bool | None = True
    problem = None
    try:
        await port.check()
    except GovComponentsError as error:
        error.account = account
        ok = None if isinstance(error, NotSupported) else False
        problem = str(error)
    return CheckResult(component=component, account=account, provider=port.provider, ok=ok, problem=problem)
