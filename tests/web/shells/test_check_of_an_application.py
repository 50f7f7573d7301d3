"""`govcomponents check --app` asks an application what `flask gov check` asks, and names what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from govcomponents.cli.main import main

pytest.importorskip("flask")
pytest.importorskip("fastapi")

from govcomponents.sandbox.control.client_environment import environment
from govcomponents.testing import serving

FASTAPI = """
from fastapi import FastAPI
from starlette.middleware.sessions import SessionMiddleware
from govcomponents.integrations.fastapi import FastAPIGov
gov = FastAPIGov("a secret of the tests, of forty characters")
app = FastAPI(lifespan=gov.lifespan)
app.include_router(gov.router, prefix="/gov")
"""
FLASK = """
from flask import Flask
from govcomponents.integrations.flask import GovComponentsFlask
def create_app():
    app = Flask("service")
    app.config["SECRET_KEY"] = "a secret of the tests, of forty characters"
    GovComponentsFlask(app)
    return app
"""
STARLETTE = """
from starlette.applications import Starlette
from starlette.routing import Mount
from govcomponents.integrations.starlette import StarletteGov
gov = StarletteGov("a secret of the tests, of forty characters")
app = Starlette(routes=[Mount("/gov", routes=gov.routes, name="ours")], lifespan=gov.lifespan)
"""
EAGER = "from govcomponents import GovComponents; GovComponents.from_settings(require=('notify',))"
WELL = ["pay default: GOV.UK Pay: ok", "notify default: GOV.UK Notify: ok", "identity default: GOV.UK One Login: ok"]


def ask(folder: Path, text: str, name: str = "app", *more: str, **variables: str) -> tuple[int, str]:
    """Write a service, and ask about it as its developer does, in a sandbox's environment."""
    (folder / "service.py").write_text(text)
    with serving(redirect_to="http://localhost:8000/gov/callback") as server:
        given = {**os.environ, **dict(environment(server.sandbox.settings())), **variables}
        given = {name: value for name, value in given.items() if value}
        command = [sys.executable, "-m", "govcomponents.cli.main", "check", "--app", f"service:{name}", *more]
        done = subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "name"),
    [(FASTAPI, "app"), (FLASK, "create_app"), (STARLETTE, "app")],
    ids=["fastapi", "flask", "starlette"],
)
def test_a_service_that_is_well_is_told_so(tmp_path: Path, text: str, name: str) -> None:
    assert ask(tmp_path, text, name) == (0, "\n".join([*WELL, ""]))


def test_what_a_fastapi_service_lacks_is_named(tmp_path: Path) -> None:
    wrong = FASTAPI + "import logging\nlogging.getLogger('service.access')\n"
    wrong += "app.add_middleware(SessionMiddleware, secret_key='x' * 32, same_site='strict')\n"
    url = "http://localhost:8000/elsewhere"
    status, told = ask(tmp_path, wrong, GOVCOMPONENTS_PAY__WEBHOOK_SECRETS="", GOVCOMPONENTS_IDENTITY__REDIRECT_URL=url)
    assert status == 1
    assert "pay default: no webhook secret is set" in told
    assert "GOVCOMPONENTS_PAY__WEBHOOK_SECRETS" in told
    assert "to /elsewhere, and the callback is at /gov/callback" in told
    assert 'cookie is SameSite "Strict"' in told
    assert "the log 'service.access' is not masked" in told


@pytest.mark.parametrize(("word", "is_told"), [("strict", True), ("lax", False)])
def test_what_a_flask_service_lacks_is_named_in_any_case(tmp_path: Path, word: str, *, is_told: bool) -> None:
    config = f'    app.config["SESSION_COOKIE_SAMESITE"] = "{word}"\n    GovComponentsFlask(app)'
    status, told = ask(tmp_path, FLASK.replace("    GovComponentsFlask(app)", config), "create_app")
    assert (status, 'cookie is SameSite "Strict"' in told) == (int(is_told), is_told)


def test_the_callback_of_a_flask_service_is_below_its_root(tmp_path: Path) -> None:
    config = '    app.config["APPLICATION_ROOT"] = "/licences"\n    GovComponentsFlask(app)'
    text, url = FLASK.replace("    GovComponentsFlask(app)", config), "http://localhost:8000/licences/gov/callback"
    assert ask(tmp_path, text, "create_app", GOVCOMPONENTS_IDENTITY__REDIRECT_URL=url) == (0, "\n".join([*WELL, ""]))


@pytest.mark.parametrize("root", ["/licences", "/licences/"])
def test_the_callback_of_a_fastapi_service_is_below_its_root(tmp_path: Path, root: str) -> None:
    url = "http://localhost:8000/licences/gov/callback"
    at_server = {"UVICORN_ROOT_PATH": root, "GOVCOMPONENTS_IDENTITY__REDIRECT_URL": url}
    assert ask(tmp_path, FASTAPI, **at_server) == (0, "\n".join([*WELL, ""]))
    text = FASTAPI.replace("FastAPI(", f'FastAPI(root_path="{root}", ')  # which later versions advise against
    assert ask(tmp_path, text, GOVCOMPONENTS_IDENTITY__REDIRECT_URL=url)[0] == 0
    assert "the callback is at /licences/gov/callback" in ask(tmp_path, text)[1]


@pytest.mark.parametrize(("text", "name"), [(FASTAPI, "app"), (FLASK, "create_app"), (STARLETTE, "app")])
def test_a_root_that_only_the_server_is_told_is_given_to_the_check_too(tmp_path: Path, text: str, name: str) -> None:
    at_server = {"GOVCOMPONENTS_IDENTITY__REDIRECT_URL": "http://localhost:8000/licences/gov/callback"}
    assert ask(tmp_path, text, name, "--root-path", "/licences", **at_server) == (0, "\n".join([*WELL, ""]))
    status, told = ask(tmp_path, text, name, **at_server)
    assert (status, "--root-path /licences" in told or "mounted below /licences" in told) == (1, True), told
    assert ask(tmp_path, text, name, "--root-path", "/permits", **at_server)[0] == 1


def test_a_root_without_an_application_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check", "--root-path", "/licences"]) == 2
    assert "give --app too" in capsys.readouterr().err


def test_routes_that_are_in_no_application_are_told(tmp_path: Path) -> None:
    status, told = ask(tmp_path, FASTAPI.replace("app.include_router", "(lambda *_given, **_named: None)"))
    assert (status, "the routes of the components are not in the application" in told) == (1, True)


@pytest.mark.parametrize(
    ("text", "name", "problem"),
    [
        ("from fastapi import FastAPI\napp = FastAPI()", "app", "no components of this package"),
        (FASTAPI, "nothing", "cannot be found"),
        (FLASK, "Flask", "no components of this package"),
        (FASTAPI + "app = 7", "app", "no Starlette or FastAPI application"),
        (FLASK.replace("create_app()", "create_app(config)"), "create_app", "cannot be made (TypeError)"),
        ("import os\nkey = os.environ['RENEWAL_SECRET']", "app", "cannot be imported (KeyError: RENEWAL_SECRET)"),
        ("def app():\n    {}['RENEWAL_SECRET']", "app", "cannot be made (KeyError: RENEWAL_SECRET)"),
        ("{}['what a person typed']", "app", "cannot be imported (KeyError)"),
    ],
)
def test_what_is_no_application_of_the_components_could_not_be_asked(
    tmp_path: Path, text: str, name: str, problem: str
) -> None:
    status, told = ask(tmp_path, text, name)
    assert (status, problem in told) == (2, True), told


@pytest.mark.parametrize(
    ("text", "name", "done"), [(EAGER, "app", "imported"), (f"def make():\n    {EAGER}", "make", "made")]
)
def test_a_setting_that_is_missing_is_named_with_how_to_set_it(tmp_path: Path, text: str, name: str, done: str) -> None:
    status, told = ask(tmp_path, text, name, GOVCOMPONENTS_NOTIFY__API_KEY="")
    assert (status, f"--app cannot be {done}: " in told) == (2, True), told
    assert "GOVCOMPONENTS_NOTIFY__API_KEY is not set. To fix: set it to an API key" in told


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (["--format", "json"], "--format json"),
        (["--json"], "--format json"),
        (["service.py"], "paths"),
        (["--baseline", "accepted.json"], "--baseline"),
        (["--write-baseline", "accepted.json", "--live"], "--write-baseline, --live"),
        (["--no-environment"], "--no-environment"),
    ],
)
def test_what_an_application_is_not_asked_is_refused_and_nothing_is_told_or_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, more: list[str], named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "service.py").write_text(FASTAPI)
    assert main(["check", "--app", "service:app", *more]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert f"looks at no files, so {named} cannot be given with it" in told.err
    assert [one.name for one in tmp_path.iterdir()] == ["service.py"]
