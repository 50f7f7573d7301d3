"""Template files, looked at without sending anything."""

from __future__ import annotations

import pytest

from govcomponents import ConfigurationError, NotFound, RequestRefused
from govcomponents.notify.models import Channel

from .conftest import PLAIN
from .servers import bad_server


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
