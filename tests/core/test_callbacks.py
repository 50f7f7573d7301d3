"""What an endpoint passes on of a callback: raw bytes and headers, or an error that says so."""

import pytest

from govcomponents.core.callbacks import checked_callback
from govcomponents.errors import InvalidInput


def test_headers_are_found_whatever_their_case():
    body, headers = checked_callback(b"{}", {"Pay-Signature": "a", "CONTENT-TYPE": "b"}, operation="pay.parse_callback")
    assert (body, headers) == (b"{}", {"pay-signature": "a", "content-type": "b"})
    assert checked_callback(memoryview(b"x"), {}, operation="o")[0] == b"x"


@pytest.mark.parametrize("body", ["{}", None, 7, {"a": "b"}, [b"a"]], ids=str)
def test_a_body_that_is_no_bytes(body):
    with pytest.raises(InvalidInput) as caught:
        checked_callback(body, {}, operation="pay.parse_callback")
    assert caught.value.field == "body"
    assert "raw bytes" in caught.value.fix
    assert caught.value.operation == "pay.parse_callback"


@pytest.mark.parametrize("headers", [None, "Pay-Signature: a", [("a", "b")], {b"a": b"b"}, {"a": None}, {"a": ["b"]}])
def test_headers_that_are_none(headers):
    with pytest.raises(InvalidInput) as caught:
        checked_callback(b"{}", headers, operation="pay.parse_callback")
    assert caught.value.field == "headers"
    assert "headers" in caught.value.fix
