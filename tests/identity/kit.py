"""What the tests of identity share: a sandbox with an adapter on it, keys, and where the recorded exchanges are."""

import json
from functools import cache
from importlib.resources import files

import pytest

from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.identity.adapters.one_login.adapter import OneLogin
from govcomponents.identity.service import IdentityService
from govcomponents.sandbox.app import Sandbox
from govcomponents.settings import IdentitySettings
from shared_folder import SHARED

GOLDEN = SHARED / "golden" / "one-login"
needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the recorded exchanges are not on this machine")


@cache
def default_world():
    text = files("govcomponents.sandbox.providers.one_login").joinpath("default_world.json").read_text(encoding="utf-8")
    return json.loads(text)


@cache
def test_key():
    """The default world's service key, as a JWK: the one that the sandbox made."""
    return Sandbox({"one_login": default_world()}).settings().identity.private_key.reveal()


test_key.__test__ = False
CLIENT = default_world()["clients"][0]["client_id"]
HOST = "https://sandbox.example.gov.uk"
REDIRECT = "https://service.example.gov.uk/signed-in"


def service_of(port, kind=IdentityService):
    """A service object on a port, where what else the runtime holds does not matter."""
    return kind(port, Runtime(ScriptedTransport()))


def settings(**changes):
    values = {
        "client_id": CLIENT,
        "private_key": test_key(),
        "redirect_url": REDIRECT,
        "issuer": HOST,
    }
    return IdentitySettings(**{name: value for name, value in (values | changes).items() if value is not None})


class Desk:
    """A service with the sandbox behind it, in this process."""

    def __init__(self, world=None, *, transport=None, **changes):
        self.sandbox = Sandbox(world or {"one_login": default_world()}, sign_in="at_once")
        self.provider = self.sandbox.one_login
        self.transport = transport or InProcessTransport(self.sandbox.handle, self.sandbox.clock.advance)
        self.runtime = Runtime(self.transport, clock=self.sandbox.clock.time, is_production=False)
        self.port = OneLogin.from_settings(settings(**changes), self.runtime)
        self.identity = IdentityService(self.port, self.runtime)

    def visit(self, url):
        return self.sandbox.visit(url).headers["location"]

    def sign_in(self, **ask):
        started = self.identity.start(**ask)
        return self.identity.complete(started.pending, self.visit(started.url))


def port_of(**changes):
    return OneLogin.from_settings(settings(**changes), Runtime(ScriptedTransport(), clock=lambda: 1_790_000_000))
