"""Exchanges are recorded without secrets and people, played again in order, and refused where somebody is in them."""

from __future__ import annotations

import json

import pytest

from govcomponents import ConfigurationError, GovComponents, Money
from govcomponents.core.driver import drive
from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.recordings.redaction import found_in, redacted
from govcomponents.recordings.sent import SentTexts
from govcomponents.sandbox.world import load_world, with_provider
from govcomponents.testing import (
    FormBrowser,
    InProcessTransport,
    Recording,
    Sandbox,
    ScriptedTransport,
    UnsafeRecording,
    pay_by_card,
)

pytest_plugins = ["pytester"]

EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"
VALUES = {"name": "Canary Nightingale", "amount": "£145.00", "reference": "RENEW-7", "refund": "no"}


def the_service(gov, browser=None):
    payment = gov.pay.create(
        Money.gbp("145.00"), "RENEW-7", "Renew Canary's licence", "https://service.example.gov.uk/back",
        email="canary.nightingale@mail.gov.uk",
    )  # fmt: skip
    if browser is not None:
        pay_by_card(browser, payment.redirect_url(), cardholder_name="Canary Nightingale")
    paid = gov.pay.get(payment.id)
    sent = gov.notify.send_email("canary.nightingale@mail.gov.uk", EMAIL, VALUES, "RENEW-7-receipt")
    return payment.id, paid.is_paid, paid.total, gov.notify.get(sent.id).status.value


def record(path):
    sandbox = Sandbox()
    recording = Recording(path, through=InProcessTransport(sandbox.handle, sandbox.clock.advance))
    with GovComponents.from_settings(sandbox.settings(), transport=recording) as gov:
        told = the_service(gov, FormBrowser(sandbox.visit))
    recording.save()
    return told, sandbox.settings()


def test_what_is_recorded_is_played_and_holds_nobody_and_no_secret(tmp_path):
    path = tmp_path / "recordings" / "renewal.json"
    told, settings = record(path)
    text = path.read_text("utf-8")
    for canary in (
        "Nightingale",
        "canary",
        "mail.gov.uk",
        "4242",
        "£145",
        "/secure/",
        "Bearer",
        "api_",
        "service.example",
    ):
        assert canary not in text, canary
    replay = Recording(path)
    with GovComponents.from_settings(settings, transport=replay) as gov:
        assert the_service(gov) == told
    replay.assert_all_played()


def test_another_call_than_was_recorded_says_which(tmp_path):
    path = tmp_path / "renewal.json"
    _, settings = record(path)
    gov = GovComponents.from_settings(settings, transport=Recording(path))
    with pytest.raises(AssertionError, match=r"exchange 1 of renewal.json is pay.create .*pay.get .*--gov-record"):
        gov.pay.get("somepaymentid")
    gov.close()
    few = Recording(path)
    with GovComponents.from_settings(settings, transport=few) as gov:
        gov.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew", "https://service.example.gov.uk/back")
    with pytest.raises(AssertionError, match=r"pay.get, notify.send_email, notify.get were not"):
        few.assert_all_played()
    with pytest.raises(AssertionError, match=r"no recording .*; record it with a test account"):
        Recording(tmp_path / "nothing.json")


def ask(gov, reference):
    """What a service reads again of what it sent."""
    payment = gov.pay.create(Money.gbp("145.00"), reference, "Renew", "https://service.example.gov.uk/back")
    return [gov.pay.get(payment.id).reference, *(one.reference for one in gov.pay.search(reference=reference))]


@pytest.mark.parametrize("provider", ["govuk_pay", "stripe"])
@pytest.mark.parametrize("reference", ["Dog licence 7", "Réf 7", "renew/7", "sam@council.uk", "AB123456C", "a" * 90])
def test_references_of_any_form_are_played_and_not_kept_and_may_be_others(tmp_path, provider, reference):
    path = tmp_path / "renewal.json"
    sandbox = Sandbox(with_provider(load_world(None), provider))
    recording = Recording(path, through=InProcessTransport(sandbox.handle, sandbox.clock.advance))
    with GovComponents.from_settings(sandbox.settings(), transport=recording) as gov:
        assert ask(gov, reference) == [reference, reference]
    recording.save()
    assert reference not in path.read_text("utf-8")
    for now in (reference, "made anew"):
        with GovComponents.from_settings(sandbox.settings(), transport=Recording(path)) as gov:
            assert ask(gov, now) == [now, now]


def test_a_reference_that_is_sent_no_more_is_played_as_redacted(tmp_path):
    path = tmp_path / "receipt.json"
    sandbox = Sandbox()
    recording = Recording(path, through=InProcessTransport(sandbox.handle, sandbox.clock.advance))
    with GovComponents.from_settings(sandbox.settings(), transport=recording) as gov:
        gov.notify.send_email("sam@example.com", EMAIL, VALUES, "RENEW-7")  # which is among the values, too
    recording.save()
    with GovComponents.from_settings(sandbox.settings(), transport=Recording(path)) as gov:
        assert gov.notify.send_email("sam@example.com", EMAIL, VALUES).reference == "redacted"


def test_an_email_to_a_mail_server_is_neither_recorded_nor_sent_when_it_is_played(tmp_path):
    sandbox = Sandbox({"smtp": {}})
    recording = Recording(tmp_path / "email.json", through=InProcessTransport(sandbox.handle, sandbox.clock.advance))
    with (
        GovComponents.from_settings(sandbox.settings(), transport=recording) as gov,
        pytest.raises(ConfigurationError, match="use the sandbox for emails by SMTP"),
    ):
        gov.notify.send_email("sam@example.com", gov.notify.list_templates()[0].id, VALUES)
    assert sandbox.messages() == []
    sandbox.close()


@pytest.mark.parametrize(
    "somebody",
    [
        "sam.jones@councilmail.uk", "07911 123456", "+447911123456", "api_live_1234567890abcdef", "sk_live_123456789",
        "whsec_1234567890abcdef", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzIn0.", "Bearer abcdefgh12345678", "SW1A 2AA",
        "demo-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0", "4929 4212 3460 0821",
        "-----BEGIN PRIVATE KEY-----", "AB123456C", "AB 12 34 56 C", "the shared word",
    ],
)  # fmt: skip
def test_a_recording_that_holds_a_secret_or_a_person_fails(tmp_path, somebody):
    path = tmp_path / "renewal.json"
    record(path)
    whole = json.loads(path.read_text("utf-8"))
    whole["exchanges"][0]["body"]["reference"] = somebody  # as somebody would add by hand
    path.write_text(json.dumps(whole), "utf-8")
    with pytest.raises(UnsafeRecording) as caught:
        Recording(path, secrets=frozenset({"the shared word"}))
    assert somebody not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text[:-40], r"cannot be read: line \d+, column \d+: .*"),
        (lambda _: "[]", "it is wrong at its beginning"),
        (
            lambda text: text.replace('"operation"', '"operaton"', 1),
            r"it is wrong at exchanges\.0\.operation",
        ),
        (lambda text: text.replace('"format": 1', '"format": 2'), "is no recording of this version"),
    ],
    ids=["truncated", "a list", "a field", "of another version"],
)
def test_a_file_that_is_no_recording_is_told_with_what_is_wrong_and_what_to_do(tmp_path, change, told):
    path = tmp_path / "renewal.json"
    record(path)
    path.write_text(change(path.read_text("utf-8")), "utf-8")
    with pytest.raises(
        AssertionError, match=rf"renewal\.json (is no recording: )?{told}; record it again .*--gov-record"
    ):
        Recording(path)


def test_what_was_not_redacted_is_not_written(tmp_path):
    answer = Response(200, {"content-type": "application/json"}, b'{"total_amount": 4929421234600821}')
    recording = Recording(tmp_path / "card.json", through=ScriptedTransport([answer]))
    drive(recording.send(Request("pay.get", "GET", "/x", Replay.ALWAYS)))
    with pytest.raises(UnsafeRecording, match="a card number"):
        recording.save()
    assert not (tmp_path / "card.json").exists()


def test_a_sign_in_is_not_recorded(tmp_path):
    recording = Recording(tmp_path / "sign-in.json", through=ScriptedTransport())
    with pytest.raises(UnsafeRecording, match="use the sandbox"):
        drive(recording.send(Request("identity.complete", "POST", "/token", Replay.UNSENT)))


def test_what_nobody_can_tell_to_be_harmless_goes():
    told = redacted(
        {"name": "sam", "status": "success", "note_id": "Sam Jones", "links": [{"href": "https://a.b/c?t=1"}]},
        SentTexts(),
    )
    assert told == {
        "name": "redacted", "status": "success", "note_id": "redacted", "links": [{"href": "https://redacted.example/"}]
    }  # fmt: skip
    assert list(found_in("2026-03-02T09:12:44.310Z 5ab1ec0d-0000-4000-8000-000000000101 4242 07700 900123")) == []


TEST = """
import pytest
from govcomponents import GovComponents, Settings
from govcomponents.core.http.messages import Response
from govcomponents.testing import ScriptedTransport

PAYMENT = (
    b'{"payment_id": "abc1", "amount": 1, "state": {"status": "created", "finished": false}, "email": "a@b.uk",'
    b'"reference": "R", "description": "d", "created_date": "2026-03-02T09:12:44.310Z"}'
)

def test_it(gov_recording):
    script = ScriptedTransport([Response(200, {"content-type": "application/json"}, PAYMENT)])
    settings = Settings(pay={"api_key": "api_test_" + "a" * 40})
    with GovComponents.from_settings(settings, transport=gov_recording("one", through=script)) as gov:
        assert gov.pay.get("abc1").reference == "R"
"""


def test_the_fixture_records_and_plays(pytester):
    test = pytester.makepyfile(TEST)
    path = test.parent / "recordings" / "one.json"
    pytester.runpytest("-p", "no:xdist").assert_outcomes(failed=1)
    assert not path.exists()
    pytester.runpytest("-p", "no:xdist", "--gov-record").assert_outcomes(passed=1)
    assert "a@b.uk" not in path.read_text("utf-8")
    pytester.runpytest("-p", "no:xdist").assert_outcomes(passed=1)
    path.write_text(path.read_text("utf-8").replace("abc1", "sam@council.uk"), "utf-8")
    pytester.runpytest("-p", "no:xdist").assert_outcomes(failed=1)


def test_a_name_that_leads_out_of_the_folder_is_refused(pytester):
    pytester.makepyfile(TEST.replace('"one"', '"../one"'))
    result = pytester.runpytest("-p", "no:xdist", "--gov-record")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*takes the name of a file in the folder recordings*"])
    assert list(pytester.path.rglob("one.json")) == []
