"""What stands where a name should is not shown in an error, if it looks like a person's text or a secret."""

from __future__ import annotations

import re
import time

import pytest

from govcomponents import ConfigurationError, GovComponents, InvalidInput, Money, Settings
from govcomponents.core.validation import is_plain_name
from govcomponents.notify import Channel, Template
from govcomponents.pay import BillingAddress, CardholderDetails

PEOPLE = ["Jane Canary 07700900123", "canary@example.com", "1 Canary Road", "c4n4ry" * 50_000, "canary\nforged: line"]
ID = "5ab1ec0d-0000-4000-8000-000000000101"
TEMPLATE = Template(id="1", name="t", channel=Channel.EMAIL, version=1, subject="s", body="((x))", placeholders=("x",))


@pytest.fixture(scope="module")
def gov():
    with GovComponents.sandbox() as made:
        yield made


def calls(gov, name):
    pay = (Money.gbp("1.00"), "R-1", "licence", "https://service.example.gov.uk/back")
    return {
        "an unknown field": lambda: BillingAddress(**{name: 1}),
        "another": lambda: CardholderDetails(**{name: 1}),
        "metadata": lambda: gov.pay.create(*pay, metadata={name: object()}),
        "a part of the metadata": lambda: gov.pay.create(*pay, metadata={name: [1]}),
        "personalisation": lambda: gov.notify.send_email(ID, "a@example.com", {name: object()}),
        "a part of it": lambda: gov.notify.send_email(ID, "a@example.com", {name: [{"x": object()}]}),
        "none of it": lambda: gov.notify.send_email(ID, "a@example.com", {name: None}),
        "a number of it": lambda: gov.notify.preview(ID, {name: float("nan")}),
        "a rendering": lambda: TEMPLATE.render({name: object()}),
        "two of the same": lambda: TEMPLATE.render({name: "", name.swapcase(): ""}),
        "a sanitised one": lambda: gov.notify.send_email(ID, "a@example.com", {name: 1}, sanitise=[name]),
        "what came back": lambda: gov.pay.complete("abc", {name: 1}),
    }


@pytest.mark.parametrize("name", PEOPLE, ids=range(len(PEOPLE)))
def test_a_name_that_looks_like_a_person_s_text_is_not_shown(gov, name):
    for called, call in calls(gov, name).items():
        with pytest.raises(InvalidInput) as caught:
            call()
        error = caught.value
        told = f"{error}{error!r}{error.field}{error.problem}{error.fix}"
        assert not re.search("(?i)canary|c4n4ry|forged|07700", told), called
        assert len(told) < 3000, called


def test_a_name_that_a_program_gave_is_shown(gov):
    for called, call in calls(gov, "a_wrong_name2").items():
        if called not in ("metadata", "a part of the metadata", "what came back"):
            with pytest.raises(InvalidInput, match=r"(?i)a_wrong_name2"):
                call()


SECRETS = [
    "sk_live_c4n4ry" + "aB3" * 9,
    "api_test_c4n4ry000",
    "canary 07700 900123",
    "c4n4ry" * 50_000,
    "canary\x1b[2J",
]


@pytest.mark.parametrize("name", SECRETS, ids=range(len(SECRETS)))
@pytest.mark.parametrize("component", ["pay", "notify", "identity"])
def test_no_value_that_stands_where_the_name_of_a_setting_should_is_shown(component, name):
    base = {
        "pay": {"api_key": "api_test_" + "a" * 40},
        "notify": {"api_key": f"service-{ID}-{ID}"},
        "identity": {
            "client_id": "c",
            "redirect_url": "https://service.example.gov.uk/in",
            "environment": "integration",
        },
    }[component]
    settings = Settings(**{component: {**base, name: "value"}})
    assert not re.search("(?i)canary|c4n4ry", f"{settings!r}{settings}")
    wrong = [{**base, name: "value"}, {**base, "accounts": {"moto": {name: ""}}}]
    if not re.fullmatch("[a-z0-9_]{1,40}", name):
        wrong.append({**base, "accounts": {name: base}})
    for values in wrong:
        with pytest.raises(ConfigurationError) as caught:
            GovComponents.from_settings(Settings(**{component: values})).close()
        assert not re.search("(?i)canary|c4n4ry", f"{caught.value}{caught.value!r}")
        assert len(str(caught.value)) < 2000


def test_a_misspelt_setting_is_shown_still():
    settings = Settings(pay={"api_key": "api_test_" + "a" * 40, "apikey": "canary"})
    assert "apikey=[setting]" in repr(settings)
    with pytest.raises(ConfigurationError, match=r"GOVCOMPONENTS_PAY__APIKEY .is GOVCOMPONENTS_PAY__API_KEY meant"):
        GovComponents.from_settings(settings)


@pytest.mark.parametrize(
    "name", ["amount", "first_name", "first name", "applicationReference", "address.line_1", "item-2"]
)
def test_what_programs_call_things_is_a_plain_name(name):
    assert is_plain_name(name)


@pytest.mark.parametrize(
    "name", ["", "Jane", "jane Doe", "07700", "a@b", "a  b", "a\n", "_", "x" * 41, "£", "é", "a" * 40 + "!"]
)
def test_what_people_type_is_none(name):
    began = time.process_time()
    assert not is_plain_name(name)
    assert time.process_time() - began < 0.1
