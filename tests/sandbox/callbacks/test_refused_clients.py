"""A browser with a client or redirect URL that is not registered is told what is wrong; a program is told no more."""

from __future__ import annotations

import html
from urllib.parse import urlencode

import pytest

from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.http.messages import Call


def authorize(sandbox: Sandbox, accept: str, **query: str) -> str:
    call = Call("GET", "/authorize", urlencode(query), {"accept": accept}, b"", sandbox.base_url)
    answer = sandbox.respond(call)
    assert answer.status == 400
    return html.unescape(answer.body.decode())


@pytest.mark.parametrize("is_known", [False, True])
def test_what_is_not_registered_is_named_with_the_remedy(*, is_known: bool) -> None:
    sandbox = Sandbox()
    client = sandbox.one_login._world.clients[0]
    query = {
        "client_id": client.client_id if is_known else "<b>mine</b>",
        "redirect_uri": "http://localhost:8000/signed-in/<i>",
        "response_type": "code",
        "scope": "openid",
        "state": "s",
        "nonce": "n",
    }
    told = authorize(sandbox, "text/html", **query)
    assert "The sign-in cannot begin" in told
    if is_known:
        assert f"--redirect-to {query['redirect_uri']}" in told
        assert client.redirect_urls[0] in told
    else:
        assert client.client_id in told
        assert "govcomponents sandbox world" in told
    assert authorize(sandbox, "*/*", **query) == "Invalid request"


def page_of_newest(sandbox: Sandbox, query: str = "") -> str:
    answer = sandbox.visit(f"{sandbox.base_url}/_sandbox/requests/{sandbox.requests.newest}{query}")
    return html.unescape(answer.body.decode())


@pytest.mark.parametrize("section", ["one_login", "openid", "login_gov"])
def test_the_log_of_requests_says_what_to_register_and_hides_what_came(section: str) -> None:
    sandbox = Sandbox({section: {}} if section != "one_login" else None)
    path = {"one_login": "", "openid": "/openid", "login_gov": "/login-gov/openid_connect"}[section] + "/authorize"
    known = {"one_login": "renewals-service-sandbox"}.get(section, "urn:example:sandbox-service")
    for client, remedy in [("mine", "No client is registered"), (known, "not registered for " + known)]:
        query = urlencode({"client_id": client, "redirect_uri": "http://localhost:3000/signed-in"})
        answer = sandbox.respond(Call("GET", path, query, {"accept": "*/*"}, b"", sandbox.base_url))
        assert answer.status == 400
        told = page_of_newest(sandbox)
        assert remedy in told
        assert "3000" not in told
        assert "3000" in page_of_newest(sandbox, "?reveal=1")


def test_a_key_of_no_world_leads_to_those_that_are_known() -> None:
    sandbox = Sandbox()
    headers = {"authorization": "Bearer nobodys-key", "content-type": "application/json"}
    assert sandbox.respond(Call("GET", "/v1/payments/x", "", headers, b"", sandbox.base_url)).status == 401
    told = page_of_newest(sandbox)
    assert 'No key of this world came with it. <a href="/_sandbox/keys">' in told
    assert "nobodys-key" not in told
