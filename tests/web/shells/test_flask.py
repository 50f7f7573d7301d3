"""The Flask shell keeps the contract of web shells."""

from __future__ import annotations

import pytest

pytest.importorskip("flask")

from flask import Flask, request
from flask.sessions import SessionInterface
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from govcomponents import ConfigurationError, GovComponents, Settings
from govcomponents.contracts.web.browser import Browser, path_of
from govcomponents.integrations.flask import GovComponentsFlask
from govcomponents.pay import PaymentChanged
from govcomponents.testing import Reply, WebSuite
from govcomponents.web.pending_places import PendingIn


class FlaskClient:
    def __init__(self, app: Flask) -> None:
        self.app = app

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        client = self.app.test_client(use_cookies=False)
        told = {"CONTENT_LENGTH": headers["Content-Length"]} if "Content-Length" in headers else {}
        site = "https://service.example.gov.uk"
        given = client.open(path, method=method, headers=headers, data=body, base_url=site, environ_overrides=told)
        return Reply(given.status_code, tuple((name.lower(), value) for name, value in given.headers), given.data)


def serve(
    gov: GovComponents,
    handled: list[str],
    *,
    pending: PendingIn = "cookie",
    sessions: SessionInterface | None = None,
) -> FlaskClient:
    app = Flask("service")
    app.session_interface = sessions or app.session_interface
    app.config["SECRET_KEY"] = "a secret of the tests, of forty characters"
    ext = GovComponentsFlask(app, gov=gov, pending=pending)

    @ext.language
    def language() -> str:
        return request.cookies.get("language", "en")

    @app.get("/open")
    def open_page() -> str:
        return ext.person.subject.reveal() if ext.person else "nobody"

    @app.get("/protected")
    @app.get("/protected/<path:name>")
    @ext.require_identity(confidence="medium")
    def protected(name: str = "") -> str:
        return open_page()

    @ext.when(PaymentChanged)
    def paid(event: PaymentChanged) -> None:
        handled.append(event.key)

    return FlaskClient(app)


class TestFlask(WebSuite):
    serve = staticmethod(serve)


@pytest.mark.parametrize(
    "page", ["/protected/a%3Fb%23c?x=1", "/protected/50%25", "/protected/Si%C3%B4n?a=%C3%A9", "/protected/a%2Fb"]
)
def test_what_is_encoded_in_a_path_is_so_on_the_way_back(page: str) -> None:
    gov = GovComponents.sandbox()
    gov.simulator.one_login.sign_in_as("SAM")
    browser = Browser(serve(gov, []))
    assert path_of(TestFlask().signed_in(gov, browser, page).header("location")) == page


def test_below_a_prefix_people_go_to_the_first_page_there() -> None:
    gov = GovComponents.sandbox()
    gov.simulator.one_login.sign_in_as("SAM")
    app = Flask("service")
    app.config["SECRET_KEY"] = "a secret of the tests, of forty characters"
    GovComponentsFlask(app, gov=gov)
    app.wsgi_app = DispatcherMiddleware(Flask("whole"), {"/licences": app.wsgi_app})
    client = app.test_client()
    site = {"base_url": "https://service.example.gov.uk"}
    begun = client.get("/licences/gov/sign-in", **site)
    back = gov.simulator.visit(begun.location or "").headers["location"].partition("?")[2]
    assert client.get(f"/licences/gov/callback?{back}", **site).location == "/licences/"
    assert client.get(f"/licences/gov/callback?{back}", **site).location == "/licences/"
    assert app.test_client().post("/licences/gov/sign-out", **site).location == "/licences/"


def test_an_application_that_the_extension_does_not_know_yet_is_told_what_to_do() -> None:
    app, gov = Flask("service"), GovComponentsFlask()
    with pytest.raises(ConfigurationError, match="init_app"):
        gov.prepare(app)
    with app.test_request_context("/"), pytest.raises(ConfigurationError, match="init_app"):
        _ = gov.components
    with app.test_request_context("/"), pytest.raises(ConfigurationError, match="init_app"):
        _ = gov.person


def test_a_service_without_any_settings_is_not_well() -> None:
    """Whose variables were forgotten: a platform would send people to it."""
    app = Flask("service")
    app.config["SECRET_KEY"] = "a secret of the tests, of forty characters"
    GovComponentsFlask(app, gov=GovComponents.from_settings(Settings()))
    assert app.test_client().get("/gov/health").status_code == 503
    told = app.test_cli_runner().invoke(args=["gov", "check"])
    assert (told.exit_code, "none of the components has settings" in told.output) == (1, True)


def test_a_secret_that_will_not_do_names_the_setting() -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEY"):
        GovComponentsFlask(Flask("service"), gov=GovComponents.sandbox())
