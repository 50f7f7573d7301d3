"""Places where sign-ins that are under way wait: each binds them to a browser, bounds them, and lets go of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlalchemy")

from govcomponents import ConfigurationError, GovComponents, Secret
from govcomponents.durable import Durable, SqlPendingStore
from govcomponents.identity import PendingSignIn
from govcomponents.web import NotSignedIn, PendingStore, Requirement, SignedIn, SignInCookies, WebHandlers, WebRequest
from govcomponents.web.pending_places import InCookies, InSession, InStore, PendingPlace, place_of

NEW = Secret("a new secret of the tests, long enough")
HOUR = 3600
NOTHING = Requirement()


class Clock:
    now = 1_780_000_000.0

    def __call__(self) -> float:
        return self.now


class Visitor:
    """A browser, with a session on the server where there is one."""

    def __init__(self, *, has_session: bool) -> None:
        self.cookies: dict[str, str] = {}
        self.session: dict[str, Any] | None = {} if has_session else None

    def request(self, query: str = "") -> WebRequest:
        return WebRequest(query, dict(self.cookies), "/", self.session)

    def keep(self, set_cookies: tuple[str, ...]) -> None:
        for cookie in set_cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            if "Max-Age=0;" in cookie:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cookies(clock: Clock) -> SignInCookies:
    return SignInCookies([NEW], clock=clock)


@pytest.fixture
def store(tmp_path: Path):
    with GovComponents.sandbox() as gov:
        later = Durable(gov, f"sqlite:///{tmp_path / 'store.db'}")
        later.migrate()
        yield later.sign_ins_under_way
        later.engine.dispose()


@pytest.fixture(params=["cookie", "session", "store"])
def place(request: pytest.FixtureRequest, cookies: SignInCookies, store: SqlPendingStore) -> PendingPlace:
    return place_of(store if request.param == "store" else request.param, cookies)


@pytest.fixture
def visitor(place: PendingPlace) -> Visitor:
    return Visitor(has_session=isinstance(place, InSession))


@pytest.fixture(scope="module")
def begun() -> list[PendingSignIn]:
    with GovComponents.sandbox() as gov:
        return [gov.identity.start().pending for _ in range(7)]


def test_a_sign_in_waits_for_its_browser_and_is_let_go_of(
    place: PendingPlace, visitor: Visitor, begun: list[PendingSignIn]
) -> None:
    one, other, *_ = begun
    for pending in (one, other):
        visitor.keep(place.keep(visitor.request(), pending))
    state = one.state.reveal()
    assert place.find(visitor.request(), state) == one
    stranger = Visitor(has_session=visitor.session is not None)
    stranger.keep(place.keep(stranger.request(), begun[2]))
    assert place.find(stranger.request(), state) is None
    stranger.keep(place.end(stranger.request(), state))
    assert place.find(visitor.request(), state) == one
    visitor.keep(place.end(visitor.request(), state))
    assert place.find(visitor.request(), state) is None
    assert place.find(visitor.request(), other.state.reveal()) == other


def test_the_newest_five_of_a_browser_wait(
    place: PendingPlace, visitor: Visitor, begun: list[PendingSignIn], clock: Clock
) -> None:
    stranger = Visitor(has_session=visitor.session is not None)
    stranger.keep(place.keep(stranger.request(), begun[0]))
    for pending in begun:
        clock.now += 1
        visitor.keep(place.keep(visitor.request(), pending))
    found = [place.find(visitor.request(), pending.state.reveal()) is not None for pending in begun]
    assert found == [False, False, True, True, True, True, True]
    assert place.find(stranger.request(), begun[0].state.reveal()) is not None


def test_a_sign_in_waits_for_an_hour(
    place: PendingPlace, visitor: Visitor, begun: list[PendingSignIn], clock: Clock
) -> None:
    visitor.keep(place.keep(visitor.request(), begun[0]))
    clock.now += HOUR - 1
    assert place.find(visitor.request(), begun[0].state.reveal()) is not None
    clock.now += 1
    assert place.find(visitor.request(), begun[0].state.reveal()) is None


def test_neither_browser_nor_place_can_read_a_sign_in_on_the_server(
    cookies: SignInCookies, store: SqlPendingStore, begun: list[PendingSignIn], tmp_path: Path
) -> None:
    in_session, in_store = Visitor(has_session=True), Visitor(has_session=False)
    in_session.keep(InSession(cookies).keep(in_session.request(), begun[0]))
    in_store.keep(InStore(cookies, store).keep(in_store.request(), begun[0]))
    assert (in_session.cookies, list(in_store.cookies)) == ({}, ["__Host-gov-browser"])
    (browser,) = in_store.cookies.values()
    written = repr(in_session.session).encode() + (tmp_path / "store.db").read_bytes()
    pending = begun[0]
    for secret in (pending.state.reveal(), pending.nonce.reveal(), pending.code_verifier.reveal(), browser):
        assert secret.encode() not in written


def test_what_is_over_goes_when_the_next_one_comes(
    cookies: SignInCookies, store: SqlPendingStore, begun: list[PendingSignIn], clock: Clock
) -> None:
    place = InStore(cookies, store)
    place.keep(Visitor(has_session=False).request(), begun[0])
    clock.now += HOUR
    place.keep(Visitor(has_session=False).request(), begun[1])
    with store._engine.connect() as connection:  # to count what no method tells
        assert connection.exec_driver_sql("SELECT count(*) FROM gov_signing_in").scalar() == 1


@pytest.mark.parametrize("spoilt", ["text", 7, [], [["a"]], [["a", 1]], [None], {"a": "b"}])
def test_a_session_that_holds_something_else_holds_no_sign_in(
    cookies: SignInCookies, begun: list[PendingSignIn], spoilt: object
) -> None:
    place, visitor = InSession(cookies), Visitor(has_session=True)
    visitor.session = {"govcomponents.signing_in": spoilt}
    assert place.find(visitor.request(), begun[0].state.reveal()) is None
    place.keep(visitor.request(), begun[0])
    assert place.find(visitor.request(), begun[0].state.reveal()) == begun[0]


def test_a_sign_in_under_the_name_of_another_is_none(cookies: SignInCookies, begun: list[PendingSignIn]) -> None:
    place, visitor = InCookies(cookies), Visitor(has_session=False)
    visitor.keep(place.keep(visitor.request(), begun[0]))
    (name,) = visitor.cookies
    visitor.cookies[name] = cookies.seal_pending(begun[1])
    assert place.find(visitor.request(), begun[0].state.reveal()) is None


def test_cookies_that_only_look_like_sign_ins_are_left_alone(
    cookies: SignInCookies, begun: list[PendingSignIn]
) -> None:
    place = InCookies(cookies)
    odd = {f"__Host-gov-signing-in.{name}": "x" for name in ('"a', "(x)", "\xe9", "\u0142", "q", "r,", "1.2", "")}
    assert len(place.keep(WebRequest(cookies=odd), begun[0])) == 1
    ours = {f"__Host-gov-signing-in.{number:016}.{number:024x}": "x" for number in range(5)}
    _, *ended = place.keep(WebRequest(cookies=odd | ours), begun[0])
    assert [one.partition("=")[0] for one in ended] == [min(ours)]


def test_a_browser_that_names_itself_badly_gets_a_new_name(
    cookies: SignInCookies, store: SqlPendingStore, begun: list[PendingSignIn]
) -> None:
    place = InStore(cookies, store)
    for name in ("", "short", "a" * 44, "a" * 42 + "\xe9"):
        (cookie,) = place.keep(WebRequest(cookies={"__Host-gov-browser": name}), begun[0])
        assert not name or f"={name};" not in cookie


def test_a_place_that_there_is_not_is_refused(cookies: SignInCookies) -> None:
    for bad in ("database", "redis", None, object()):
        with pytest.raises(ConfigurationError, match="no such place"):
            place_of(bad, cookies)


def test_a_session_that_is_not_there_is_told_to_whoever_asked_for_it(
    cookies: SignInCookies, begun: list[PendingSignIn]
) -> None:
    with pytest.raises(ConfigurationError, match="on the server"):
        InSession(cookies).keep(WebRequest(), begun[0])


def test_a_store_of_the_services_own_may_be_given() -> None:
    class OwnStore:
        def keep(self, browser: str, key: str, sealed: str, until: float, now: float, limit: int) -> None: ...

        def find(self, key: str, now: float) -> str | None: ...

        def end(self, key: str) -> None: ...

    assert isinstance(OwnStore(), PendingStore)
    assert not isinstance(object(), PendingStore)


@pytest.mark.parametrize("where", ["cookie", "session", "store"])
def test_of_many_callbacks_at_once_one_signs_in(where: str, tmp_path: Path) -> None:
    with GovComponents.sandbox() as gov:
        gov.simulator.one_login.sign_in_as("SAM")
        later = Durable(gov, f"sqlite:///{tmp_path / 'store.db'}")
        later.migrate()
        sealing = SignInCookies([NEW], clock=gov.runtime.clock)
        pending = later.sign_ins_under_way if where == "store" else where
        processes = [WebHandlers(gov, sealing, used=later.used_once, pending=pending) for _ in range(8)]
        visitor = Visitor(has_session=where == "session")
        begun = processes[0].sign_in(visitor.request(), NOTHING, "/renew")
        headers = [value for name, value in begun.headers if name == "Set-Cookie"]
        visitor.keep(tuple(headers))
        url = dict(begun.headers)["Location"]
        query = gov.simulator.visit(url).headers["location"].partition("?")[2]
        came = visitor.request(query)
        with ThreadPoolExecutor(8) as pool:
            ends = list(pool.map(lambda handlers: handlers.callback(came), processes))
        assert [type(one) for one in ends].count(SignedIn) == 1
        for one in ends:
            assert one.answer.status == 303
            assert isinstance(one, SignedIn) or (isinstance(one, NotSignedIn) and one.error is None)
        later.engine.dispose()
