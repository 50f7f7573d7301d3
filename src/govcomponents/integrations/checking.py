"""A check of a service: its providers, what its callbacks lack, its routes and its access logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit
from weakref import WeakSet

from govcomponents.components import AsyncGovComponents
from govcomponents.core.callbacks import NOT_CONFIGURED
from govcomponents.errors import CallbackRefused, ConfigurationError, GovComponentsError
from govcomponents.web.access_logs import unmasked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcomponents.components import GovComponents
    from govcomponents.core.ports.checks import CheckResult


class Shell(Protocol):
    """A framework's shell, as far as a check asks it."""

    def checked(self, app: object, root: str = "") -> tuple[list[str], bool]:
        """Return what a check of an application tells, line by line, and whether all is well.

        `root` is the prefix that a proxy takes off before the application, where only the server is told it.
        """
        ...


SHELLS: Final[WeakSet[Shell]] = WeakSet()
"""The shells of this process: an application does not tell whose its routes are, once they are included in others."""

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

STRICT: Final = (
    'the service\'s own session cookie is SameSite "Strict": people who come back from signing in would have lost it',
    'set it to "Lax"',
)
DEBUG: Final = (
    "the settings are those of production, and the application is in debug: error pages show what a request held",
    "leave debug out",
)
NOTHING: Final = (
    "none of the components has settings, so every page that needs one would fail",
    "set what the service uses, such as GOVCOMPONENTS_PAY__API_KEY; or are the variables of another file not read?",
)


def is_strict(same_site: object) -> bool:
    """Whether a cookie is SameSite "Strict": frameworks take the word in any case, as browsers do."""
    return str(same_site).lower() == "strict"


@dataclass(frozen=True, slots=True)
class _Found:
    """What the components tell of themselves."""

    providers: tuple[CheckResult, ...]
    unproved: list[str]
    redirect_url: str | None


def checked(
    gov: GovComponents | AsyncGovComponents,
    callback: str | None,
    wrong: Sequence[tuple[str, str]] = (),
    mounted: str = "",
) -> tuple[list[str], bool]:
    """Return what a check tells, line by line, and whether all is well.

    Each provider is asked whether it answers and takes the credential, and each component whether it could prove what
    its provider sends here. `callback` is the path at which people come back from signing in here, None where no route
    is in place. `wrong` are the problems, each with how to mend it, that only the framework knows of. `mounted` is what
    to do where the application is below a prefix that it does not know, which stands in it as {prefix}.
    """
    import asyncio  # slow to import, and no service that starts is checked by this

    found = asyncio.run(_find_async(gov)) if isinstance(gov, AsyncGovComponents) else _find(gov)
    lines = check_lines(found.providers)
    problems = [
        (f"{component} default: {UNPROVED[component][0]}", UNPROVED[component][1]) for component in found.unproved
    ]
    problems += wrong
    if not found.providers:
        problems.append(NOTHING)
    if callback is None or not _holds_its_sandbox(gov):  # no browser gets to one in this process, nor back from it
        problems += of_the_way_back(found.redirect_url, callback, mounted)
    problems += of_access_logs()
    lines += [f"{problem}\n    {fix}" for problem, fix in problems]
    return lines, not problems and all(one.ok is not False for one in found.providers)


def of_the_way_back(redirect_url: str | None, callback: str | None, mounted: str = "") -> list[tuple[str, str]]:
    """Return the problem of people who would not reach the callback, and how to mend it. See `checked`."""
    if redirect_url is None:
        return []
    path = urlsplit(redirect_url).path
    if callback is None:
        return [("the routes of the components are not in the application", "include them, such as below /gov")]
    if path == callback:
        return []
    fix = "set GOVCOMPONENTS_IDENTITY__REDIRECT_URL to the callback's URL, and register it with the provider"
    if mounted and path.endswith(callback):
        fix = f"{mounted.format(prefix=path.removesuffix(callback))}; else {fix}"
    return [(f"people come back from signing in to {path}, and the callback is at {callback}", fix)]


def _holds_its_sandbox(gov: GovComponents | AsyncGovComponents) -> bool:
    try:
        gov.simulator  # noqa: B018  # it raises where there is none
    except ConfigurationError:
        return False
    return True


def of_access_logs() -> list[tuple[str, str]]:
    """Return the problem of logs of access that would hold the code of a sign-in, and how to mend it."""
    return [
        (
            f"the log {name!r} is not masked: the query of a callback holds the code of a sign-in",
            f'call hide_callback_queries("{name}") of govcomponents.web, or take the log away',
        )
        for name in unmasked()
    ]


def without_secret(gov: GovComponents) -> list[str]:
    """Return the components in use whose provider sends callbacks that nothing is set to prove by."""
    found = []
    for component in UNPROVED:
        try:
            (gov.pay if component == "pay" else gov.notify).parse_callback(b"", {})
        except GovComponentsError as error:
            if _is_unproved(error):
                found.append(component)
    return found


async def _without_secret_async(gov: AsyncGovComponents) -> list[str]:
    found = []
    for component in UNPROVED:
        try:
            await (gov.pay if component == "pay" else gov.notify).parse_callback(b"", {})
        except GovComponentsError as error:
            if _is_unproved(error):
                found.append(component)
    return found


def _is_unproved(error: GovComponentsError) -> bool:
    """Whether nothing is set; other errors say that a component is not in use, or its provider sends no callbacks."""
    return isinstance(error, CallbackRefused) and error.code == NOT_CONFIGURED


def _find(gov: GovComponents) -> _Found:
    try:
        redirect_url = gov.identity.start().pending.redirect_url
    except GovComponentsError:  # nobody signs in here, or the provider is away, which its own line tells
        redirect_url = None
    return _Found(gov.check(), without_secret(gov), redirect_url)


async def _find_async(gov: AsyncGovComponents) -> _Found:
    try:
        redirect_url = (await gov.identity.start()).pending.redirect_url
    except GovComponentsError:
        redirect_url = None
    try:
        return _Found(await gov.check(), await _without_secret_async(gov), redirect_url)
    finally:
        await gov.aclose()  # its connections are of this loop, which ends


def check_lines(results: Sequence[CheckResult]) -> list[str]:
    """Return a line for each component and account, and one more for what is wrong."""
    words = {True: "ok", False: "FAILED", None: "cannot be asked"}
    lines: list[str] = []
    for one in results:
        lines.append(f"{one.component} {one.account}: {one.provider}: {words[one.ok]}")
        if one.problem and one.ok is False:
            lines.append(f"    {one.problem}")
    return lines
