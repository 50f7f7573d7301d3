"""An event of identity is spent when it was dealt with: `done` says so, and each shell calls it after its handlers."""

import json
from importlib.resources import files

import pytest

from govcomponents import GovComponents, Secret
from govcomponents.errors import CallbackRefused
from govcomponents.identity import LogoutNotice
from govcomponents.integrations.flask import GovComponentsFlask
from govcomponents.web.cookies import SignInCookies
from govcomponents.web.handlers import WebHandlers

WORDS = "a secret of the tests, of forty characters"


@pytest.fixture
def sent():
    """Components, and a notice that their sandbox sent."""
    world = json.loads(files("govcomponents.sandbox.providers.one_login").joinpath("default_world.json").read_text())
    world["clients"][0]["back_channel_logout_url"] = "https://service.example.gov.uk/gov/events/identity"
    with GovComponents.sandbox({"one_login": world}) as gov:
        gov.simulator.one_login.sign_in_as("SAM")
        started = gov.identity.start()
        gov.identity.complete(started.pending, gov.simulator.visit(started.url).headers["location"])
        came = []
        gov.simulator.callbacks.receive(lambda callback: came.append(callback) or 200)
        gov.simulator.one_login.sign_out_everywhere("SAM")
        gov.simulator.clock.advance(1)
        yield gov, came[0]


def test_a_notice_comes_again_until_it_is_done(sent):
    gov, notice = sent
    handlers = WebHandlers(gov, SignInCookies([Secret(WORDS)], clock=gov.runtime.clock))
    event = handlers.event("identity", notice.body, notice.headers)
    assert handlers.event("identity", notice.body, notice.headers) == event
    assert handlers.done(event).status == 200
    with pytest.raises(CallbackRefused, match="dealt with"):
        handlers.event("identity", notice.body, notice.headers)


def test_a_shell_spends_a_notice_after_its_handlers(sent):
    flask = pytest.importorskip("flask")
    gov, notice = sent
    app = flask.Flask("service")
    app.config["SECRET_KEY"] = WORDS
    shell = GovComponentsFlask(app, gov=gov)
    seen = []

    @shell.when(LogoutNotice)
    def close(event):
        seen.append(event.key)
        if len(seen) == 1:
            raise RuntimeError("the database is away")

    def post():
        return (
            app.test_client().post("/gov/events/identity", data=notice.body, headers=dict(notice.headers)).status_code
        )

    assert [post(), post(), post()] == [500, 200, 200]
    assert len(seen) == 2, "what was not dealt with came again, and what was dealt with did not"
