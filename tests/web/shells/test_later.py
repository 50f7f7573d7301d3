"""Shells with a durable layer store callbacks before they answer, and offer the worker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("flask")
pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")

import sqlalchemy as sa
from fastapi import FastAPI
from flask import Flask
from sqlalchemy.ext.asyncio import create_async_engine

from govcomponents import AsyncGovComponents, ConfigurationError, GovComponents
from govcomponents.contracts.web.browser import Browser, path_of
from govcomponents.durable import AsyncDurable, Durable
from govcomponents.identity import LogoutNotice
from govcomponents.integrations.fastapi import FastAPIGov
from govcomponents.integrations.flask import GovComponentsFlask
from govcomponents.notify import DeliveryReceipt
from govcomponents.pay import PaymentChanged
from govcomponents.sandbox.world import default_world
from govcomponents.testing import Callback, WebSuite
from web.shells.test_fastapi import AsgiClient
from web.shells.test_flask import FlaskClient

SECRET_KEY = "a secret of the tests, of forty characters"
WEBHOOK_SECRET = "webhook_test_renewalicence0sandbox0only"
TEMPLATE = "5ab1ec0d-0000-4000-8000-000000000101"
VALUES = {"name": "Sam", "amount": "£145.00", "reference": "RENEW-7", "refund": "no"}
BODY = WebSuite.paid_event()
SIGNED = WebSuite.signed(BODY, WEBHOOK_SECRET)


@pytest.fixture
def file(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def gov() -> Iterator[GovComponents]:
    with GovComponents.sandbox() as made:
        yield made


@pytest.fixture
def later(gov: GovComponents, file: str) -> Iterator[Durable]:
    made = Durable(gov, file)
    yield made
    made.engine.dispose()


@pytest.fixture
def app(later: Durable) -> Flask:
    made = Flask("service")
    made.config["SECRET_KEY"] = SECRET_KEY
    GovComponentsFlask(made, later=later)
    return made


def test_a_callback_is_stored_before_it_is_answered_and_handled_once(app: Flask, later: Durable) -> None:
    handled: list[str] = []

    @later.when(PaymentChanged)
    def paid(event: PaymentChanged, transaction: sa.Connection) -> None:
        handled.append(event.payment_id)

    client = app.test_client()
    assert [client.post("/gov/events/pay", data=BODY, headers=SIGNED).status_code for _ in range(3)] == [200] * 3
    assert handled == []
    assert later.run_due().handled == 1
    assert handled == ["hu20sqlact5260q2nanm0q8u93"]
    assert later.run_due().handled == 0


def test_a_callback_that_is_not_proved_is_not_stored(app: Flask, later: Durable) -> None:
    client = app.test_client()
    forged = WebSuite.signed(BODY, "webhook_of_somebody_else")
    assert client.post("/gov/events/pay", data=BODY, headers=forged).status_code == 401
    assert client.post("/gov/events/pay", data=b"", headers=SIGNED).status_code == 401
    with later.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM gov_inbox")).scalar() == 0


def test_without_a_secret_the_provider_comes_again(file: str) -> None:
    world = {"pay": {"services": [{"name": "Renew", "api_keys": [{"key": "api_test_only0in0the0sandbox"}]}]}}
    app = Flask("service")
    app.config["SECRET_KEY"] = SECRET_KEY
    with GovComponents.sandbox(world) as gov:
        later = Durable(gov, file)
        GovComponentsFlask(app, later=later)
        assert app.test_client().post("/gov/events/pay", data=BODY, headers=SIGNED).status_code == 503
        later.engine.dispose()


def test_a_handler_that_would_never_be_called_is_refused(later: Durable) -> None:
    ext = GovComponentsFlask(later=later)
    for kind in (PaymentChanged, DeliveryReceipt, LogoutNotice):
        with pytest.raises(ConfigurationError, match=r"later\.when"):
            ext.when(kind)


def test_processes_that_share_a_database_agree_on_who_is_signed_in(gov: GovComponents, file: str) -> None:
    browsers: list[Browser] = []
    processes = [Durable(gov, file) for _ in range(2)]
    for later in processes:
        app = Flask("service")
        app.config["SECRET_KEY"] = SECRET_KEY
        ext = GovComponentsFlask(app, later=later)
        app.add_url_rule("/open", view_func=lambda ext=ext: "somebody" if ext.person else "nobody")
        browsers.append(Browser(FlaskClient(app)))
    one, other = browsers
    gov.simulator.one_login.sign_in_as("SAM")
    back = gov.simulator.visit(one.get("/gov/sign-in").header("location") or "").headers["location"]
    callback = f"/gov/callback?{back.partition('?')[2]}"
    before = dict(one.cookies)
    one.get(callback)
    other.cookies = before
    other.get(callback)
    assert other.get("/open").text == "nobody"  # the sign-in was used in the other process
    other.cookies = dict(one.cookies)
    assert other.get("/open").text == "somebody"
    one.post("/gov/sign-out")
    assert other.get("/open").text == "nobody"
    for later in processes:
        later.engine.dispose()


def test_while_the_store_is_away_a_person_is_told_so(gov: GovComponents, later: Durable, app: Flask) -> None:
    browser = Browser(FlaskClient(app))
    gov.simulator.one_login.sign_in_as("SAM")
    back = gov.simulator.visit(browser.get("/gov/sign-in").header("location") or "").headers["location"]
    with later.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE gov_once RENAME TO away"))
    callback = f"/gov/callback?{back.partition('?')[2]}"
    told = browser.get(callback)
    assert (told.status, "Traceback" in told.text) == (503, False)
    with later.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE away RENAME TO gov_once"))
    assert browser.get(callback).status == 303  # it was not used up


def test_the_commands_of_flask_check_and_work(app: Flask, later: Durable, gov: GovComponents) -> None:
    later.notify.send_email("sam@example.com", TEMPLATE, VALUES, reference="licence-7-receipt")
    runner = app.test_cli_runner()
    worked = runner.invoke(args=["gov", "work", "--once"])
    assert (worked.exit_code, worked.output) == (0, "1 done\n")
    checked = runner.invoke(args=["gov", "check"])
    assert (checked.exit_code, checked.output.splitlines()[0]) == (0, "pay default: GOV.UK Pay: ok")
    gov.simulator.control.arm("pay", "unavailable", times=9)
    assert runner.invoke(args=["gov", "check"]).exit_code == 1


def test_the_command_of_flask_names_what_callbacks_lack() -> None:
    app = Flask("service")
    app.config["SECRET_KEY"] = SECRET_KEY
    services = [{"name": "Renew a licence", "api_keys": [{"key": "api_test_only0in0the0sandbox"}]}]
    GovComponentsFlask(app, gov=GovComponents.sandbox({**default_world(), "pay": {"services": services}}))
    checked = app.test_cli_runner().invoke(args=["gov", "check"])
    assert checked.exit_code == 1
    assert "no webhook secret is set, so every webhook of payments is answered with 503" in checked.output
    assert "GOVCOMPONENTS_PAY__WEBHOOK_SECRETS" in checked.output
    assert "callback token" not in checked.output


def test_the_command_to_work_says_what_a_service_without_a_durable_layer_lacks(gov: GovComponents) -> None:
    app = Flask("service")
    app.config["SECRET_KEY"] = SECRET_KEY
    GovComponentsFlask(app, gov=gov)
    worked = app.test_cli_runner().invoke(args=["gov", "work"])
    assert isinstance(worked.exception, ConfigurationError)
    assert "later=Durable" in worked.exception.fix


def test_a_worker_beside_the_requests_makes_what_is_due(file: str) -> None:
    later = AsyncDurable(AsyncGovComponents.sandbox(), file)
    handled: list[str] = []

    @later.when(PaymentChanged)
    def paid(event: PaymentChanged, transaction: sa.Connection) -> None:
        handled.append(event.payment_id)

    gov = FastAPIGov(SECRET_KEY, later=later, works=True)
    app = FastAPI(lifespan=gov.lifespan)
    app.include_router(gov.router, prefix="/gov")

    async def till_done() -> bool:
        async with gov.lifespan(app):
            answer = await AsgiClient(app).send_now("POST", "/gov/events/pay", SIGNED, BODY)
            assert answer.status == 200
            await later.notify.send_email("sam@example.com", TEMPLATE, VALUES, reference="licence-7-receipt")
            async with asyncio.timeout(20):
                while not handled or (await later.status()).pending:  # noqa: ASYNC110  # the worker tells nobody
                    await asyncio.sleep(0)
        return True

    assert asyncio.run(till_done())
    assert handled == ["hu20sqlact5260q2nanm0q8u93"]
    later.engine.dispose()


def test_a_logout_notice_ends_sessions_at_once_and_is_handled_later(tmp_path: Path) -> None:
    from govcomponents.contracts.web.suite import _world

    with GovComponents.sandbox(_world()) as gov:
        later = Durable(gov, f"sqlite:///{tmp_path / 'store.db'}")
        app = Flask("service")
        app.config["SECRET_KEY"] = SECRET_KEY
        ext = GovComponentsFlask(app, later=later)
        told: list[LogoutNotice] = []
        later.when(LogoutNotice)(lambda event, _transaction: told.append(event))

        @app.get("/open")
        def open_page() -> str:
            return ext.person.subject.reveal() if ext.person else "nobody"

        browser = Browser(FlaskClient(app))
        gov.simulator.one_login.sign_in_as("SAM")
        back = gov.simulator.visit(browser.get("/gov/sign-in").header("location") or "").headers["location"]
        browser.get(f"/gov/callback?{back.partition('?')[2]}")
        subject = browser.get("/open").text
        statuses: list[int] = []

        def receive(callback: Callback) -> int:
            path, headers = path_of(callback.url), dict(callback.headers)
            statuses.append(browser.client.send("POST", path, headers, callback.body).status)
            return statuses[-1]

        gov.simulator.clock.advance(2)
        gov.simulator.callbacks.receive(receive)
        gov.simulator.one_login.sign_out_everywhere("SAM")
        gov.simulator.clock.advance(5)
        assert (statuses, browser.get("/open").text, told) == ([200], "nobody", [])
        assert later.run_due().handled == 1
        assert [one.subject.reveal() for one in told if one.subject] == [subject]
        later.engine.dispose()


def test_nobody_waits_longer_for_a_file_that_is_locked_behind_asyncio_than_behind_an_engine_of_the_services(
    gov: GovComponents, file: str
) -> None:
    """The driver waits 5 seconds, and then the person is told; half a minute is for a file that is ours alone."""
    mine = sa.create_engine(file)
    beside = create_async_engine(file.replace("sqlite:", "sqlite+aiosqlite:"))
    waits = []
    for made in (Durable(gov, mine), AsyncDurable(AsyncGovComponents.sandbox(), beside)):
        with made.engine.connect() as connection:
            waits.append(connection.execute(sa.text("PRAGMA busy_timeout")).scalar())
        made.engine.dispose()
    assert waits == [5000, 5000]
