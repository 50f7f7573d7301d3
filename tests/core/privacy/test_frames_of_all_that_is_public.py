"""Whatever is public leaves its frames behind: each call of each door, with wrong values that hold a canary."""

from __future__ import annotations

import enum
import importlib
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_origin

import pytest
from pydantic import BaseModel

from canary.telling import told_by_error
from govcomponents import GovComponentsError, adapters
from govcomponents.core.observe import Observer
from govcomponents.privacy import Guarded
from govcomponents.refusing import Refusing
from spellings import leaked

CANARY = "canary7d1f-secret-7d1f"
DOORS = ("", ".pay", ".notify", ".identity", ".durable", ".observability")
WRONG = (
    CANARY,
    f"{CANARY}\ud800",
    CANARY.encode(),
    [CANARY],
    (CANARY,),
    {CANARY: CANARY},
    {"api_key": {CANARY: 1}, "kty": CANARY, "d": CANARY, "name": [CANARY]},
    f'{{"api_key": "{CANARY}", "pay": {{"api_key": ["{CANARY}"]}}, "kty": "EC", "d": "{CANARY}"}}',
)
NAMED = {
    # The developer's own files: an error names them, and the sections of a world of invented people.
    "TemplateRegistry.from_toml": {"path"},
    "Settings.from_toml": {"path"},
    "GovComponents.sandbox": {"world"},
    "AsyncGovComponents.sandbox": {"world"},
    "PaySettings": {"accounts"},  # their names, which an error must tell apart
    "NotifySettings": {"accounts"},
    "IdentitySettings": {"accounts"},
}
PYDANTICS = {name for name in dir(BaseModel) if not name.startswith("model_validate")}
"""What pydantic gives every model: none of it takes people's data but the readers, and those are looked at."""


RAISE_NOTHING = {"by_account", "declared", "secrets", "variable"}
"""Of a section of settings, in which every value is checked when it is made."""


def _names(kind: type) -> bool:
    """Whether a class only names things: members of enumerations, protocols without code of ours, and our errors.

    Every argument of our errors is safe to log, as `GovComponentsError` says.
    """
    return issubclass(kind, (enum.Enum, GovComponentsError)) or getattr(kind, "_is_protocol", False)


def _public() -> Iterator[tuple[str, Any]]:
    found: dict[int, tuple[str, Any]] = {}
    for door in DOORS:
        module = importlib.import_module(f"govcomponents{door}")
        for name in module.__all__:
            found.setdefault(id(getattr(module, name)), (name, getattr(module, name)))
    for name in adapters.__all__:
        one = getattr(adapters, name)
        if inspect.isclass(one) and issubclass(one, Refusing):
            found.setdefault(id(one), (name, one))
    for name, one in found.values():
        # An id, or a union of types, is for type checkers: nobody gives it anything.
        is_type = not inspect.isclass(one) and (hasattr(one, "__supertype__") or get_origin(one) is not None)
        if callable(one) and not is_type and not (inspect.isclass(one) and _names(one)):
            yield name, one


def _calls() -> Iterator[tuple[str, Callable[..., object]]]:
    """Every function and every making of a class."""
    for name, one in _public():
        yield name, one
        if inspect.isclass(one):
            for member, found in inspect.getmembers_static(one):
                is_call = isinstance(found, (classmethod, staticmethod)) and not member.startswith("_")
                if is_call and not (issubclass(one, BaseModel) and member in PYDANTICS):
                    yield f"{name}.{member}", getattr(one, member)


def _attempts(name: str, call: Callable[..., object]) -> Iterator[tuple[list[object], dict[str, object]]]:
    """Arguments for a call: each wrong value for all of its parameters, and for each of them alone."""
    given = [one for one in inspect.signature(call).parameters.values() if one.name not in NAMED.get(name, ())]
    for wrong in WRONG:
        before = [wrong for one in given if one.kind in (one.POSITIONAL_ONLY, one.VAR_POSITIONAL)]
        named: dict[str, object] = {}
        for one in given:
            if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY):
                named[one.name] = wrong
            elif one.kind is one.VAR_KEYWORD:
                named |= {"api_key": wrong, "no_such_name": wrong}
        yield before, named
        for alone in named:
            yield before, {alone: wrong}


def _told(call: Callable[..., object], before: list[object], named: Mapping[str, object]) -> str:
    try:
        call(*before, **named)
    except Exception as error:  # noqa: BLE001  # whatever came out
        return "\n".join(told_by_error(error))
    return ""


CALLS = dict(_calls())


@pytest.mark.parametrize("name", CALLS)
def test_a_public_call_that_fails_tells_nothing_of_what_it_was_given(name: str) -> None:
    call, telling = CALLS[name], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for before, named in _attempts(name, call):
            if leaked({CANARY}, _told(call, before, named)):
                telling.append(named or before)
    assert telling == []


def test_what_is_called_is_found() -> None:
    """So that an enumeration that finds nothing is seen."""
    asked = {"signer_of", "PendingCookie", "CardholderDetails", "BillingAddress", "phone_number", "postal_address"}
    asked |= {"PaySettings", "NotifySettings", "IdentitySettings", "PaySettings.model_validate", "Money.of"}
    asked |= {"email_address", "attach", "PendingSignIn.load", "Settings.from_toml", "GovComponents.from_settings"}
    assert asked <= CALLS.keys()
    assert leaked({CANARY}, _told(_failing, [CANARY], {}))


def _failing(secret: str) -> None:
    raise LookupError(secret)


def test_every_public_method_leaves_its_frames_behind() -> None:
    bare = []
    for name, one in _public():
        if not inspect.isclass(one) or issubclass(one, (Guarded, Observer)):
            continue
        for member, found in inspect.getmembers_static(one):
            call = found.__func__ if isinstance(found, (classmethod, staticmethod)) else found
            is_ours = inspect.isfunction(call) and str(call.__module__).startswith("govcomponents")
            is_looked_at = is_ours and not member.startswith("_") and member not in RAISE_NOTHING
            if is_looked_at and not hasattr(call, "__leaves_frames_behind__"):
                bare.append(f"{name}.{member}")
    assert bare == []


READERS = ("model_validate", "model_validate_json", "model_validate_strings", "parse_obj", "parse_raw", "from_orm")
VALUES = [one for one in WRONG if not (isinstance(one, Mapping) and CANARY in one)]  # names of fields are told


@pytest.mark.parametrize("model", sorted(Refusing.__subclasses__(), key=lambda one: one.__name__))
def test_no_way_to_read_a_model_tells_what_it_was_given(model: type[Refusing]) -> None:
    """Also pydantic's older ways, and what is set on a model that is made."""
    telling = []
    for kind in (model, *model.__subclasses__()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in (*READERS, "validate"):
                telling += [(kind, name) for one in VALUES if leaked({CANARY}, _told(getattr(kind, name), [one], {}))]
            made = kind.model_construct()
            for field in (*kind.model_fields, "no_such_name"):
                telling += [(kind, field) for one in VALUES if leaked({CANARY}, _told(setattr, [made, field, one], {}))]
    assert telling == []
