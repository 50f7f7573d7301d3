"""The official client, unmodified, does all that it can through the sandbox over HTTP."""

import io

import pytest

from govcomponents.sandbox.server import serving
from notify.doubles import ADDRESS, EMAIL, FILE, LETTER, TEST_KEY, TEXT

official = pytest.importorskip("notifications_python_client")

VALUES = {"name": "Sam", "reference": "R", "amount": "£1", "refund": "no"}
PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture(scope="module")
def server():
    with serving() as running:
        yield running


@pytest.fixture
def client(server):
    from notifications_python_client.notifications import NotificationsAPIClient

    made = NotificationsAPIClient(TEST_KEY, base_url=server.sandbox.base_url)
    yield made
    made.request_session.close()


def test_an_email_a_text_message_and_a_letter(client):
    email = client.send_email_notification(
        "sam@example.com",
        EMAIL,
        VALUES,
        reference="official-1",
        email_reply_to_id="5ab1ec0d-0000-4000-8000-0000000000a1",
        one_click_unsubscribe_url="https://service.example.gov.uk/stop",
        sanitise_content_for=["name"],
    )
    assert email["content"]["subject"] == "Your licence is renewed: R"
    text = client.send_sms_notification(
        "07700900123", TEXT, VALUES, reference="official-2", sms_sender_id="5ab1ec0d-0000-4000-8000-0000000000b2"
    )
    assert text["content"]["from_number"] == "GOVUK"
    lines = {f"address_line_{number}": line for number, line in enumerate(ADDRESS, 1)}
    letter = client.send_letter_notification(LETTER, {**VALUES, **lines}, reference="official-3")
    assert letter["content"]["subject"] == "Your licence is renewed"
    ready_made = client.send_precompiled_letter_notification("official-4", io.BytesIO(PDF), postage="first")
    assert ready_made["postage"] == "first"

    assert client.get_notification_by_id(email["id"])["reference"] == "official-1"
    assert len(client.get_all_notifications(template_type="email")["notifications"]) >= 1
    assert {one["id"] for one in client.get_all_notifications_iterator()} >= {email["id"], text["id"], letter["id"]}


def test_a_file_by_email(client):
    from notifications_python_client import prepare_upload

    file = prepare_upload(io.BytesIO(PDF), "a.pdf", confirm_email_before_download=False, retention_period="4 weeks")
    sent = client.send_email_notification("sam@example.com", FILE, {"name": "Sam", "link_to_file": file})

    assert "/d/" in sent["content"]["body"]


def test_the_pdf_of_a_letter(client, server):
    lines = {f"address_line_{number}": line for number, line in enumerate(ADDRESS, 1)}
    letter = client.send_letter_notification(LETTER, {**VALUES, **lines})
    server.sandbox.clock.advance(10)

    assert client.get_pdf_for_letter(letter["id"]).read().startswith(b"%PDF-")


def test_templates_and_previews(client):
    assert client.get_template(EMAIL)["version"] == 1
    assert client.get_template_version(EMAIL, 1)["id"] == EMAIL
    assert len(client.get_all_templates()["templates"]) == 5
    assert len(client.get_all_templates("sms")["templates"]) == 1
    preview = client.post_template_preview(EMAIL, VALUES)
    assert preview["html"].startswith("<p style=")


def test_received_texts(client):
    assert client.get_received_texts()["received_text_messages"][0]["content"] == "RENEW"
    assert len(list(client.get_received_texts_iterator())) == 1


def test_what_service_keys_cannot_do_fails_as_it_does_at_the_provider(client):
    with pytest.raises(official.errors.HTTPError) as caught:
        client.get_all_template_versions(EMAIL)
    assert caught.value.status_code == 404
    with pytest.raises(official.errors.HTTPError) as caught:
        client.send_email_notification("sam@example.com", EMAIL, {})
    assert caught.value.message[0]["error"] == "BadRequestError"
