"""The providers that a sandbox can stand in for: the built-in ones, and others' packages through entry points.

A built-in provider is one folder here and one line of `BUILT_IN`; the attributes of `BuiltInStubs` are for type
checkers. A stranger's is named by an entry point of the group `govcomponents.sandbox`, and needs no line here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.faults.catalogue import FaultDescription, describe
from govcomponents.sandbox.plugins.provider import ProviderSpec, ProviderStub

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoint

    from govcomponents.sandbox.identity_provider.stub import OpenIdStub
    from govcomponents.sandbox.providers.gc_notify.stub import GcNotifyStub
    from govcomponents.sandbox.providers.govuk_notify.stub import GovUkNotifyStub
    from govcomponents.sandbox.providers.govuk_pay.stub import GovUkPayStub
    from govcomponents.sandbox.providers.one_login.stub import OneLoginStub
    from govcomponents.sandbox.providers.smtp.stub import SmtpStub
    from govcomponents.sandbox.providers.stripe.stub import StripeStub

ENTRY_POINTS: Final = "govcomponents.sandbox"
BUILT_IN: Final[Mapping[str, str]] = {
    "pay": "govuk_pay",
    "notify": "govuk_notify",
    "one_login": "one_login",
    "stripe": "stripe",
    "openid": "openid",
    "login_gov": "login_gov",
    "gc_notify": "gc_notify",
    "smtp": "smtp",
}
"""The sections of a world that built-in providers have, with the folder of each."""
StubT = TypeVar("StubT")


class StubOf(Generic[StubT]):
    """The stub of a built-in provider as an attribute of the sandbox. Raises ConfigurationError without its section."""

    def __init__(self, section: str) -> None:
        self._section = section

    def __get__(self, sandbox: BuiltInStubs, _owner: type) -> StubT:
        return cast("StubT", sandbox.provider(self._section))


class BuiltInStubs:
    """The built-in providers' stubs by name, each with its own type; `provider` finds every stub."""

    pay: StubOf[GovUkPayStub] = StubOf("pay")
    notify: StubOf[GovUkNotifyStub] = StubOf("notify")
    one_login: StubOf[OneLoginStub] = StubOf("one_login")
    stripe: StubOf[StripeStub] = StubOf("stripe")
    openid: StubOf[OpenIdStub] = StubOf("openid")
    login_gov: StubOf[OpenIdStub] = StubOf("login_gov")
    gc_notify: StubOf[GcNotifyStub] = StubOf("gc_notify")
    smtp: StubOf[SmtpStub] = StubOf("smtp")

    def provider(self, section: str) -> ProviderStub:
        """Return the stub of a section of the world."""
        raise NotImplementedError("the sandbox holds the stubs")


def find_spec(section: str) -> ProviderSpec:
    """Return the provider whose section of a world that is. A built-in one cannot be shadowed.

    Raises ConfigurationError if there is none, if two packages claim the section, or if it cannot be loaded.
    """
    if section in BUILT_IN:
        spec: ProviderSpec = import_module(f"{__name__}.{BUILT_IN[section]}").SPEC
        return spec
    installed = _installed()
    found = [entry for entry in installed if entry.name == section]
    if not found:
        known = ", ".join([*BUILT_IN, *sorted({entry.name for entry in installed})])
        raise ConfigurationError(f"the world has an unknown section {section!r}", fix=f"the sections are {known}")
    if len({entry.value for entry in found}) > 1:
        raise ConfigurationError(
            f"{len(found)} installed packages claim the world's section {section!r}",
            fix="uninstall all but one of them",
        )
    return _load(found[0])


def _installed() -> list[EntryPoint]:
    from importlib.metadata import entry_points

    return [entry for entry in entry_points(group=ENTRY_POINTS) if entry.name not in BUILT_IN]


def _load(entry: EntryPoint) -> ProviderSpec:
    try:
        spec = entry.load()
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"the sandbox's provider {entry.name!r} cannot be imported ({type(error).__name__})",
            fix=f"install what its package {entry.module.partition('.')[0]} needs",
        ) from None
    if not isinstance(spec, ProviderSpec) or spec.section != entry.name:
        raise ConfigurationError(
            f"the entry point {entry.name!r} of the group {ENTRY_POINTS} is no provider of that section",
            fix="point it at a ProviderSpec, and name it by the spec's section",
        )
    return spec


def built_in_specs() -> tuple[ProviderSpec, ...]:
    """Every built-in provider, in the order of the table."""
    return tuple(find_spec(section) for section in BUILT_IN)


def fault_catalogue() -> dict[str, FaultDescription]:
    """Every fault of the built-in providers, by name."""
    return describe({spec.section: spec.all_faults() for spec in built_in_specs()})
