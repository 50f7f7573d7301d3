"""What is put on the wire to GC Notify: agreed with its description, and refused where the service would misread it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcomponents import ConfigurationError, InvalidInput, NotSupported
from govcomponents.core.http.messages import Replay, Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.notify.adapters import BUILT_IN
from govcomponents.notify.adapters.gc_notify.adapter import GcNotify
from govcomponents.notify.adapters.gc_notify.wire import WIRE
from govcomponents.settings import NotifySettings, Settings

from .support import KEY, MESSAGE, SECRET, SERVICE, TEMPLATE, needs_description, notify_on, validate

ADDRESS = "8e222534-7f05-4972-86e3-17c5d9f894e2"


def accepted(**content: str) -> Response:
    body = {
        "id": MESSAGE,
        "reference": None,
        "content": {"body": "Hello", **content},
        "uri": f"https://api.notification.canada.ca/v2/notifications/{MESSAGE}",
        "template": {"id": TEMPLATE, "version": 1, "uri": "https://api.notification.canada.ca/v2/template/x"},
    }
    return Response(201, {"content-type": "application/json"}, json.dumps(body).encode())


def email_sent(**arguments: object) -> dict[str, object]:
    notify, transport = notify_on(accepted(subject="Subject", from_email="permits@example.com"))
    notify.send_email("amala.roy@example.com", TEMPLATE, **arguments)
    return json.loads(transport.sent[0].body)


@needs_description
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"personalisation": {"name": "Amala", "count": 3, "price": 1.5, "urgent": True}},
        {"reference": "PERMIT-12", "reply_to": ADDRESS},
        {"extra": {"scheduled_for": datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=-5)))}},
    ],
)
def test_an_email_agrees_with_the_description(arguments):
    notify, transport = notify_on(accepted(subject="Subject", from_email="permits@example.com"))

    notify.send_email("amala.roy@example.com", TEMPLATE, **arguments)

    validate(transport.sent[0].body, "CreateEmailNotificationRequest")


@needs_description
@pytest.mark.parametrize(
    "arguments",
    [{}, {"personalisation": {"name": "Amala", "urgent": False}}, {"reference": "PERMIT-12", "sender": ADDRESS}],
)
def test_a_text_message_agrees_with_the_description(arguments):
    notify, transport = notify_on(accepted(from_number="+16135550100"))

    notify.send_sms("+16135550123", TEMPLATE, **arguments)

    validate(transport.sent[0].body, "CreateSmsNotificationRequest")


def test_each_request_carries_the_whole_key_and_says_that_it_is_json():
    notify, transport = notify_on(accepted(from_number="+16135550100"))

    notify.send_sms("613 555 0123", TEMPLATE)

    [request] = transport.sent
    assert request.headers["Authorization"] == f"ApiKey-v1 {KEY}"
    assert request.headers["Content-Type"] == "application/json"
    assert request.url == "https://api.notification.canada.ca/v2/notifications/sms"
    assert request.replay is Replay.UNSENT


@pytest.mark.parametrize("an_id", ["..", "../templates?x=1", "a/b"])
@pytest.mark.parametrize("operation", ["get", "get_template", "preview"])
def test_an_id_cannot_leave_its_place_in_the_path(operation, an_id):
    notify, transport = notify_on(Response(404))

    with pytest.raises(InvalidInput):
        getattr(notify, operation)(an_id)

    assert transport.sent == []


def test_values_are_written_as_texts_and_a_list_stays_one():
    body = email_sent(personalisation={"count": 3, "ratio": 0.5, "yes": True, "no": False, "items": ["a", 1, True]})

    assert body["personalisation"] == {
        "count": "3",
        "ratio": "0.5",
        "yes": "yes",
        "no": "no",
        "items": ["a", "1", "yes"],
    }


@given(moment=st.datetimes(timezones=st.timezones(), min_value=datetime(2020, 1, 1), max_value=datetime(2090, 1, 1)))  # noqa: DTZ001  # bounds are naive
def test_a_time_to_send_at_is_converted_to_utc_and_loses_its_offset(moment):
    written = WIRE.scheduled_for(moment, "notify.send_email")

    read = datetime.fromisoformat(str(written))
    assert read.tzinfo is None
    assert read.replace(tzinfo=UTC) == moment.astimezone(UTC).replace(microsecond=0)


@pytest.mark.parametrize(
    "moment",
    ["2026-03-02T15:00:00-05:00", "2026-03-02T15:00:00Z", "tomorrow", datetime(2026, 3, 2)],  # noqa: DTZ001  # no zone
)
def test_a_time_that_the_service_would_misread_is_refused_unsent(moment):
    notify, transport = notify_on()

    with pytest.raises(InvalidInput) as caught:
        notify.send_email("amala.roy@example.com", TEMPLATE, extra={"scheduled_for": moment})

    assert caught.value.field == "scheduled_for"
    assert not transport.sent


def test_a_time_in_utc_without_an_offset_goes_as_it_is():
    assert email_sent(extra={"scheduled_for": "2026-03-02T15:00:00"})["scheduled_for"] == "2026-03-02T15:00:00"
    assert email_sent(extra={"scheduled_for": None})["scheduled_for"] is None


@pytest.mark.parametrize("number", ["call 613-253-2222 now", "6132532222;6132532223", "6132532222 ext 5", "office"])
def test_a_number_that_the_service_would_pick_out_of_a_text_is_refused_unsent(number):
    notify, transport = notify_on()

    with pytest.raises(InvalidInput) as caught:
        notify.send_sms(number, TEMPLATE)

    assert caught.value.field == "to"
    assert number not in str(caught.value)
    assert not transport.sent


@pytest.mark.parametrize("number", ["+16132532222", "(613) 253-2222", "613.253.2222", "613 253 2222"])
def test_a_number_is_sent_as_it_was_given(number):
    notify, transport = notify_on(accepted(from_number="+16135550100"))

    notify.send_sms(number, TEMPLATE)

    assert json.loads(transport.sent[0].body)["phone_number"] == number


class TestWhatIsRefusedUnsent:
    ARGUMENTS: ClassVar = [
        ({"template": "not-a-uuid"}, "template"),
        ({"reply_to": "the first"}, "reply_to"),
        ({"extra": {"more": object()}}, "extra"),
        ({"personalisation": {"name": "\ud800"}}, "personalisation"),
    ]

    @pytest.mark.parametrize(("changed", "field"), ARGUMENTS)
    def test_an_argument_that_cannot_be_sent(self, changed, field):
        notify, transport = notify_on()

        with pytest.raises(InvalidInput) as caught:
            notify.send_email(**{"to": "amala.roy@example.com", "template": TEMPLATE, **changed})

        assert caught.value.field == field
        assert not transport.sent

    def test_a_sender_that_is_no_id(self):
        notify, transport = notify_on()

        with pytest.raises(InvalidInput) as caught:
            notify.send_sms("+16135550123", TEMPLATE, sender="PERMITS")

        assert caught.value.field == "sender"
        assert not transport.sent

    @pytest.mark.parametrize(
        "arguments", [{"one_click_unsubscribe_url": "https://example.gov.uk/stop"}, {"sanitise": ["name"]}]
    )
    def test_what_the_service_does_not_have(self, arguments):
        notify, transport = notify_on()

        with pytest.raises(NotSupported) as caught:
            notify.send_email("amala.roy@example.com", TEMPLATE, **arguments)

        assert caught.value.provider == "GC Notify"
        assert not transport.sent


class TestSettings:
    @pytest.mark.parametrize(
        "key",
        [
            "",
            SECRET,
            f"a test key-{SERVICE}-{SECRET}",
            f"gcntfy-key-{SERVICE}-{SECRET} ",
            f"gcntfy-key-{SERVICE}-{SECRET}\n",
            f"gcntfy-key-{SERVICE}-{SECRET[:-1]}",
            f"gcntfy-kéy-{SERVICE}-{SECRET}",
            f"gcntfy-key\n-{SERVICE}-{SECRET}",
            f"gcntfy-key-{SERVICE}_{SECRET}",
        ],
    )
    def test_a_key_that_is_not_whole_is_refused_and_not_shown(self, key):
        with pytest.raises(ConfigurationError) as caught:
            GcNotify.from_settings(NotifySettings(api_key=key), Runtime(ScriptedTransport()))

        assert "GOVCOMPONENTS_NOTIFY__API_KEY" in str(caught.value)
        assert SECRET[:8] not in repr(caught.value)

    def test_a_missing_key_is_refused(self):
        with pytest.raises(ConfigurationError, match="API_KEY is not set"):
            GcNotify.from_settings(NotifySettings(), Runtime(ScriptedTransport()))

    def test_an_unknown_setting_is_refused(self):
        settings = NotifySettings.model_validate({"api_key": KEY, "region": "ca"})

        with pytest.raises(ConfigurationError, match="REGION"):
            GcNotify.from_settings(settings, Runtime(ScriptedTransport()))

    def test_a_base_url_without_tls_is_refused(self):
        with pytest.raises(ConfigurationError, match="https"):
            GcNotify.from_settings(
                NotifySettings(api_key=KEY, base_url="http://api.example.com"), Runtime(ScriptedTransport())
            )

    def test_it_is_chosen_by_name(self):
        from govcomponents import GovComponents

        assert "gc_notify" in BUILT_IN
        transport = ScriptedTransport([accepted(from_number="+16135550100")])
        settings = Settings(notify=NotifySettings(adapter="gc_notify", api_key=KEY))
        with GovComponents.from_settings(settings, transport=transport) as gov:
            assert gov.notify.send_sms("+16135550123", TEMPLATE).id == MESSAGE
