"""The GOV.UK Notify stub: rules that the recorded exchanges do not show, callbacks, the outbox, many threads."""

# ruff: noqa: E501, ISC004  # tables of messages read better so

import base64
import json
import threading

import pytest

from govcomponents import RequestRefused
from govcomponents.core.http.messages import Replay, Request
from govcomponents.sandbox.app import Sandbox
from notify.doubles import ADDRESS, EMAIL, FILE, LETTER, LIVE_KEY, SERVICE, TEAM_KEY, TEST_KEY, TEXT, VALUES, on_sandbox

from .requests_by_hand import get, messages, post, world

RENEWAL = {"name": "Sam", "reference": "R", "amount": "£1", "refund": "no"}


@pytest.mark.parametrize(
    ("path", "change", "expected"),
    [
        ("sms", {"phone_number": None}, ["phone_number None is not of type string"]),
        ("sms", {"reference": None}, ["reference None is not of type string"]),
        ("sms", {"reference": "x" * 1001}, [f"reference {'x' * 1001} is too long"]),
        ("sms", {"template_id": "{5ab1ec0d-0000-4000-8000-000000000102}"}, None),
        ("sms", {"template_id": 7}, ["template_id is not a valid UUID"]),
        ("sms", {"foo": 1, "bar": 2}, ["Additional properties are not allowed (bar, foo were unexpected)"]),
        ("sms", {"sms_sender_id": None}, ["sms_sender_id is not a valid UUID"]),
        ("sms", {"scheduled_for": None}, None),
        ("sms", {"scheduled_for": 7}, ["scheduled_for 7 is not of type string, null"]),
        ("sms", {"scheduled_for": "2026-03-02T08:00:00Z"}, ["scheduled_for datetime can not be in the past"]),
        ("sms", {"scheduled_for": "2026-03-04T08:00:00"}, ["scheduled_for datetime can only be 24 hours in the future"]),
        ("sms", {"scheduled_for": "2026-03-02T19:00:00Z"}, None),
        (
            "sms",
            {"scheduled_for": "soon"},
            [
                "scheduled_for datetime format is invalid. It must be a valid ISO8601 date time format, "
                "https://en.wikipedia.org/wiki/ISO_8601"
            ],
        ),
        ("email", {"email_address": 7}, ["email_address 7 is not of type string"]),
        ("email", {"email_address": "a@b"}, ["email_address Not a valid email address"]),
        ("email", {"one_click_unsubscribe_url": "http://x"}, ["one_click_unsubscribe_url is not a valid https url"]),
        ("email", {"one_click_unsubscribe_url": "https://x"}, None),
        ("email", {"sanitise_content_for": [7, None]}, ["sanitise_content_for 7 is not of type string",
                                                        "sanitise_content_for None is not of type string"]),
        ("email", {"email_reply_to_id": "5ab1ec0d-0000-4000-8000-0000000000a1"}, None),
        ("email", {"personalisation": []}, ["personalisation [] is not of type object"]),
    ],
)  # fmt: skip
def test_each_fault_of_form_has_the_servers_message(path, change, expected):
    sandbox = Sandbox(now="2026-03-02T09:00:00Z")
    whole = {
        "sms": {"phone_number": "07700900123", "template_id": TEXT, "personalisation": RENEWAL},
        "email": {"email_address": "sam@example.com", "template_id": EMAIL, "personalisation": RENEWAL},
    }[path]

    answered = post(sandbox, f"/v2/notifications/{path}", {**whole, **change})

    if expected is None:
        assert answered[0] == 201
    else:
        assert messages(answered) == [("ValidationError", message) for message in expected]


@pytest.mark.parametrize(
    ("file", "kind", "message"),
    [
        ({"file": 7}, "ValidationError", "file 7 is not of type string"),
        ({"file": "eHg=", "filename": "x"}, "ValidationError",
         "filename `filename` must end with a file extension. For example, filename.csv"),
        ({"file": "eHg=", "filename": "a" * 97 + ".csv"}, "BadRequestError", "`filename` cannot be longer than 100 characters"),
        ({"file": "eHg=", "confirm_email_before_download": "no"}, "ValidationError",
         "confirm_email_before_download Unsupported value for confirm_email_before_download: no. "
         "Use a boolean true or false value."),
        ({"file": "eHg=", "is_csv": "no"}, "ValidationError",
         "is_csv Unsupported value for is_csv: no. Use a boolean true or false value."),
        ({"file": "eHg=", "retention_period": 4}, "ValidationError",
         "retention_period Unsupported value for retention_period: 4. Supported periods are from 1 to 78 weeks."),
        ({"file": "eHg=", "filename": "x.exe"}, "BadRequestError", "Unsupported file type '.exe'. Supported types are: "),
        ({"file": "eHh"}, "BadRequestError", None),
        ({"file": base64.b64encode(bytes(2_100_000)).decode()}, "BadRequestError", "Uploaded file exceeds file size limit"),
        ({"file": base64.b64encode(b"\xff\xfe").decode()}, "BadRequestError", "Unsupported file type 'application/octet"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_files_are_judged_as_the_file_service_does(file, kind, message):
    sandbox = Sandbox()
    values = {"name": "Sam", "link_to_file": file}
    body = {"email_address": "sam@example.com", "template_id": FILE, "personalisation": values}

    answered = post(sandbox, "/v2/notifications/email", body)

    if message is None:
        assert answered[0] in (201, 400)
    else:
        assert messages(answered)[0][0] == kind
        assert messages(answered)[0][1].startswith(message)


@pytest.mark.parametrize(
    "start", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"{\\rtf", b"PK\x03\x04..word/", b"PK\x03\x04xl/"]
)
def test_files_that_are_known_by_their_beginning_pass(start):
    sandbox = Sandbox()
    file = {"file": base64.b64encode(start + b"...").decode(), "retention_period": " 1 Week "}
    body = {
        "email_address": "sam@example.com",
        "template_id": FILE,
        "personalisation": {"name": "S", "link_to_file": file},
    }

    assert post(sandbox, "/v2/notifications/email", body)[0] == 201


def test_a_smoke_test_is_answered_and_not_kept():
    sandbox = Sandbox()
    file = {"file": "eHg="}
    body = {"email_address": "Simulate-Delivered-2@notifications.service.gov.uk", "template_id": FILE,
            "personalisation": {"name": "S", "link_to_file": file}}  # fmt: skip
    status, answered = post(sandbox, "/v2/notifications/email", body, key=LIVE_KEY)
    assert status == 201
    assert answered["content"]["body"].endswith(f"/services/{SERVICE}/documents/test-document")

    body = {"phone_number": "+44 7700 900111", "template_id": TEXT, "personalisation": RENEWAL}
    status, answered = post(sandbox, "/v2/notifications/sms", body, key=LIVE_KEY)
    assert get(sandbox, f"/v2/notifications/{answered['id']}")[0] == 404
    assert sandbox.notify.messages.all() == []


def test_rules_of_the_service_in_the_servers_order():
    sandbox = Sandbox()
    text = {"phone_number": "07700900123", "template_id": TEXT, "personalisation": RENEWAL}

    assert messages(
        post(sandbox, "/v2/notifications/sms", {**text, "personalisation": {**RENEWAL, "name": "x" * 900}})
    )[0][1].startswith(
        "Your message is too long. Text messages cannot be longer than 918 characters. Your message is 963 characters long."
    )
    wrong_sender = {**text, "sms_sender_id": "99999999-9999-4999-8999-999999999999"}
    assert "sms_sender_id" in messages(post(sandbox, "/v2/notifications/sms", wrong_sender))[0][1]
    team = post(sandbox, "/v2/notifications/sms", {**text, "phone_number": "07700900020"}, key=TEAM_KEY)
    assert team[0] == 201
    letter = {"template_id": LETTER, "personalisation": {**RENEWAL, "address_line_1": "A", "address_line_2": "B"}}
    assert messages(post(sandbox, "/v2/notifications/letter", letter)) == [
        ("ValidationError", "Address must be at least 3 lines")
    ]
    assert messages(post(sandbox, "/v2/notifications/letter", {"reference": "r", "content": "a"}))[0][1].startswith(
        "Cannot decode"
    )
    assert post(sandbox, "/v2/notifications/fax", {})[0] == 404
    assert messages(post(sandbox, "/v2/notifications/sms", [1]))[0][1] == "[1] is not of type object"
    assert messages(post(sandbox, "/v2/notifications/letter", 1))[0][1] == "1 is not of type object"
    assert messages(post(sandbox, f"/v2/template/{EMAIL}/preview", {"personalisation": None}))[0][1].endswith(
        "of type object"
    )
    assert messages(post(sandbox, "/v2/template/x/preview", {}))[0][1] == "id is not a valid UUID"
    assert messages(get(sandbox, "/v2/templates?type=fax"))[0][1] == "type fax is not one of [sms, email, letter]"
    assert messages(get(sandbox, "/v2/notifications?include_jobs=false&x=1"))[0][1].startswith("include_jobs false")
    assert messages(get(sandbox, "/v2/notifications/x/pdf"))[0][1] == "notification_id is not a valid UUID"
    assert get(sandbox, "/_status")[1]["status"] == "ok"


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"iat": "now"}, "make sure your API token"),
        ({"aud": "x"}, "make sure your API token"),
        ({"exp": 1}, "make sure your API token"),
        ({"exp": 1e12}, None),
        ({"iss": 7}, "not the right data type"),
        ({"iss": ""}, "iss field not provided"),
        ({"iss": "99999999-9999-4999-8999-999999999999"}, "service not found"),
        ({"iss": SERVICE.upper()}, None),
        ({"iat": 1}, "system clock"),
    ],
)
def test_tokens_are_judged_in_the_servers_order(claims, message):
    import jwt

    sandbox = Sandbox()
    whole = {"iss": SERVICE, "iat": int(sandbox.clock.time()), **claims}
    token = jwt.encode(whole, TEST_KEY[-36:], algorithm="HS256") if claims != {"iss": 7} else None
    if token is None:
        import base64 as b64
        import hmac

        parts = [b64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in ({"alg": "HS256"}, whole)]
        signature = hmac.digest(TEST_KEY[-36:].encode(), b".".join(parts), "sha256")
        token = b".".join([*parts, b64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()
    request = Request(
        "t", "GET", f"{sandbox.base_url}/v2/templates", Replay.ALWAYS, {"Authorization": f"bearer {token}"}
    )
    answered = sandbox.handle(request)

    if message is None:
        assert answered.status == 200
    else:
        assert answered.status == 403
        assert message in answered.body.decode()


def test_fifty_threads_at_once_lose_nothing():
    sandbox, notify = on_sandbox(key=LIVE_KEY)

    def work(number):
        for turn in range(10):
            notify.send_email(f"t{number}@example.com", EMAIL, VALUES, f"{number}-{turn}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    held = sandbox.notify.messages.all()
    assert len(held) == len({message.id for message in held}) == 500
    assert len(list(notify.search())) == 500


def test_a_qr_code_that_is_too_long_is_told_with_its_size():
    section = world()
    letter = next(one for one in section["notify"]["services"][0]["templates"] if one["type"] == "letter")
    letter["versions"][0]["content"] = "QR: ((link))"
    sandbox, notify = on_sandbox(world=section)
    link = "https://" + "a" * 500
    body = {"template_id": LETTER, "personalisation": {"link": link, "address_line_1": "A"}}

    _, answered = post(sandbox, "/v2/notifications/letter", body)
    assert answered["errors"] == [
        {
            "error": "ValidationError",
            "message": "Cannot create a usable QR code - the link is too long",
            "data": link,
            "num_bytes": 508,
            "max_bytes": 504,
        }
    ]
    with pytest.raises(RequestRefused) as caught:
        notify.send_letter(ADDRESS, LETTER, {"link": link})
    assert caught.value.field == "personalisation"
    assert link not in str(caught.value)


def test_two_faults_of_the_server_are_kept():
    sandbox = Sandbox()
    body = {"email_address": "sam@example.com", "template_id": EMAIL, "personalisation": {**RENEWAL, "name": ["x"]}}
    answered = post(sandbox, "/v2/notifications/email", {**body, "sanitise_content_for": ["NAME"]})
    assert (answered[0], messages(answered)) == (500, [("TypeError", "Internal server error")])

    file = {"name": "S", "link_to_file": {"file": "eHg=", "filename": None, "is_csv": None}}
    answered = post(sandbox, "/v2/notifications/email", {**body, "template_id": FILE, "personalisation": file})
    assert messages(answered) == [("ValidationError", "Do not set a value for `is_csv` if `filename` is set.")]


def test_nothing_is_left_to_send():
    section = world()
    text = next(one for one in section["notify"]["services"][0]["templates"] if one["type"] == "sms")
    text["versions"][0]["content"] = "((name??x))"
    body = {"phone_number": "07700900123", "template_id": TEXT, "personalisation": {"name": "no"}}

    answered = post(Sandbox({"notify": section["notify"]}), "/v2/notifications/sms", body)
    assert messages(answered) == [("BadRequestError", "Your message is empty.")]
    landline = {**body, "phone_number": "020 7946 0018", "personalisation": {"name": "yes"}}
    allowed = section["notify"]["services"][0]["permissions"] + ["sms_to_uk_landlines"]
    section["notify"]["services"][0]["permissions"] = allowed
    assert post(Sandbox({"notify": section["notify"]}), "/v2/notifications/sms", landline)[0] == 201


def test_half_of_a_surrogate_pair_is_refused():
    body = {"email_address": "sam@example.com", "template_id": EMAIL, "personalisation": {**RENEWAL, "name": "\ud83d"}}
    answered = post(Sandbox(), "/v2/notifications/email", body)
    assert (answered[0], messages(answered)) == (400, [("BadRequestError", "Invalid JSON supplied in POST data")])


@pytest.mark.parametrize("body", [{"email_address": "a@example.com"}, {"phone_number": "07700900123"}])
def test_a_null_character_in_a_reference_breaks_it_as_it_breaks_the_real_one(body):
    channel, template = ("email", EMAIL) if "email_address" in body else ("sms", TEXT)
    wanted = body | {"template_id": template, "personalisation": VALUES, "reference": "a\0b"}
    answered = post(Sandbox(), f"/v2/notifications/{channel}", wanted)
    assert answered[0] == 500
    assert messages(answered) == [("ValueError", "Internal server error")]
