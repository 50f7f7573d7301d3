"""openid-client signs in at the sandbox as GOV.UK One Login's own example client for Node does with it.

The example is not a package; its calls are made here with the library that it is written on, which npm installs into a
throwaway folder. Skipped where there is no Node, or no registry.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.server import serving

PROGRAM = Path(__file__).with_name("one_login_example.mjs")
PACKAGES = ("openid-client@6.9.0", "jose@5.10.0")


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node is not installed")
    home = tmp_path_factory.mktemp("openid-client")
    command = [
        npm,
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "--fetch-retries",
        "0",
        "--prefix",
        home,
        *PACKAGES,
    ]
    try:
        subprocess.run(command, check=True, timeout=120, capture_output=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip("openid-client cannot be installed with npm")
    return home / "node_modules"


@pytest.mark.parametrize("scheme", ["RSA-PSS", "RSASSA-PKCS1-v1_5"])
def test_the_examples_calls_sign_in_and_prove(modules, scheme):
    with serving(sign_in="page") as server:
        settings = server.sandbox.settings().identity
        given = {
            "modules": str(modules),
            "issuer": server.base_url,
            "identity_issuer": f"{server.base_url}/",
            "client_id": settings.client_id,
            "redirect_url": settings.redirect_url,
            "key": json.loads(settings.private_key.reveal()),
            "scheme": scheme,
        }
        with subprocess.Popen(
            ["node", str(PROGRAM), json.dumps(given)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as client:
            url = client.stdout.readline().strip()
            assert url.startswith(server.base_url), client.stderr.read()
            browser = FormBrowser.over_http()
            page = browser.send(browser.open(url).form_with("person"), person="SAM", outcome="success")
            told, wrong = client.communicate(f"{page.url}\n", timeout=60)
        assert client.returncode == 0, wrong
        found = json.loads(told)
        assert found["core_identity"]["sub"] == found["subject"] == found["access_token"]["sub"]
        assert found["core_identity"]["vot"] == "P2"
        assert found["access_token"]["client_id"] == settings.client_id
        assert urlsplit(found["sign_out"]).path == "/logout"
        assert browser.open(found["sign_out"]).status == 200
