"""The settings of the SMTP adapter: each mistake is named, and no secret is shown."""

from __future__ import annotations

import subprocess
import sys

import pytest

from govcomponents import ConfigurationError
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.notify.adapters import BUILT_IN
from govcomponents.notify.adapters.smtp.adapter import Smtp
from govcomponents.notify.adapters.smtp.settings import MailSettings, Security
from govcomponents.settings import NotifySettings, Settings

GOOD = {
    "adapter": "smtp",
    "host": "smtp.example.gov.uk",
    "sender": "permits@example.gov.uk",
    "templates_folder": "templates",
    "username": "permits",
    "password": "canary-password",
}


def read(**changes: object) -> MailSettings:
    values = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return MailSettings.read(NotifySettings.model_validate(values))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"host": None}, "HOST is not set"),
        ({"host": "smtp://smtp.example.gov.uk"}, "HOST"),
        ({"host": "smtp.example.gov.uk:25"}, "HOST"),
        ({"host": "bad host"}, "HOST"),
        ({"host": 7}, "HOST"),
        ({"sender": None}, "SENDER is not set"),
        ({"sender": "Permits <permits@example.gov.uk>"}, "SENDER"),
        ({"sender_name": "Permits\r\nBcc: x"}, "SENDER_NAME"),
        ({"sender_name": "Permits \udcff"}, "SENDER_NAME"),
        ({"templates_folder": None}, "TEMPLATES_FOLDER is not set"),
        ({"security": "ssl"}, "SECURITY"),
        ({"security": "none"}, "SECURITY must not be none"),
        ({"port": "submission"}, "PORT"),
        ({"port": "0"}, "PORT"),
        ({"port": 65536}, "PORT"),
        ({"port": True}, "PORT"),
        ({"username": None}, "USERNAME is not set"),
        ({"password": None}, "PASSWORD is not set"),
        ({"password": ""}, "PASSWORD"),
        ({"password": "canary-pâssword"}, "PASSWORD"),
        ({"password": "canary-password\n"}, "PASSWORD"),
        ({"username": "pérmits"}, "USERNAME"),
        ({"hello_name": "not a name"}, "HELLO_NAME"),
        ({"api_key": "canary-password"}, "API_KEY"),
        ({"base_url": "https://smtp.example.gov.uk"}, "BASE_URL"),
        ({"sender_name": 7}, "SENDER_NAME"),
        ({"pasword": "canary-password"}, "PASWORD"),
    ],
)
def test_a_setting_that_is_wrong_is_named(changes, named):
    with pytest.raises(ConfigurationError, match=f"GOVCOMPONENTS_NOTIFY__{named}") as caught:
        read(**changes)

    assert caught.value.fix
    assert "canary" not in repr(caught.value)


@pytest.mark.parametrize(
    ("changes", "port", "security"),
    [
        ({}, 587, Security.STARTTLS),
        ({"security": "tls"}, 465, Security.TLS),
        ({"port": "2525"}, 2525, Security.STARTTLS),
        ({"security": "none", "host": "localhost"}, 25, Security.NONE),
        ({"security": "none", "host": "::1"}, 25, Security.NONE),
    ],
)
def test_the_port_follows_the_security(changes, port, security):
    server = read(**changes).server

    assert (server.port, server.security) == (port, security)


def test_what_is_left_out_has_a_default():
    settings = read(username=None, password=None)

    assert settings.sender_name == ""
    assert settings.server.hello_name == "example.gov.uk"
    assert (settings.server.username, settings.server.password) == (None, None)
    assert read(hello_name="app1.example.gov.uk").server.hello_name == "app1.example.gov.uk"


def test_the_folder_may_be_a_path(tmp_path):
    assert read(templates_folder=tmp_path).templates == tmp_path


def test_the_environment_is_enough(monkeypatch):
    for name, value in GOOD.items():
        monkeypatch.setenv(f"GOVCOMPONENTS_NOTIFY__{name.upper()}", value)

    settings = Settings.from_environment()
    assert settings.notify is not None
    assert isinstance(Smtp.from_settings(settings.notify, Runtime(ScriptedTransport())), Smtp)
    assert "canary" not in repr(settings)
    assert "canary" not in repr(MailSettings.read(settings.notify))
    assert "smtp" in BUILT_IN


def test_building_it_imports_no_mail_library():
    code = f"""
import sys
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.notify.adapters.smtp.adapter import Smtp
from govcomponents.settings import NotifySettings
Smtp.from_settings(NotifySettings.model_validate({GOOD!r}), Runtime(ScriptedTransport()))
assert "smtplib" not in sys.modules
assert "requests" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
