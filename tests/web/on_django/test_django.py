"""The Django shell keeps the contract of web shells, shares its stores, and checks a project before it starts."""

from __future__ import annotations

import hashlib
import hmac
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

pytest.importorskip("django")

import django
from django.conf import settings

if not settings.configured:
    settings.configure(
        SECRET_KEY="a secret of the tests, of forty characters",
        ALLOWED_HOSTS=["service.example.gov.uk"],
        ROOT_URLCONF="web.on_django.django_urls",
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "govcomponents.integrations.django",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.locale.LocaleMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "govcomponents.integrations.django.sessions.PersonMiddleware",
            "govcomponents.integrations.django.ProblemMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        STATIC_URL="static/",
        LANGUAGES=[("en", "English"), ("cy", "Cymraeg")],
        LANGUAGE_COOKIE_NAME="language",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(mkdtemp()) / "service.db")}},
    )
    django.setup()

from django.core.checks import run_checks
from django.core.management import call_command
from django.test import Client, override_settings

from govcomponents import GovComponents
from govcomponents.contracts.web.browser import Browser, path_of
from govcomponents.integrations.django import gov as project
from govcomponents.integrations.django.models import EndedSession, UsedOnce
from govcomponents.integrations.django.stores import DatabaseEndedSessions, DatabaseReplayStore
from govcomponents.sandbox.world import default_world
from govcomponents.testing import Reply, WebSuite
from govcomponents.web.messages import MAX_CALLBACK
from web.on_django import django_urls

KEY = "api_test_only0in0the0sandbox"
NOTIFY_KEY = "test-a0000000-0000-4000-8000-000000000001-b0000000-0000-4000-8000-000000000011"


SMTP = {
    "adapter": "smtp",
    "host": "localhost",
    "sender": "service@example.gov.uk",
    "templates_folder": mkdtemp(),
}


@pytest.fixture(scope="session", autouse=True)
def database() -> None:
    call_command("migrate", verbosity=0)


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    EndedSession.objects.all().delete()
    UsedOnce.objects.all().delete()
    yield
    project.use(None)


class DjangoClient:
    def send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        client = Client(headers={"host": "service.example.gov.uk"})  # its tests leave CSRF out, as Django's own do
        kind = headers.get("Content-Type", "application/octet-stream")
        given = client.generic(method, path, body, content_type=kind, secure=True, headers=headers, REQUEST_URI=path)
        pairs = [(name.lower(), value) for name, value in given.headers.items()]
        pairs += [("set-cookie", cookie.OutputString()) for cookie in given.cookies.values()]
        return Reply(given.status_code, tuple(pairs), given.content)


def serve(gov: GovComponents, handled: list[str]) -> DjangoClient:
    project.use(gov)
    django_urls.handled = handled
    return DjangoClient()


class TestDjango(WebSuite):
    serve = staticmethod(serve)


def test_what_providers_send_needs_no_csrf_token_and_signing_out_does() -> None:
    project.use(GovComponents.sandbox())
    client = Client(enforce_csrf_checks=True, headers={"host": "service.example.gov.uk"})
    assert client.post("/gov/events/pay", b"{}", content_type="application/json", secure=True).status_code in (400, 503)
    assert client.post("/gov/sign-out", secure=True).status_code == 403


def test_stores_on_the_database_keep_the_latest_end_and_count_once() -> None:
    ends = DatabaseEndedSessions()
    ends.end("a", 20, 100)
    ends.end("a", 10, 300)
    assert (ends.ended_at(("a", "b")), ends.ended_at(("b",))) == (20, None)
    ends.end("b", 200, 400)
    assert ends.ended_at(("a",)) == 20
    ends.end("b", 300, 400)
    assert ends.ended_at(("a",)) is None
    once = DatabaseReplayStore()
    assert [once.add("a", 100, 1), once.add("a", 100, 2), once.add("a", 300, 101)] == [True, False, True]
    assert [once.has("a", 299), once.has("a", 300), once.has("b", 1)] == [True, False, False]


def test_the_migrations_are_those_of_the_models() -> None:
    call_command("makemigrations", "govcomponents", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"GOVCOMPONENTS": {"pay": {"api_key": "hello"}}}, "govcomponents.E001"),
        ({"GOVCOMPONENTS": "pay"}, "govcomponents.E001"),
        ({"GOVCOMPONENTS": {"payments": {}}}, "govcomponents.E001"),
        ({"GOVCOMPONENTS_DURABLE": ["a key"]}, "govcomponents.E008"),
        ({"GOVCOMPONENTS_DURABLE": {"keys": 5}}, "govcomponents.E008"),
        ({"GOVCOMPONENTS_DURABLE": {"key": ["misspelt"]}}, "govcomponents.E008"),
        ({"SECRET_KEY": "short"}, "govcomponents.E001"),
        ({"GOVCOMPONENTS": {"pay": {"api_key": KEY}}}, "govcomponents.E002"),
        ({"GOVCOMPONENTS": {"notify": {"api_key": NOTIFY_KEY}}}, "govcomponents.E003"),
        ({"GOVCOMPONENTS": {"environment": "production"}, "DEBUG": True}, "govcomponents.E005"),
        ({"SESSION_COOKIE_SAMESITE": "Strict"}, "govcomponents.E004"),
        ({"SESSION_COOKIE_SAMESITE": "strict"}, "govcomponents.E004"),
        ({"SESSION_ENGINE": "django.contrib.sessions.backends.cache"}, "govcomponents.E012"),
        (
            {
                "SESSION_ENGINE": "django.contrib.sessions.backends.cache",
                "CACHES": {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}},
            },
            "govcomponents.E012",
        ),
    ],
)
def test_a_project_that_would_fail_is_stopped(changed: dict[str, object], found: str) -> None:
    with override_settings(**{"GOVCOMPONENTS": {}} | changed):
        project.use(None)
        assert found in [message.id for message in run_checks()]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"SESSION_ENGINE": "django.contrib.sessions.backends.cached_db"},
        {"SESSION_ENGINE": "django.contrib.sessions.backends.cache", "DEBUG": True},
        {
            "SESSION_ENGINE": "django.contrib.sessions.backends.cache",
            "CACHES": {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://r"}},
        },
        {"GOVCOMPONENTS": {"environment": "production"}},
        {"GOVCOMPONENTS": {"environment": "test"}, "DEBUG": True},
        {"GOVCOMPONENTS": {"notify": SMTP}},  # which sends no callbacks to be proved
    ],
)
def test_a_project_that_is_well_is_not_stopped(changed: dict[str, object]) -> None:
    with override_settings(**{"GOVCOMPONENTS": {}} | changed):
        project.use(None)
        assert [message for message in run_checks() if (message.id or "").startswith("govcomponents")] == []


def test_variables_that_the_setting_keeps_from_being_read_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOVCOMPONENTS_PAY__API_KEY", "GOVCOMPONENTS_TIME_LIMIT", "GOVCOMPONENTS_SHARED"):
        monkeypatch.setenv(name, "10")
    with override_settings(GOVCOMPONENTS={"environment": "test"}):
        (found,) = [one for one in run_checks() if one.id == "govcomponents.W017"]
    assert found.msg.endswith(" are not read: GOVCOMPONENTS_PAY__API_KEY, GOVCOMPONENTS_TIME_LIMIT")
    assert not found.is_serious()
    monkeypatch.setenv("GOVCOMPONENTS_PAY__API_KEY", KEY)
    assert "govcomponents.W017" not in [one.id for one in run_checks()]  # without the setting they are read
    monkeypatch.delenv("GOVCOMPONENTS_PAY__API_KEY")
    monkeypatch.delenv("GOVCOMPONENTS_TIME_LIMIT")
    with override_settings(GOVCOMPONENTS={"environment": "test"}):
        assert "govcomponents.W017" not in [one.id for one in run_checks()]


def test_a_project_that_is_deployed_without_any_settings_is_told_so() -> None:
    with override_settings(GOVCOMPONENTS={}):
        (found,) = [one for one in run_checks(include_deployment_checks=True) if one.id == "govcomponents.W018"]
        assert found.msg.startswith("none of the components has settings")
        assert "govcomponents.W018" not in [one.id for one in run_checks()]  # as in tests, where a sandbox is put


@pytest.mark.parametrize(
    ("url", "header", "is_told"),
    [
        ("https://service.example.gov.uk/gov/callback", None, True),
        ("https://service.example.gov.uk/gov/callback", ("HTTP_X_FORWARDED_PROTO", "https"), False),
        ("http://localhost:8000/gov/callback", None, False),
    ],
)
def test_a_service_behind_a_proxy_is_told_to_ask_it_for_https(
    url: str, header: tuple[str, str] | None, *, is_told: bool
) -> None:
    identity = {"adapter": "one_login", "client_id": "client", "private_key": "key", "redirect_url": url}
    with override_settings(GOVCOMPONENTS={"identity": identity}, SECURE_PROXY_SSL_HEADER=header):
        found = [message.id for message in run_checks(include_deployment_checks=True)]
        assert ("govcomponents.E013" in found) is is_told
        assert "govcomponents.E013" not in [message.id for message in run_checks()]


def test_the_command_names_what_callbacks_lack() -> None:
    world = {**default_world(), "pay": {"services": [{"name": "Renew", "api_keys": [{"key": KEY}]}]}}
    project.use(GovComponents.sandbox(world))
    out = io.StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("govcomponents_check", stdout=out)
    assert "no webhook secret is set" in out.getvalue()
    assert "GOVCOMPONENTS_PAY__WEBHOOK_SECRETS" in out.getvalue()
    assert "no callback token" not in out.getvalue()


def test_the_command_tells_of_each_component() -> None:
    gov = GovComponents.sandbox()
    project.use(gov)
    out = io.StringIO()
    call_command("govcomponents_check", stdout=out)
    assert out.getvalue().splitlines()[0] == "pay default: GOV.UK Pay: ok"
    gov.simulator.control.arm("pay", "unavailable", times=9)
    with pytest.raises(SystemExit, match="1"):
        call_command("govcomponents_check", stdout=io.StringIO())


def test_the_command_asks_in_a_project_without_routes() -> None:
    world = {name: part for name, part in default_world().items() if name != "one_login"}
    project.use(GovComponents.sandbox(world))
    out = io.StringIO()
    with override_settings(ROOT_URLCONF="django.contrib.auth.urls"):  # which are not ours
        call_command("govcomponents_check", stdout=out)
    assert "notify default: GOV.UK Notify: ok" in out.getvalue()


WITHOUT_USERS = """
import django
from django.conf import settings
from django.urls import include, path

settings.configure(
    SECRET_KEY="a secret of the tests, of forty characters",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.sessions", "govcomponents.integrations.django"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "govcomponents.integrations.django.ProblemMiddleware",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "service.db"}},
)
django.setup()
urlpatterns = [path("gov/", include("govcomponents.integrations.django.urls"))]

from django.core.management import call_command
from django.test import Client
from govcomponents import GovComponents
from govcomponents.integrations.django import gov

components = GovComponents.sandbox()
gov.use(components)
call_command("migrate", verbosity=0)
client = Client()
begun = client.get("/gov/sign-in", secure=True)
print(begun.status_code)
components.simulator.one_login.sign_in_as("SAM")
back = components.simulator.visit(begun["Location"]).headers["location"]
print(client.get("/gov/callback?" + back.partition("?")[2], secure=True).status_code)
"""


def test_a_project_without_djangos_users_signs_people_in(tmp_path: Path) -> None:
    (tmp_path / "project.py").write_text(WITHOUT_USERS)
    done = subprocess.run([sys.executable, "project.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["303", "303"]), done.stderr


def chunked(body: bytes, *, is_terminated: bool) -> int:
    client = Client(headers={"host": "service.example.gov.uk"})
    signature = hmac.new(b"webhook_test_renewalicence0sandbox0only", body, hashlib.sha256).hexdigest()
    environ: dict[str, Any] = {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": is_terminated}
    headers = {"Transfer-Encoding": "chunked", "Pay-Signature": signature}
    status: int = client.generic("POST", "/gov/events/pay", secure=True, headers=headers, **environ).status_code
    return status


def test_a_body_without_a_length_is_read_where_the_server_tells_its_end() -> None:
    gov = GovComponents.sandbox()
    project.use(gov)
    django_urls.handled.clear()
    body = TestDjango().paid_event()
    assert chunked(body, is_terminated=False) == 411
    assert chunked(b" " * MAX_CALLBACK + body, is_terminated=True) == 413
    assert django_urls.handled == []
    assert chunked(body, is_terminated=True) == 200
    assert len(django_urls.handled) == 1


@pytest.mark.parametrize(
    "page", ["/protected/a%3Fb%23c?x=1", "/protected/50%25", "/protected/Si%C3%B4n?a=%C3%A9", "/protected/a%2Fb"]
)
def test_what_is_encoded_in_a_path_is_so_on_the_way_back(page: str) -> None:
    gov = GovComponents.sandbox()
    project.use(gov)
    gov.simulator.one_login.sign_in_as("SAM")
    browser = Browser(DjangoClient())
    assert path_of(TestDjango().signed_in(gov, browser, page).header("location")) == page


def test_below_a_prefix_people_go_to_the_first_page_there() -> None:
    gov = GovComponents.sandbox()
    project.use(gov)
    gov.simulator.one_login.sign_in_as("SAM")
    client = Client(headers={"host": "service.example.gov.uk"})
    below = {"secure": True, "SCRIPT_NAME": "/licences"}
    begun = client.get("/gov/sign-in", **below)
    back = gov.simulator.visit(begun.headers["location"]).headers["location"].partition("?")[2]
    assert client.get(f"/gov/callback?{back}", **below).headers["location"] == "/licences/"
    assert client.get(f"/gov/callback?{back}", **below).headers["location"] == "/licences/"
    assert Client().post("/gov/sign-out", headers={"host": "service.example.gov.uk"}, **below).headers["location"] == (
        "/licences/"
    )


def test_people_come_to_the_registered_page_after_signing_out() -> None:
    gov = GovComponents.sandbox()
    project.use(gov)
    gov.simulator.one_login.sign_in_as("SAM")
    browser = Browser(DjangoClient())
    TestDjango().signed_in(gov, browser)
    with override_settings(GOVCOMPONENTS_SIGNED_OUT_URL="https://service.example.gov.uk/signed-out"):
        ended = browser.post("/gov/sign-out").header("location") or ""
    assert "post_logout_redirect_uri=https%3A%2F%2Fservice.example.gov.uk%2Fsigned-out" in ended


def test_a_signed_out_url_that_is_none_stops_the_project() -> None:
    with override_settings(GOVCOMPONENTS={}, GOVCOMPONENTS_SIGNED_OUT_URL="/signed-out"):
        project.use(None)
        assert "govcomponents.E010" in [message.id for message in run_checks()]
