"""Django's own emails go out by the notification component."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("django")

import django
from django.core.mail import EmailMessage, get_connection, send_mail
from django.test import override_settings

from govcomponents import ConfigurationError, GovComponents, GovComponentsError, InvalidInput
from govcomponents.integrations.django import gov
from govcomponents.sandbox.world import default_world
from web.on_django import test_django  # configures Django

assert test_django
TEMPLATE = "5ab1ec0d-0000-4000-8000-0000000009aa"
BACKEND = "govcomponents.integrations.django.mail.EmailBackend"
HAS_MAILERS = django.VERSION >= (6, 1)
AS_SILENT = "silent"
SETTING: dict[str, Any] = (
    {
        "MAILERS": {
            "default": {"BACKEND": BACKEND},
            AS_SILENT: {"BACKEND": BACKEND, "OPTIONS": {"fail_silently": True}},
            "with a template": {"BACKEND": BACKEND, "OPTIONS": {"template": TEMPLATE}},
        }
    }
    if HAS_MAILERS
    else {"EMAIL_BACKEND": BACKEND}
)


def world() -> dict[str, Any]:
    notify: Any = default_world()["notify"]
    service = notify["services"][0]
    generic = {
        "id": TEMPLATE,
        "name": "Any email",
        "type": "email",
        "created_by": "owner@example.gov.uk",
        "versions": [{"version": 1, "subject": "((subject))", "content": "((body))"}],
    }
    services = [{**service, "templates": [*service["templates"], generic]}]
    return {**default_world(), "notify": {**notify, "services": services}}


@pytest.fixture(autouse=True)
def components() -> Iterator[GovComponents]:
    with (
        override_settings(**SETTING, GOVCOMPONENTS_EMAIL_TEMPLATE=TEMPLATE),
        GovComponents.sandbox(world()) as made,
    ):
        gov.use(made)
        yield made
    gov.use(None)


def send_silently(message: EmailMessage) -> int:
    """Send as the Django at hand is told that a failure is to be silent."""
    if HAS_MAILERS:
        return message.send(using=AS_SILENT)
    message.connection = get_connection(fail_silently=True)
    return message.send()


def test_each_recipient_gets_an_email_of_their_own(components: GovComponents) -> None:
    sent = send_mail("Your password", "Choose a new one.", None, ["sam@example.com", "nia@example.com"])
    messages = components.simulator.messages()
    assert (sent, [one.to for one in messages]) == (1, ["sam@example.com", "nia@example.com"])
    assert {(one.subject, one.text.strip()) for one in messages} == {("Your password", "Choose a new one.")}
    assert len({one.reference for one in messages}) == 2


def test_files_are_refused(components: GovComponents) -> None:
    message = EmailMessage("Your file", "See below.", to=["sam@example.com"])
    message.attach("a.txt", "text", "text/plain")
    with pytest.raises(InvalidInput, match="without files"):
        message.send()
    assert send_silently(message) == 0
    assert components.simulator.messages() == []


def test_without_a_template_it_says_what_to_set() -> None:
    with override_settings(GOVCOMPONENTS_EMAIL_TEMPLATE=""), pytest.raises(ConfigurationError) as told:
        send_mail("a", "b", None, ["sam@example.com"])
    assert "GOVCOMPONENTS_EMAIL_TEMPLATE" in str(told.value)


def test_what_goes_wrong_is_raised_unless_it_is_to_be_silent(components: GovComponents) -> None:
    components.simulator.control.arm("notify", "unavailable", times=9)
    with pytest.raises(GovComponentsError, match="503"):
        send_mail("a", "b", None, ["sam@example.com"])
    assert send_silently(EmailMessage("a", "b", to=["sam@example.com"])) == 0


def test_a_recipient_who_is_refused_silently_keeps_nobody_else_from_theirs(components: GovComponents) -> None:
    message = EmailMessage("a", "b", to=["sam@example.com", "no address", "nia@example.com"])
    assert send_silently(message) == 0  # not all of them have it
    assert [one.to for one in components.simulator.messages()] == ["sam@example.com", "nia@example.com"]


@pytest.mark.skipif(not HAS_MAILERS, reason="from Django 6.1")
def test_a_mailer_may_have_a_template_of_its_own(components: GovComponents) -> None:
    with override_settings(GOVCOMPONENTS_EMAIL_TEMPLATE=""):
        assert EmailMessage("a", "b", to=["sam@example.com"]).send(using="with a template") == 1
    assert [one.to for one in components.simulator.messages()] == ["sam@example.com"]


@pytest.mark.skipif(not HAS_MAILERS, reason="from Django 6.1")
def test_a_misspelt_option_of_a_mailer_is_refused() -> None:
    wrong = {"default": {"BACKEND": BACKEND, "OPTIONS": {"templat": TEMPLATE}}}
    with override_settings(MAILERS=wrong), pytest.raises(Exception, match="templat"):
        send_mail("a", "b", None, ["sam@example.com"])
