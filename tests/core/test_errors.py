from __future__ import annotations

import copy
import datetime as dt
import inspect
import pickle

import pytest

from govcomponents import Personal, errors
from govcomponents.errors import GovComponentsError, IdentityNotProved, SignInReason

FACTS = {"operation": "pay.create", "provider": "Provider", "status": 418, "code": "P0001", "request_id": "req-1"}
WAYS: dict[str, dict[str, object]] = {
    "InvalidInput": {"field": "email", "problem": "too long", "fix": "shorten it"},
    "ReferenceReused": {"operation": "notify.send_email"},
    "UnreadableItems": {"ids": ("pay-1",)},
    "NotSupported": {"provider": "Provider"},
    "RateLimited": {"retry_after": 7.0},
    "DailyLimitReached": {"retry_after": 7.0, "resets_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)},
    "SignInError": {"reason": SignInReason.BAD_NONCE},
    "SignInRejected": {"reason": SignInReason.BAD_NONCE},
    "SignInDenied": {"reason": SignInReason.PROVIDER_ERROR},
    "SignInUnavailable": {"reason": SignInReason.PROVIDER_UNAVAILABLE},
    "IdentityNotProved": {"subject": Personal("canary"), "return_codes": ("A", "X")},
}
CLASSES = [
    getattr(errors, name)
    for name in errors.__all__
    if inspect.isclass(getattr(errors, name)) and issubclass(getattr(errors, name), Exception)
]


def _make(kind: type[GovComponentsError], **more: object) -> GovComponentsError:
    arguments = {**WAYS.get(kind.__name__, {}), **more}
    return kind(**arguments) if issubclass(kind, errors.InvalidInput) else kind("it went wrong", **arguments)


def test_every_error_class_is_exported_and_drawn_in_the_docstring() -> None:
    defined = {
        name for name, value in vars(errors).items() if inspect.isclass(value) and value.__module__ == errors.__name__
    }
    assert defined - {"AnswerFacts", "Facts"} == set(errors.__all__)
    assert errors.__doc__ is not None
    drawn = errors.__doc__.replace("├──", "").replace("└──", "").replace("│", "").split()
    assert all(kind.__name__ in drawn for kind in CLASSES)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_survives_a_pickle_without_guarded_values(kind: type[GovComponentsError]) -> None:
    error = _make(kind)
    error.__cause__ = ValueError("canary")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error)
    assert repr(again) == repr(error)
    assert again.args == error.args
    assert b"canary" not in pickle.dumps(error)
    assert str(copy.deepcopy(error)) == str(error)
    assert {name for name in vars(error) if vars(error)[name] != vars(again)[name]} <= {"subject"}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_tells_how_to_fix_it_and_shows_no_guarded_value(kind: type[GovComponentsError]) -> None:
    error = _make(kind)
    if kind not in (errors.GovComponentsError, errors.ConfigurationError):
        assert error.fix
        assert f"To fix: {error.fix}" in str(error)
    assert "canary" not in f"{error} {error!r}"
    assert repr(error) == f"<{kind.__name__}: {error}>"
    assert isinstance(error, GovComponentsError)


def test_the_text_is_operation_provider_what_happened_facts_and_fix() -> None:
    error = errors.Refused("the provider said no", fix="ask for it", **FACTS)
    assert str(error) == (
        "pay.create (Provider): the provider said no [status 418, code P0001, request id req-1]. To fix: ask for it"
    )
    assert str(errors.GovComponentsError("only this")) == "only this"
    assert str(errors.GovComponentsError("this", provider="Provider")) == "Provider: this"
    of_account = errors.ConfigurationError("this")
    of_account.account = "moto"
    assert str(of_account) == "account moto: this"


def test_an_invalid_input_is_a_value_error_that_names_the_field() -> None:
    error = errors.InvalidInput(field="email", problem="too long", fix="shorten it", operation="notify.send_email")
    assert isinstance(error, ValueError)
    assert str(error) == "notify.send_email: email: too long; nothing was sent. To fix: shorten it"
    assert (error.field, error.problem) == ("email", "too long")


def test_a_lost_answer_says_how_to_look_it_up() -> None:
    error = errors.OutcomeUnknown("lost", lookup="search by reference", idempotency_key="key-1")
    assert (error.lookup, error.fix, error.idempotency_key) == ("search by reference", "search by reference", "key-1")
    assert errors.OutcomeUnknown("lost").fix == "repeat the call"
    assert errors.UnexpectedReply("odd", lookup="get it").fix == "get it"


def test_one_except_clause_catches_a_whole_branch() -> None:
    assert issubclass(errors.DailyLimitReached, errors.RateLimited)
    assert issubclass(errors.RateLimited, errors.Refused)
    assert issubclass(IdentityNotProved, errors.SignInError)
    error = _make(IdentityNotProved)
    assert isinstance(error, IdentityNotProved)
    assert (error.reason, error.return_codes) == (SignInReason.BAD_LEVEL, ("A", "X"))
    assert error.subject.reveal() == "canary"
