"""Libraries that are not ours sign in at the sandbox's plain OpenID provider, in their default settings.

Most send no PKCE by default, and some no nonce: their registration in the world says so.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from govcomponents.sandbox.server import serving

HERE = Path(__file__).parent
BACK = {
    "allauth": "http://testserver/accounts/oidc/sandbox/login/callback/",
    "social-auth": "http://testserver/complete/oidc/",
    "mozilla-django-oidc": "http://testserver/oidc/callback/",
    "authlib": "http://testserver/signed-in",
}
AUTHENTICATION = {"allauth": "client_secret_post", "mozilla-django-oidc": "client_secret_post"}
MODULES = {"allauth": "allauth", "social-auth": "social_django", "mozilla-django-oidc": "mozilla_django_oidc"}


def world_of(library, **registered):
    client = {
        "client_id": "library",
        "authentication": AUTHENTICATION.get(library, "client_secret_basic"),
        "client_secret": "a-secret-of-the-sandbox",
        "redirect_urls": [BACK[library]],
        "signs_in": "SAM",
        "pkce": "optional",
        "nonce": "optional",
    }
    return {"openid": {"clients": [{**client, **registered}]}}


@pytest.mark.parametrize("library", MODULES)
def test_a_django_library_signs_in_with_its_defaults(library):
    if find_spec(MODULES[library]) is None:
        pytest.skip(f"{library} is not installed (pip install -e '.[dev]')")
    with serving(world_of(library)) as server:
        command = [sys.executable, str(HERE / "openid_client_site.py"), library, f"{server.base_url}/openid"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.stdout.strip(), ended.returncode) == ("sam@example.com", 0), ended.stderr[-3000:]


def test_authlib_signs_in_with_its_defaults():
    pytest.importorskip("authlib")
    from authlib.integrations.requests_client import OAuth2Session

    with serving(world_of("authlib")) as server:
        found = requests.get(f"{server.base_url}/openid/.well-known/openid-configuration", timeout=10).json()
        session = OAuth2Session(
            "library", "a-secret-of-the-sandbox", redirect_uri=BACK["authlib"], scope="openid email"
        )
        url, state = session.create_authorization_url(found["authorization_endpoint"])
        back = requests.get(url, allow_redirects=False, timeout=10).headers["location"]
        session.fetch_token(found["token_endpoint"], authorization_response=back, state=state)
        assert session.get(found["userinfo_endpoint"]).json()["email"] == "sam@example.com"


@pytest.mark.parametrize("library", MODULES)
def test_a_client_that_is_registered_to_send_pkce_must_send_it(library):
    """The check above would mean nothing if the provider took whatever comes."""
    if find_spec(MODULES[library]) is None:
        pytest.skip(f"{library} is not installed (pip install -e '.[dev]')")
    with serving(world_of(library, pkce="required", nonce="required")) as server:
        command = [sys.executable, str(HERE / "openid_client_site.py"), library, f"{server.base_url}/openid"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode != 0
    assert ended.stdout == ""


def test_a_browser_that_comes_with_an_unknown_redirect_url_is_told_which_are_registered():
    with serving(world_of("allauth")) as server:
        query = "client_id=library&response_type=code&scope=openid&state=s&redirect_uri=http://testserver/elsewhere"
        page = requests.get(f"{server.base_url}/openid/authorize?{query}", timeout=10)
        assert page.status_code == 400
        assert BACK["allauth"] in page.text
        assert parse_qs(urlsplit(page.url).query)["client_id"] == ["library"]
