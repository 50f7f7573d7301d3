"""The logs of libraries, at DEBUG: a query, in which a person may be, is in none of them, however it is spelt."""

from __future__ import annotations

import base64
import json
import logging
from urllib.parse import quote, quote_plus, urlencode

import pytest

from core.loopback import drop, get, reply
from govcomponents.errors import GovComponentsError

CANARY = "Canary Nightingale <canary+person@example.com>"


def spellings(text: str) -> set[str]:
    coded = base64.b64encode(text.encode()).decode()
    return {text, quote(text), quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1], coded, "anary"}


@pytest.mark.parametrize("answer", [reply(), reply(500), drop])
def test_no_query_is_in_any_log(server, caller, caplog, answer):
    server.answer = answer
    url = f"{server.url}/v1/payments?{urlencode({'email': CANARY, 'page': 1})}"
    told: list[str] = []
    with caplog.at_level(logging.DEBUG):
        try:
            caller.send(get(url))
        except GovComponentsError as error:
            told.append(f"{error!r} {error.__context__!r}")

    written = "\n".join([*told, *(f"{record.getMessage()} {record.args!r}" for record in caplog.records)])
    assert [found for found in spellings(CANARY) if found in written] == []
    assert quote_plus(CANARY) in server.seen[-1].target  # and yet it went out whole
