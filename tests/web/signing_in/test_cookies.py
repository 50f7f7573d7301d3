"""The cookies of a sign-in: sealed under secrets that can be changed, each kind for itself, and good for a time."""

from __future__ import annotations

from typing import Any

import pytest

from govcomponents import ConfigurationError, GovComponents, InvalidInput, Personal, Secret
from govcomponents.identity import Authentication, Confidence, PendingSignIn
from govcomponents.web import Person, Requirement, SignInCookies

OLD, NEW = Secret("an old secret of the tests, long enough"), Secret("a new secret of the tests, long enough")


class Clock:
    now = 1_780_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize("given", [OLD.reveal(), [OLD.reveal()], OLD, [None]])
def test_secrets_are_given_as_secrets(given: Any) -> None:
    with pytest.raises(InvalidInput, match="list of Secret"):
        SignInCookies(given)


@pytest.mark.parametrize("life", [0, -1, True, 1.5, "3600", None])
def test_a_life_is_a_whole_number_of_seconds(life: Any) -> None:
    with pytest.raises(InvalidInput, match="life"):
        SignInCookies([OLD], life=life)


@pytest.mark.parametrize("max_age", [-1, 86_401, True, 1.5, "60"])
def test_a_requirement_that_no_provider_can_be_asked_for_is_refused_where_it_is_written(max_age: Any) -> None:
    with pytest.raises(InvalidInput, match="from 0 to 86400"):
        Requirement.of(max_age=max_age)


def person() -> Person:
    return Person(
        provider="GOV.UK One Login",
        issuer="https://oidc.account.gov.uk/",
        subject=Personal("urn:fdc:gov.uk:2022:sam"),
        confidence=Confidence.MEDIUM,
        authentication=Authentication.TWO_FACTOR,
        signed_in_at=1_780_000_000,
        session=Secret("a-session"),
        id_token=Secret("a.b.c"),
    )


def pending() -> PendingSignIn:
    with GovComponents.sandbox() as gov:
        return gov.identity.start().pending


def kept(cookies: tuple[str, ...]) -> dict[str, str]:
    return dict(cookie.split(";")[0].split("=", 1) for cookie in cookies)


def test_a_person_comes_back_as_they_were(clock: Clock) -> None:
    cookies = SignInCookies([NEW], life=60, clock=clock)
    jar = kept(cookies.keep_person(person()))
    found = cookies.person(jar)
    assert found == person()
    assert found is not None
    assert found.subject.reveal() == "urn:fdc:gov.uk:2022:sam"


def test_nothing_of_the_person_can_be_read_in_the_cookie(clock: Clock) -> None:
    (cookie,) = SignInCookies([NEW], clock=clock).keep_person(person())
    assert "sam" not in cookie
    assert "sam" not in repr(person())


def test_a_cookie_is_good_for_its_life_and_no_longer(clock: Clock) -> None:
    cookies = SignInCookies([NEW], life=60, clock=clock)
    jar = kept(cookies.keep_person(person()))
    clock.now += 60
    assert cookies.person(jar) is not None
    clock.now += 1
    assert cookies.person(jar) is None


def test_secrets_are_changed_without_signing_anybody_out(clock: Clock) -> None:
    jar = kept(SignInCookies([OLD], clock=clock).keep_person(person()))
    assert SignInCookies([NEW, OLD], clock=clock).person(jar) == person()
    assert SignInCookies([NEW], clock=clock).person(jar) is None


def test_one_kind_of_cookie_cannot_stand_in_for_the_other(clock: Clock) -> None:
    cookies = SignInCookies([NEW], clock=clock)
    begun = pending()
    sealed = cookies.seal_pending(begun)
    assert cookies.person({"__Host-gov-signed-in": sealed}) is None
    ((_, person_sealed),) = kept(cookies.keep_person(person())).items()
    with pytest.raises(InvalidInput):
        cookies.open_pending(person_sealed)
    assert cookies.open_pending(sealed) == begun


@pytest.mark.parametrize("secrets", [[], [Secret("")], [Secret("x" * 31)], [NEW, Secret("short")]])
def test_a_secret_that_can_be_guessed_is_refused(secrets: list[Secret]) -> None:
    with pytest.raises(ConfigurationError, match="32 characters"):
        SignInCookies(secrets)
