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
