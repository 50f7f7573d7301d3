"""Template files, looked at without sending anything."""

from __future__ import annotations

import pytest

from govcomponents import ConfigurationError, NotFound, RequestRefused
from govcomponents.notify.models import Channel

from .conftest import PLAIN
from .servers import bad_server, mail_server


@pytest.fixture
def notify(notify_at):
    with bad_server() as server:
        yield notify_at(server.port, **PLAIN)
        assert server.connections == 0


def test_all_templates_of_the_folder_are_there(notify, templates):
    (templates / "another.md").write_text("subject: Hi\n\nHello ((name))\n", encoding="utf-8")
    (templates / "notes.txt").write_text("nothing", encoding="utf-8")
    (templates / "folder.md").mkdir()

    found = notify.list_templates()

    assert [template.id for template in found] == ["another", "renewed"]
    assert {template.channel for template in found} == {Channel.EMAIL}
    assert found == notify.list_templates("email")
    assert notify.list_templates("sms") == ()


def test_one_template_knows_its_placeholders(notify):
    template = notify.get_template("renewed", 1)

    assert template.placeholders == ("reference", "name", "refund")
    assert template == notify.get_template("renewed")
    with pytest.raises(NotFound, match="one version"):
        notify.get_template("renewed", 2)
    with pytest.raises(NotFound):
        notify.get_template("unknown")


def test_a_preview_shows_what_would_be_sent(notify):
    rendered = notify.preview("renewed", {"name": "Sam", "reference": "RENEW-7", "refund": False})

    assert rendered.subject.reveal() == "Your licence RENEW-7 is renewed"
    assert "Dear Sam," in rendered.text.reveal()
    assert "<li" in rendered.html.reveal()
    with pytest.raises(RequestRefused, match="not given: name, refund"):
        notify.preview("renewed", {"reference": "RENEW-7"})


def test_a_missing_folder_is_told(notify_at, tmp_path):
    notify = notify_at(25, templates_folder=tmp_path / "nowhere", **PLAIN)

    with pytest.raises(ConfigurationError, match="TEMPLATES_FOLDER"):
        notify.list_templates()


HOSTILE = "[win](https://evil.example) www.evil.example *x* https://gŵyr.cymru/talu Mr. O'Neil-Smith"


def send_and_read(notify_at, templates, values, *, heading="", **more):
    text = f"subject: Hello ((name))\n{heading}\nDear ((name)),\n\n((other))\n"
    (templates / "typed.md").write_text(text, encoding="utf-8")
    with mail_server() as box:
        sent = notify_at(box.port, **PLAIN).send_email("sam@example.com", "typed", values, **more)
    message = box.received[0].message
    bodies = [message.get_body((kind,)).get_content() for kind in ("plain", "html")]
    return sent, message["Subject"], *bodies


def test_links_and_formatting_are_taken_out_of_what_people_typed(notify_at, templates):
    values = {"name": HOSTILE, "other": ["a.b", HOSTILE]}
    sent, subject, plain, page = send_and_read(notify_at, templates, values)

    assert sent.sanitised == ("name", "other")
    for text in (subject, plain, page):
        assert "https://" not in text
        assert "evil.example" not in text
        assert "Mr. O’Neil-Smith" in text  # noqa: RUF001  # as it is typeset
    assert "<a " not in page
    assert "&#" not in subject
    assert "\\" not in subject


def test_a_template_may_say_which_values_hold_markdown(notify_at, templates):
    values = {"name": HOSTILE, "other": "[Your account](https://permits.example/a)"}
    sent, _, _, page = send_and_read(notify_at, templates, values, heading="markdown: link, Other\n")

    assert sent.sanitised == ("name",)
    assert 'href="https://permits.example/a"' in page
    assert "evil.example" not in page


def test_sanitise_outweighs_what_the_template_says(notify_at, templates):
    values = {"name": "Sam", "other": "[Your account](https://permits.example/a)"}
    sent, _, _, page = send_and_read(notify_at, templates, values, heading="markdown: other\n", sanitise=["other"])

    assert sent.sanitised == ("other",)
    assert "permits.example" not in page
