"""Rules about settings: worlds that do not go together, and what is weak, shared, open, misspelt or missing."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govcomponents.check.credentials import credential_in
from govcomponents.check.settings.names import misspelt
from govcomponents.core.guessing import PLAIN, STRONG, is_guessable
from govcomponents.core.validation import is_on_this_machine, url_parts
from govcomponents.errors import ConfigurationError
from govcomponents.identity.adapters.live_hosts import live_hosts
from govcomponents.privacy import Secret
from govcomponents.secret_checks import is_published_secret
from govcomponents.settings import comma_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from govcomponents.check.findings import Finding
    from govcomponents.check.settings.sources import Source

_LIVE: Final = re.compile(r"[a-z]+(?:_[a-z]+)*_live_")
_TEST: Final = re.compile(r"[a-z]+(?:_[a-z]+)*_test_")
_CI: Final = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "JENKINS_URL", "BUILDKITE", "CIRCLECI")
_PIPELINES: Final = re.compile(
    r"(?:^|/)(?:\.github/workflows/|\.gitlab-ci|\.circleci/|azure-pipelines|bitbucket-pipelines|Jenkinsfile)"
)
_PROOFS: Final = (("pay", "webhook_secrets"), ("notify", "callback_tokens"))
_LEAST: Final = 16
_OF_ALL: Final = re.compile(r"\A(?:whsec|webhook_(?:live|test))_")
"""What the secrets of everybody's webhooks begin with."""
_INTEGRATION: Final = re.compile(r"\b(?:integration|sandbox|identitysandbox|int|staging|test|uat)\b", re.IGNORECASE)


def check_settings(found: Iterable[Source], callbacks: frozenset[str] | None, *, ci: bool) -> Iterator[Finding]:
    """Give what breaks the rules about settings.

    `callbacks` are the components whose callbacks the code takes, or None if there is no code to be seen; `ci` says
    that this process is a pipeline's.
    """
    every = list(found)
    for source in every:
        yield from misspelt(source)
        yield from _worlds(source, ci=ci)
        yield from _written_down(source)
        yield from _issuers(source)
        yield from _urls(source)
        yield from _weak(source)
        yield from _keys(source)
        if source.is_whole and source.components:
            yield from _missing(source, callbacks)
    yield from _shared(every)


def is_ci(environment: Iterable[str]) -> bool:
    """Whether a process with these variables is a pipeline's."""
    return any(name in _CI for name in environment)


def _worlds(source: Source, *, ci: bool) -> Iterator[Finding]:
    is_pipeline = bool(_PIPELINES.search(source.path)) or (ci and source.path == "environment")
    for variable, key in source.each("pay", "api_key"):
        if _LIVE.match(key):
            if is_pipeline:
                yield source.finding("GC101", variable, f"{variable} is a live key, in a pipeline")
            elif source.environment != "production":
                what = source.environment or "a process that does not say that it is production"
                yield source.finding("GC101", variable, f"{variable} is a live key, in {what}")
        elif _TEST.match(key) and source.environment == "production":
            yield source.finding("GC107", variable, f"{variable} is a key for tests, in production")


def _written_down(source: Source) -> Iterator[Finding]:
    """GC309 where a file of deployment holds a credential that production has: it lies in the repository."""
    if source.is_whole or _PIPELINES.search(source.path) or source.environment not in (None, "production"):
        return  # GC101 says it of a live key that should not be there at all
    for variable, text in source.texts.items():
        what = credential_in(text)
        if what and (source.environment == "production" or not _LIVE.match(text)):
            yield source.finding("GC309", variable, f"{what} is written into {variable}")


def _issuers(source: Source) -> Iterator[Finding]:
    is_production = source.environment == "production"
    for variable, environment in source.each("identity", "environment"):
        if is_production and environment == "integration":
            yield source.finding("GC105", variable, f"{variable} is integration, in production")
        elif source.environment not in (None, "production") and environment == "production":
            yield source.finding("GC106", variable, f"{variable} is production, in {source.environment}")
    for variable, issuer in source.each("identity", "issuer"):
        host = _host(issuer)
        if (
            is_production
            and host
            and (is_on_this_machine(host) or (host not in live_hosts() and _INTEGRATION.search(host)))
        ):
            yield source.finding("GC105", variable, f"{variable} is {host}, in production")
        elif source.environment not in (None, "production") and host in live_hosts():
            yield source.finding("GC106", variable, f"{variable} is {host}, where real people sign in")
    for component in ("pay", "notify"):
        for variable, url in source.each(component, "base_url"):
            host = _host(url)
            if is_production and host and is_on_this_machine(host):
                yield source.finding("GC105", variable, f"{variable} is on this machine, in production")


def _urls(source: Source) -> Iterator[Finding]:
    for variable, url in source.each("identity", "redirect_url"):
        parts = url_parts(url)
        if parts is None or not parts.hostname:
            yield source.finding("GC103", variable, f"{variable} is not a whole URL")
        elif parts.scheme != "https" and not is_on_this_machine(parts.hostname):
            yield source.finding("GC103", variable, f"{variable} is not https")
        elif is_on_this_machine(parts.hostname) and source.environment == "production":
            yield source.finding("GC103", variable, f"{variable} is on this machine, in production")
        elif parts.fragment:
            yield source.finding("GC103", variable, f"{variable} has a fragment, which providers refuse")


def _missing(source: Source, callbacks: frozenset[str] | None) -> Iterator[Finding]:
    if not source.environment and "GOVCOMPONENTS_ENVIRONMENT" not in source.values:
        yield source.finding("GC104", "", "GOVCOMPONENTS_ENVIRONMENT is not set: nothing guards against live keys")
    told = "the code takes callbacks of {}"
    if callbacks is None:  # a receipt of a message can be done without, and news of a payment hardly
        callbacks = frozenset({"pay"} if source.environment == "production" else ())
        told = "without it no callback of {} can be proved"
    for component, setting in _PROOFS:
        if component in callbacks & source.components and not source.has(component, setting):
            variable = f"GOVCOMPONENTS_{component.upper()}__{setting.upper()}"
            yield source.finding("GC102", "", f"{variable} is not set, and {told.format(component)}")


def _weak(source: Source) -> Iterator[Finding]:
    fewest = STRONG if source.environment == "production" else PLAIN
    for component, setting in _PROOFS:
        for variable, text in source.each(component, setting):
            for one in comma_parts(text):
                random = _OF_ALL.sub("", one)
                if is_published_secret(one):
                    if source.environment == "production":
                        yield source.finding("GC108", variable, f"{variable} is published: everybody has it")
                        break
                elif len(random) < _LEAST or is_guessable(random, fewest=fewest):
                    yield source.finding("GC108", variable, f"{variable} could be guessed")
                    break


def _shared(found: list[Source]) -> Iterator[Finding]:
    """One secret, in two settings, in two accounts or in two worlds."""
    holders: dict[str, tuple[Source, str]] = {}
    for source in found:
        for component, setting in (*_PROOFS, ("pay", "api_key"), ("notify", "api_key"), ("identity", "private_key")):
            for variable, text in source.each(component, setting):
                for one in set([text.strip()] if setting == "private_key" else comma_parts(text)) - {""}:
                    first, name = holders.setdefault(one, (source, variable))
                    if first is source and name != variable:
                        yield source.finding("GC109", variable, f"{variable} and {name} are the same secret")
                    elif first is not source and _other_world(first, source):
                        yield source.finding("GC109", variable, f"{variable} is the same secret as in {first.path}")


def _other_world(one: Source, other: Source) -> bool:
    worlds = {one.environment, other.environment}
    return "production" in worlds and len(worlds) > 1 and None not in worlds


def _keys(source: Source) -> Iterator[Finding]:
    for variable, name in source.each("identity", "private_key_file"):
        place = Path(name)
        if not place.is_absolute() and source.file is not None:
            place = source.file.place.parent / name
        try:
            mode, text = place.stat().st_mode, place.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue  # it is put there where the service is deployed
        if mode & (stat.S_IRGRP | stat.S_IROTH | stat.S_IWGRP | stat.S_IWOTH):
            yield source.finding("GC110", variable, f"{place.name} can be read by others than its owner")
        yield from _weak_key(source, variable, text)
    for variable, text in source.each("identity", "private_key"):
        yield from _weak_key(source, variable, text.replace("\\n", "\n"))


def _weak_key(source: Source, variable: str, text: str) -> Iterator[Finding]:
    from govcomponents.identity.jose.own_keys import signer_of

    algorithm = next((value for _, value in source.each("identity", "signing_algorithm")), None)
    if not algorithm:
        algorithm = "ES256" if "EC PRIVATE" in text else "RS256"
    problems = []
    for one in dict.fromkeys((algorithm, "RS256", "ES256")):
        try:
            signer_of(Secret(text), algorithm=one)
        except ConfigurationError as error:
            problems.append(error.happened)
        else:
            return
    yield source.finding("GC111", variable, f"{variable} is no key to sign with: {problems[0]}")


def _host(url: str) -> str:
    parts = url_parts(url)
    return parts.hostname or "" if parts is not None else ""
