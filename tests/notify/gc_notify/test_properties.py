"""Whatever GC Notify answers or calls back with, the caller gets a model or a typed error, without what was sent."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcomponents import CallbackRefused, GovComponentsError, InvalidInput, Secret
from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.notify.adapters.gc_notify.adapter import GcNotify
from govcomponents.notify.adapters.gc_notify.callbacks import READER
from govcomponents.notify.adapters.gc_notify.error_mapping import ERRORS
from govcomponents.notify.events import Complaint, DeliveryReceipt, HealthCheck, UnknownEvent
from govcomponents.settings import NotifySettings

from .support import KEY, NOW, TEMPLATE, notify_on

CANARY = "canary-7f3a"
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(CANARY)
NAMES = st.sampled_from(
    ["errors", "error", "message", "result", "status_code", "id", "to", "status", "notification_type", "created_at",
     "health_check", "complaint_id", "notification_id", "data"]
)  # fmt: skip
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=12
)
BODIES = st.binary(max_size=200) | ANYTHING.map(lambda value: json.dumps(value).encode())


@given(status=st.integers(300, 599), body=BODIES, is_read=st.booleans())
def test_every_refusal_is_typed_and_shows_no_message_that_is_not_known(status, body, is_read):
    replay = Replay.ALWAYS if is_read else Replay.UNSENT
    response = Response(status, {}, body)

    error = ERRORS.error(response, Request("notify.test", "POST", "/", replay, lookup="look"), NOW)

    assert isinstance(error, GovComponentsError)
    assert error.fix
    assert CANARY not in str(error)
    assert isinstance(ERRORS.is_rate_limit(response), bool)


@given(body=BODIES)
def test_every_callback_is_an_event_or_refused(body):
    outcome: object
    try:
        outcome = READER.parse(body)
    except CallbackRefused as error:
        outcome = error

    assert isinstance(outcome, (CallbackRefused, DeliveryReceipt, Complaint, HealthCheck, UnknownEvent))
    if isinstance(outcome, CallbackRefused):
        assert CANARY not in str(outcome)


@given(text=st.text(max_size=30))
def test_whatever_stands_in_the_place_of_a_number_is_sent_as_it_is_or_refused(text):
    notify, transport = notify_on(Response(500))

    with pytest.raises(GovComponentsError) as caught:
        notify.send_sms(text, TEMPLATE)

    if isinstance(caught.value, InvalidInput):
        assert not transport.sent
    else:
        assert json.loads(transport.sent[0].body)["phone_number"] == text


@given(cut=st.integers(0, len(KEY) - 1))
def test_a_key_that_was_cut_anywhere_is_refused(cut):
    with pytest.raises(GovComponentsError) as caught:
        GcNotify.from_settings(NotifySettings(api_key=Secret(KEY[:cut])), Runtime(ScriptedTransport()))

    assert KEY[7:15] not in str(caught.value)
