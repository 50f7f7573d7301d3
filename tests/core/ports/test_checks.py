"""The check of an account: what is told of each of its three outcomes."""

from __future__ import annotations

import pytest

from govcomponents.core.driver import drive
from govcomponents.core.ports.checks import CheckResult, check
from govcomponents.core.ports.port import Port
from govcomponents.errors import CredentialsRefused


class Works(Port):
    provider = "Toy"

    async def check(self) -> None:
        """It answers."""


class Refuses(Works):
    async def check(self) -> None:
        raise CredentialsRefused("the key was refused", operation="check", provider="Toy", fix="set the key")


class CannotTell(Port):
    provider = "Toy"


NO_READ = (
    "check (Toy, account moto): this adapter does not support asking whether it works; nothing was sent. "
    "To fix: use another adapter, or leave that argument out; the docs list what each adapter can do"
)


@pytest.mark.parametrize(
    ("port", "ok", "problem"),
    [
        (Works(), True, None),
        (Refuses(), False, "check (Toy, account moto): the key was refused. To fix: set the key"),
        (CannotTell(), None, NO_READ),
    ],
)
def test_a_check_tells_whether_the_account_works(port: Port, ok: bool | None, problem: str | None) -> None:
    found = drive(check("pay", "moto", port))
    assert found == CheckResult(component="pay", account="moto", provider="Toy", ok=ok, problem=problem)
    assert (found.component, found.account, found.provider, found.ok) == ("pay", "moto", "Toy", ok)


def test_what_is_a_fault_of_the_adapter_is_not_told_as_the_providers() -> None:
    class Broken(Port):
        provider = "Toy"

        async def check(self) -> None:
            raise KeyError("a fault of its own")

    with pytest.raises(KeyError):
        drive(check("pay", "default", Broken()))
