"""Every error of the provider's catalogue is a typed error that says how to mend it and shows nothing that was sent."""

# ruff: noqa: RUF001  # the provider's own apostrophes

# the provider's own apostrophes

import json
from datetime import UTC, datetime
from itertools import count

import pytest

from govcomponents import (
    Conflict,
    CredentialsRefused,
    DailyLimitReached,
    NotFound,
    OutcomeUnknown,
    PermissionRefused,
    RateLimited,
    RequestRefused,
    Unavailable,
    UnexpectedReply,
)
from notify.doubles import EMAIL, NOW, TEST_KEY, VALUES, answer, refused, scripted

ID = "740e5834-3a29-46b4-9a6f-16142fde533a"
CATALOGUE = [
    (400, "BadRequestError", "Missing personalisation: first name, amount", RequestRefused, "personalisation"),
    (400, "BadRequestError", "Template not found", NotFound, "template"),
    (400, "BadRequestError", "Template has been deleted", Conflict, "template"),
    (400, "BadRequestError", "sms template is not suitable for email notification", RequestRefused, "template"),
    (400, "BadRequestError", "Can’t send to this recipient using a team-only API key", PermissionRefused, "to"),
    (
        400,
        "BadRequestError",
        "Can’t send to this recipient when service is in trial mode – see x",
        PermissionRefused,
        "to",
    ),
    (403, "BadRequestError", "Cannot send letters with a team api key", PermissionRefused, None),
    (403, "BadRequestError", "Cannot send letters when service is in trial mode", PermissionRefused, None),
    (400, "BadRequestError", "Service is not allowed to send text messages", PermissionRefused, None),
    (400, "BadRequestError", "Cannot send to international mobile numbers", PermissionRefused, "to"),
    (400, "BadRequestError", "Send files by email has not been set up - add contact details", PermissionRefused, None),
    (400, "BadRequestError", "email_reply_to_id x does not exist in database for service id y", NotFound, "reply_to"),
    (400, "BadRequestError", "sms_sender_id x does not exist in database for service id y", NotFound, "sender"),
    (400, "BadRequestError", "Your message is empty.", RequestRefused, "personalisation"),
    (
        400,
        "BadRequestError",
        "Your message is too long. Text messages cannot be longer than 918 characters.",
        RequestRefused,
        "personalisation",
    ),
    (400, "BadRequestError", "Can only send a file by email", RequestRefused, "personalisation"),
    (
        400,
        "BadRequestError",
        "Unsupported file type '.exe'. Supported types are: '.csv'",
        RequestRefused,
        "personalisation",
    ),
    (400, "BadRequestError", "File did not pass the virus scan", RequestRefused, "personalisation"),
    (400, "BadRequestError", "Document must not be empty", RequestRefused, "personalisation"),
    (
        400,
        "ValidationError",
        "retention_period Unsupported value for retention_period: 4 days.",
        RequestRefused,
        "personalisation",
    ),
    (400, "ValidationError", "phone_number Not enough digits", RequestRefused, "to"),
    (400, "InvalidPhoneError", "Not a UK mobile number", RequestRefused, "to"),
    (400, "ValidationError", "email_address Not a valid email address", RequestRefused, "to"),
    (400, "BadRequestError", "Recipient can't be empty", RequestRefused, "to"),
    (400, "ValidationError", "Address must be at least 3 lines", RequestRefused, "address"),
    (400, "ValidationError", "Must be a real UK postcode", RequestRefused, "address"),
    (
        400,
        "ValidationError",
        "Cannot create a usable QR code - the link is too long",
        RequestRefused,
        "personalisation",
    ),
    (400, "BadRequestError", "Cannot decode letter content (invalid base64 encoding)", RequestRefused, "pdf"),
    (400, "BadRequestError", "Notification is not a letter", Conflict, None),
    (400, "BadRequestError", "PDF not available for letters in status technical-failure", Conflict, None),
    (400, "ValidationError", "template_id is a required property", RequestRefused, "template"),
    (400, "ValidationError", "template_id is not a valid UUID", RequestRefused, "template"),
    (400, "ValidationError", "Additional properties are not allowed (x was unexpected)", RequestRefused, "extra"),
    (400, "BadRequestError", "something that was never seen before", RequestRefused, None),
    (403, "BadRequestError", "something that was never seen before", PermissionRefused, None),
    (404, "NoResultFound", "No result found", NotFound, None),
    (404, "DataError", "malformed", NotFound, None),
    (401, "AuthError", "Unauthorized: authentication token must be provided", CredentialsRefused, None),
    (403, "AuthError", "Invalid token: API key revoked", CredentialsRefused, None),
    (403, "AuthError", "Invalid token: API key not found", CredentialsRefused, None),
    (403, "AuthError", "Invalid token: service is archived", CredentialsRefused, None),
    (403, "AuthError", "Invalid token: service not found", CredentialsRefused, None),
    (403, "BadRequestError", "Invalid token: algorithm used is not HS256", CredentialsRefused, None),
]


@pytest.mark.parametrize(("status", "kind", "message", "error", "field"), CATALOGUE, ids=lambda value: str(value)[:40])
def test_each_message_of_the_catalogue_has_its_class(status, kind, message, error, field):
    _, notify = scripted(refused(status, kind, message, **{"x-b3-traceid": "trace-1"}))

    with pytest.raises(error) as caught:
        notify.send_email("sam@example.com", EMAIL, VALUES)

    assert type(caught.value) is error
    assert (caught.value.status, caught.value.code, caught.value.request_id) == (status, kind, "trace-1")
    assert getattr(caught.value, "field", None) == field
    assert caught.value.fix


@pytest.mark.parametrize(
    ("message", "field", "shown"),
    [
        ("email_address None is not of type string", "to", "email_address is not of type string"),
        ("phone_number 07700 900canary is not of type string", "to", "phone_number is not of type string"),
        ("personalisation canary is not of type object", "personalisation", "personalisation is not of type object"),
        ("reference canary is too long", "reference", "reference is too long"),
        ("status canary is not one of [cancelled, created]", "status", "is not one of [cancelled, created]"),
        ("template_type canary is not one of [sms, email]", "channel", "template_type is not one of [sms, email]"),
        ("one_click_unsubscribe_url is not a valid https url", "one_click_unsubscribe_url", "not a valid https url"),
        ("postage invalid. It must be first, second or economy.", "postage", "It must be first, second or economy"),
        ("scheduled_for datetime can not be in the past", "scheduled_for", "datetime can not be in the past"),
        ("sms_sender_id is not a valid UUID", "sender", "UUID"),
        ("email_reply_to_id canary is not of type string", "reply_to", "is not of type string"),
        ("personalisation canary: is too long of canary", "personalisation", "finds personalisation wrong"),
        ("address_line_1 canary is not of type string", "address", "postal address"),
    ],
)
def test_of_a_message_about_a_property_the_property_and_no_value_is_shown(message, field, shown):
    _, notify = scripted(refused(400, "ValidationError", message))

    with pytest.raises(RequestRefused) as caught:
        notify.send_email("sam@example.com", EMAIL, VALUES)

    assert caught.value.field == field
    assert shown in str(caught.value)
    assert "canary" not in str(caught.value)
    assert "None" not in str(caught.value)


def test_a_letter_that_failed_the_virus_scan_has_no_pdf():
    _, notify = scripted(refused(400, "BadRequestError", "File did not pass the virus scan"))

    with pytest.raises(Conflict, match="no PDF") as caught:
        notify.get_letter_pdf(ID)
    assert caught.value.field is None


def test_placeholders_that_are_missing_are_named_because_they_are_the_templates_own_words():
    _, notify = scripted(refused(400, "BadRequestError", "Missing personalisation: first name, amount"))

    with pytest.raises(RequestRefused, match="first name, amount"):
        notify.send_email("sam@example.com", EMAIL, VALUES)


@pytest.mark.parametrize(
    "body",
    [
        {"result": "error", "message": "phone_number canary@example.com is not of type string"},
        {"result": "error", "message": {"token": ["canary@example.com"]}},
        {"result": "error", "message": ["canary@example.com"]},
        {"errors": []},
        {"errors": ["canary@example.com", {"error": 7, "message": 7}, {"error": "canary@example.com"}]},
        {"errors": "canary@example.com"},
        ["canary@example.com"],
        b"<html>canary@example.com</html>",
        b"",
        b"[" * 100_000,
    ],
    ids=lambda body: str(body)[:40],
)
def test_any_form_of_body_is_read_and_nothing_of_it_is_shown(body):
    _, notify = scripted(answer(400, body))

    with pytest.raises((RequestRefused, UnexpectedReply)) as caught:
        notify.send_email("sam@example.com", EMAIL, VALUES)

    assert "canary" not in str(caught.value)
    assert caught.value.code is None


@pytest.mark.parametrize(("date", "told"), [("Tue, 14 Nov 2023 22:11:20 GMT", "120 s ahead"), ("", ""), ("soon", "")])
def test_a_wrong_clock_is_told_with_how_far_it_is_off(date, told):
    _, notify = scripted(
        refused(403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds", date=date)
    )

    with pytest.raises(CredentialsRefused, match="clock") as caught:
        notify.send_email("sam@example.com", EMAIL, VALUES)

    assert told in str(caught.value)


def test_the_rate_limit_is_told_at_once_because_a_refused_request_counts_too():
    limit = refused(429, "RateLimitError", "Exceeded rate limit for key type TEST of 3000 requests per 60 seconds")
    transport, notify = scripted(limit, limit, limit)

    with pytest.raises(RateLimited) as caught:
        notify.send_email("sam@example.com", EMAIL, VALUES)

    assert type(caught.value) is RateLimited
    assert caught.value.retry_after is None
    assert "does not say when" in caught.value.fix
    assert len(transport.sent) == 1


@pytest.mark.parametrize("read", [False, True])
def test_a_rate_limit_that_says_when_it_passes_is_waited_for(read):
    limit = refused(429, "RateLimitError", "Exceeded rate limit", **{"retry-after": "5"})
    transport, notify = scripted(limit, limit, limit)

    with pytest.raises(RateLimited) as caught:
        notify.get("an-id") if read else notify.send_email("sam@example.com", EMAIL, VALUES)

    assert caught.value.retry_after == 5.0
    assert len(transport.sent) == 3


def test_a_retry_after_header_says_how_long_to_wait():
    limit = refused(429, "RateLimitError", "Exceeded rate limit", **{"retry-after": "90"})
    _, notify = scripted(limit)

    with pytest.raises(RateLimited) as caught:
        notify.send_email("sam@example.com", EMAIL, VALUES)

    assert caught.value.retry_after == 90.0


def test_the_days_limit_is_not_retried_and_lasts_until_midnight_utc():
    transport, notify = scripted(refused(429, "TooManyRequestsError", "Exceeded send limits (sms: 250000) for today"))

    with pytest.raises(DailyLimitReached) as caught:
        notify.send_email("sam@example.com", EMAIL, VALUES)

    assert caught.value.resets_at == datetime(2023, 11, 15, tzinfo=UTC)
    assert caught.value.retry_after == caught.value.resets_at.timestamp() - NOW
    assert len(transport.sent) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_leaves_a_send_unknown_and_a_read_unavailable(status):
    broken = answer(status, {"status_code": status, "errors": [{"error": "IntegrityError", "message": "Internal"}]})
    transport, notify = scripted(broken, broken, broken, broken)

    with pytest.raises(OutcomeUnknown) as caught:
        notify.send_email("sam@example.com", EMAIL, VALUES, "ref-1")
    assert "reference" in caught.value.lookup
    assert caught.value.code == "IntegrityError"
    assert len(transport.sent) == 1

    with pytest.raises(Unavailable):
        notify.get(ID)
    assert len(transport.sent) == 4


def test_without_a_reference_a_lost_send_says_that_it_cannot_be_looked_up():
    _, notify = scripted(answer(500, {}))

    with pytest.raises(OutcomeUnknown) as caught:
        notify.send_email("sam@example.com", EMAIL, VALUES)

    assert "cannot be looked up" in caught.value.lookup


@pytest.mark.parametrize("status", [200, 204, 302])
def test_an_answer_that_is_neither_accepted_nor_refused_is_unexpected(status):
    _, notify = scripted(answer(status, {}))

    with pytest.raises(UnexpectedReply):
        notify.send_email("sam@example.com", EMAIL, VALUES)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"id": 7}', json.dumps({"id": ID, "content": {}, "template": {}}).encode()],
)
def test_an_accepted_answer_that_cannot_be_read_is_unexpected_and_says_how_to_look_it_up(body):
    _, notify = scripted(answer(201, body))

    with pytest.raises(UnexpectedReply) as caught:
        notify.send_email("sam@example.com", EMAIL, VALUES, "ref-1")

    assert "reference" in caught.value.lookup


def test_each_attempt_is_signed_afresh():
    times = count(NOW, 100)
    limit = refused(429, "RateLimitError", "Exceeded rate limit", **{"retry-after": "1"})
    transport, notify = scripted(limit, limit, limit, clock=lambda: next(times))

    with pytest.raises(RateLimited):
        notify.send_email("sam@example.com", EMAIL, VALUES)

    tokens = {request.headers["Authorization"] for request in transport.sent}
    assert len(tokens) == 3
    assert not any(TEST_KEY[-36:] in token for token in tokens)
