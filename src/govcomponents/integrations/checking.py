"""What a check of a service tells: whether its providers take its credentials, and what its callbacks lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from govcomponents.core.callbacks import NOT_CONFIGURED
from govcomponents.errors import CallbackRefused, GovComponentsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcomponents.components import GovComponents
    from govcomponents.core.ports.checks import CheckResult

UNPROVED: Final = {
    "pay": (
        "no webhook secret is set, so every webhook of payments is answered with 503",
        "set GOVCOMPONENTS_PAY__WEBHOOK_SECRETS, or webhook_secrets in the settings of pay",
    ),
    "notify": (
        "no callback token is set, so every delivery receipt is answered with 503",
        "set GOVCOMPONENTS_NOTIFY__CALLBACK_TOKENS, or callback_tokens in the settings of notify",
    ),
}
"""By component what is wrong where nothing is set to prove its callbacks by, and how to mend it."""


def checked(gov: GovComponents) -> tuple[list[str], bool]:
    """Return what a check tells, line by line, and whether all is well.

    Each provider is asked whether it answers and takes the credential, and each component whether it could prove what
    its provider sends here.
    """
    results = gov.check()
    lines = check_lines(results)
    missing = without_secret(gov)
    for component in missing:
        problem, fix = UNPROVED[component]
        lines.append(f"{component} default: {problem}\n    {fix}")
    return lines, not missing and all(one.ok is not False for one in results)


def without_secret(gov: GovComponents) -> list[str]:
    """Return the components in use whose provider sends callbacks that nothing is set to prove by."""
    found = []
    for component in UNPROVED:
        try:
            (gov.pay if component == "pay" else gov.notify).parse_callback(b"", {})
        except CallbackRefused as error:
            if error.code == NOT_CONFIGURED:
                found.append(component)
        except GovComponentsError:  # it is not in use, or its provider sends none
            continue
    return found


def check_lines(results: Sequence[CheckResult]) -> list[str]:
    """Return a line for each component and account, and one more for what is wrong."""
    words = {True: "ok", False: "FAILED", None: "cannot be asked"}
    lines: list[str] = []
    for one in results:
        lines.append(f"{one.component} {one.account}: {one.provider}: {words[one.ok]}")
        if one.problem and one.ok is False:
            lines.append(f"    {one.problem}")
    return lines
