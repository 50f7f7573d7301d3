"""The sign-in page of the GOV.UK One Login stub: its form, its languages, and journeys that end there."""

import json
from html.parser import HTMLParser

import pytest

from govcomponents.identity.levels import Claim, Confidence
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.providers.one_login.sign_in_page import OUTCOMES
from govcomponents.sandbox.providers.one_login.sign_ins import Outcome
from identity.kit import HOST, Desk, default_world


@pytest.fixture
def page_desk():
    found = Desk()
    found.sandbox = Sandbox({"one_login": default_world()})
    found.provider = found.sandbox.one_login
    found.transport._handle = found.sandbox.handle
    return found


class Form(HTMLParser):
    """The form of a page: its fields, its labels, and the page's language."""

    def __init__(self, page):
        super().__init__()
        self.inputs, self.labels, self.lang, self.action = [], set(), None, None
        self.feed(page.body.decode())

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "html":
            self.lang = values["lang"]
        if tag == "form":
            self.action = values["action"]
        if tag == "input":
            self.inputs.append(values)
        if tag == "label":
            self.labels.add(values["for"])
        assert tag != "script"

    def filled(self, **changes):
        chosen = {i["name"]: i["value"] for i in self.inputs if i.get("type") != "radio" or "checked" in i}
        return chosen | changes


def open_page(desk, **ask):
    started = desk.identity.start(**ask)
    answer = desk.sandbox.visit(started.url)
    assert answer.status == 302
    page = desk.sandbox.visit(answer.headers["location"])
    assert page.status == 200
    return started, page


def test_a_person_signs_in_on_the_page(page_desk):
    started, page = open_page(page_desk, confidence=Confidence.MEDIUM)
    form = Form(page)
    answer = page_desk.sandbox.visit(HOST + form.action, form.filled(person="SAM", outcome="success"))
    assert answer.status == 302
    identity = page_desk.identity.complete(started.pending, answer.headers["location"])
    assert identity.confidence is Confidence.MEDIUM


def test_every_field_has_a_label_and_nothing_runs(page_desk):
    _, page = open_page(page_desk)
    form = Form(page)
    assert form.lang == "en"
    visible = {field["id"] for field in form.inputs if field.get("type") != "hidden"}
    assert visible == form.labels
    assert "script" not in page.headers["content-security-policy"].replace("default-src 'none'", "")


def test_the_page_in_welsh(page_desk):
    _, page = open_page(page_desk, language="cy")
    assert Form(page).lang == "cy"
    assert "Pwy ydych chi?" in page.body.decode()
    assert set(OUTCOMES["en"]) == set(OUTCOMES["cy"]) == set(Outcome)


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        ({"person": "NOBODY"}, "Choose who signs in"),
        ({"outcome": "nonsense"}, "Choose how it ends"),
        ({"return_codes": "A1"}, "Return codes must be"),
        ({"return_codes": "A B C D E F G H I J"}, "Return codes must be"),
    ],
)
def test_a_choice_that_is_not_whole_is_shown_again(page_desk, choice, text):
    _, page = open_page(page_desk)
    form = Form(page)
    again = page_desk.sandbox.visit(HOST + form.action, form.filled(person="SAM", outcome="success") | choice)
    assert again.status == 400
    assert text in again.body.decode()
    assert "There is a problem" in again.body.decode()
    fixed = Form(again)
    good = page_desk.sandbox.visit(HOST + fixed.action, fixed.filled(person="SAM", outcome="success", return_codes=""))
    assert good.status == 302


def test_a_sign_in_is_finished_once(page_desk):
    _, page = open_page(page_desk)
    form = Form(page)
    filled = form.filled(person="SAM", outcome="success")
    assert page_desk.sandbox.visit(HOST + form.action, filled).status == 302
    assert page_desk.sandbox.visit(HOST + form.action, filled).status == 404
    assert page_desk.sandbox.visit(HOST + "/_sandbox/sign-in?request=never").status == 404


def test_a_sign_in_page_does_not_wait_for_ever(page_desk):
    _, page = open_page(page_desk)
    form = Form(page)
    page_desk.sandbox.clock.advance(3601)
    assert page_desk.sandbox.visit(HOST + form.action, form.filled()).status == 404


def test_return_codes_may_be_chosen(page_desk):
    started, page = open_page(page_desk, confidence=Confidence.MEDIUM, claims=[Claim.RETURN_CODES])
    form = Form(page)
    chosen = form.filled(person="SAM", outcome="success", return_codes="v, z")
    answer = page_desk.sandbox.visit(HOST + form.action, chosen)
    assert page_desk.identity.complete(started.pending, answer.headers["location"]).return_codes == ("V", "Z")


@pytest.mark.parametrize(("outcome", "text"), [("in_person", "Post Office"), ("closed", "closed the browser")])
def test_some_journeys_do_not_lead_back(page_desk, outcome, text):
    _, page = open_page(page_desk)
    form = Form(page)
    ended = page_desk.sandbox.visit(HOST + form.action, form.filled(person="SAM", outcome=outcome))
    assert ended.status == 200
    assert text in ended.body.decode()
    assert page_desk.sandbox.visit(HOST + form.action, form.filled(person="SAM", outcome="success")).status == 302


def test_at_once_a_journey_may_also_not_lead_back(desk):
    desk.provider.sign_in_as("SAM", Outcome.IN_PERSON)
    answer = desk.sandbox.visit(desk.identity.start().url)
    assert answer.status == 200
    assert "https://service.example.gov.uk/" in answer.body.decode()


def test_names_in_the_world_are_escaped():
    world = json.loads(json.dumps(default_world()))
    world["people"][0]["name"] = "<script>alert(1)</script>"
    found = Desk(world={"one_login": world})
    found.sandbox = Sandbox({"one_login": world}, sign_in="page")
    page = found.sandbox.visit(found.sandbox.visit(found.identity.start().url).headers["location"])
    assert "<script>" not in page.body.decode()
