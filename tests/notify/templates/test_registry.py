"""Templates by name: ids by environment and language, and personalisation checked before anything is sent."""

from dataclasses import replace
from enum import Enum

import pytest

from govcomponents import ConfigurationError, InvalidInput
from govcomponents.notify import Channel, TemplateIds, TemplateRegistry
from govcomponents.notify.templates.registry import LOCK_NAME, LockedTemplate, read_lock, write_lock
from notify.doubles import EMAIL, TEXT, VALUES, on_sandbox

WELSH = "5ab1ec0d-0000-4000-8000-000000000105"
TOML = f"""
[receipt]
channel = "email"
placeholders = ["name", "reference", "amount", "refund"]
[receipt.ids.test]
en = "{EMAIL}"
cy = "{WELSH}"
[receipt.ids.production]
en = "11111111-2222-4333-8444-555555555555"

[text]
channel = "sms"
[text.ids.test]
en = "{TEXT}"
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "templates.toml"
    path.write_text(TOML, encoding="utf-8")
    return path


def test_a_name_stands_for_the_id_of_the_environment(file):
    sandbox, notify = on_sandbox(templates_file=file)

    assert notify.send_email("sam@example.com", "receipt", VALUES).template_id == EMAIL
    assert notify.send_sms("07700900123", "text", VALUES).template_id == TEXT
    assert notify.send_sms("07700900123", TEXT, VALUES).template_id == TEXT
    assert notify.get_template("receipt").id == EMAIL
    assert notify.preview("receipt", VALUES).template_id == EMAIL
    assert TemplateRegistry.from_toml(file, environment="production")["receipt"].id.startswith("1111")
    assert sandbox


def test_the_welsh_template_writes_dates_in_welsh(file):
    from datetime import date

    _, notify = on_sandbox(templates_file=file)
    values = {**VALUES, "name": date(2026, 3, 3)}

    sent = notify.send_email("sam@example.com", notify.templates.choose("receipt", "cy"), values)
    assert sent.template_id == WELSH
    assert "3 Mawrth 2026" in sent.body.reveal()


@pytest.mark.parametrize(
    "values", [{}, {"name": "x"}, {**VALUES, "surname": "x"}, {**VALUES, "na_me": None, "other": 1}, None]
)
def test_values_are_compared_with_the_placeholders_before_sending(file, values):
    sandbox, notify = on_sandbox(templates_file=file)

    with pytest.raises(InvalidInput, match="receipt"):
        notify.send_email("sam@example.com", "receipt", values)
    assert sandbox.notify.messages.all() == []


def test_a_template_of_another_channel_is_refused(file):
    _, notify = on_sandbox(templates_file=file)

    with pytest.raises(InvalidInput, match="sms"):
        notify.send_email("sam@example.com", "text", VALUES)


def test_an_enum_names_templates_too():
    class Templates(Enum):
        RECEIPT = TemplateIds(Channel.EMAIL, {"test": {"en": EMAIL}})

    _, notify = on_sandbox()
    with pytest.raises(ConfigurationError):
        notify.send_email("sam@example.com", Templates.RECEIPT, VALUES)
    with pytest.raises(ConfigurationError, match="TEMPLATES_FILE, or give templates="):
        notify.templates.choose("RECEIPT")
    registry = TemplateRegistry.from_enum(Templates, environment="test")
    _, notify = on_sandbox(templates=registry)
    assert notify.templates is registry
    assert notify.send_email("sam@example.com", Templates.RECEIPT, VALUES).template_id == EMAIL

    class Wrong(Enum):
        RECEIPT = EMAIL

    with pytest.raises(ConfigurationError):
        TemplateRegistry.from_enum(Wrong, environment="test")


def test_names_and_languages_that_are_not_there(file):
    registry = TemplateRegistry.from_toml(file, environment="production")

    with pytest.raises(ConfigurationError, match="called"):
        registry["none"]
    with pytest.raises(ConfigurationError, match="no id"):
        registry.choose("receipt", "cy")
    assert [choice.name for choice in registry.choices()] == ["receipt"]
    assert list(registry) == ["receipt", "text"]


def test_the_lock_holds_what_the_provider_has_and_tells_what_changed(file):
    _, notify = on_sandbox()
    present = notify.list_templates()
    lock = file.with_name(LOCK_NAME)
    write_lock(lock, present)

    registry = TemplateRegistry.from_toml(file, environment="test")
    assert registry["text"].placeholders == ("name", "amount", "reference")
    assert registry.compare(present) == []
    changed = [replace(one, body=one.body + "!", version=2) for one in present if one.id == EMAIL]
    problems = registry.compare([*changed, *(one for one in present if one.id != EMAIL and one.id != TEXT)])
    assert problems == [
        "receipt (en): version, checksum changed since it was locked",
        "text (en): the provider has no template with its id",
    ]
    unlocked = TemplateRegistry.from_toml(file, environment="test")
    lock.unlink()
    assert "not locked" in TemplateRegistry.from_toml(file, environment="test").compare(present)[0]
    assert unlocked.environment == "test"


def test_a_lock_of_another_channel_is_told():
    ids = {"a": TemplateIds(Channel.SMS, {"test": {"en": "1"}})}
    lock = [LockedTemplate("1", 1, Channel.EMAIL, (), "x")]

    with pytest.raises(ConfigurationError, match="channel"):
        TemplateRegistry(ids, environment="test", lock=lock)["a"]


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "x = 1",
        "[a]\nchannel='email'",
        "[a]\nchannel='fax'\n[a.ids.test]\nen='1'",
        "[a]\nchannel='email'\n[a.ids]\ntest=1",
    ],
)
def test_a_file_that_is_not_as_it_should_be(tmp_path, text):
    path = tmp_path / "templates.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError):
        TemplateRegistry.from_toml(path, environment="test")
    with pytest.raises(ConfigurationError):
        TemplateRegistry.from_toml(tmp_path / "none.toml", environment="test")


@pytest.mark.parametrize("text", ["", "{}", '{"templates": [{}]}', '{"templates": 7}'])
def test_a_lock_that_cannot_be_read(tmp_path, text):
    path = tmp_path / LOCK_NAME
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError):
        read_lock(path)
