"""The strict readers: one way to write each thing, and bounded effort for everything else."""

import base64
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcomponents.core.canonical_json import NotCanonical, decode_base64url, encode_base64url, parse_object


@given(st.binary(max_size=300))
def test_base64url_round_trip(value):
    assert decode_base64url(encode_base64url(value).encode()) == value


@given(st.binary(max_size=40))
def test_base64url_has_one_writing_only(segment):
    try:
        decoded = decode_base64url(segment)
    except NotCanonical:
        return
    assert base64.urlsafe_b64encode(decoded).rstrip(b"=") == segment


@pytest.mark.parametrize("segment", [b"A", b"AB=", b"A+", b"A/", b"AA\n", b" AA", b"AB", b"AAB", "é".encode(), b"A.A"])
def test_a10_other_writings_are_refused(segment):
    with pytest.raises(NotCanonical):
        decode_base64url(segment)


scalars = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text()
values = st.recursive(
    scalars | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=25,
)


@given(st.dictionaries(st.text(), values, max_size=5))
def test_json_is_read_as_it_is(value):
    assert parse_object(json.dumps(value).encode()) == value


@given(st.binary(max_size=500))
def test_no_bytes_raise_anything_else(body):
    refused = None
    try:
        assert isinstance(parse_object(body), dict)
    except NotCanonical as error:
        refused = error
    assert refused is None or len(str(refused)) < 100


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b'{"a":[{"b":1,"b":1}]}',
        b'{"a":1,"\\u0061":2}',
        b"[]",
        b"null",
        b'"text"',
        b"",
        b"{",
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1e400}',
        b'{"a":' + b"9" * 21 + b"}",
        b'{"a":0.' + b"9" * 100 + b"}",
        b"\xef\xbb\xbf{}",
        b'{"a":"\xff"}',
        b'{"a":' + b"[" * 33 + b"]" * 33 + b"}",
        b'{"a":' + b'{"a":' * 33 + b"1" + b"}" * 33 + b"}",
        b"{} {}",
        b"{'a':1}",
    ],
)
def test_a8_a11_what_lenient_readers_take_is_refused(body):
    with pytest.raises(NotCanonical):
        parse_object(body)


def test_many_brackets_in_text_and_side_by_side_are_fine():
    assert parse_object(b'{"a":"' + b"[{" * 100 + b'\\"[[","b":[' + b"[]," * 100 + b"[]]}")


def test_h20_hostile_sizes_cost_little():
    begun = time.process_time()
    for body in (b"[" * 30_000, b'{"a":' * 6_000, b'{"a":' + b"9" * 30_000 + b"}", b'"' * 30_000, b"\\" * 30_000):
        with pytest.raises(NotCanonical):
            parse_object(body)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("end", ["", "\\", '"', '"}'])
def test_a_text_without_an_end_takes_no_more_time_than_its_length(end):
    """F3: 44 seconds for 120 kB, once."""
    body = b'{"a":' + b"[]," * 40 + b'"' + b'\\"' * 120_000 + end.encode()
    started = time.process_time()
    with pytest.raises(NotCanonical):
        parse_object(body)
    assert time.process_time() - started < 1


def test_brackets_in_texts_are_no_depth():
    assert parse_object(b'{"a": "' + b"[" * 100 + b'", "b": "\\"[[[{{{"}')["b"] == '"[[[{{{'
