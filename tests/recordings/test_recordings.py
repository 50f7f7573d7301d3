"""Exchanges are recorded without secrets and people, played again in order, and refused where somebody is in them."""

from __future__ import annotations

import json

import pytest

from govcomponents import GovComponents, Money
from govcomponents.core.driver import drive
from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.recordings.redaction import found_in, redacted
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
    with pytest.raises(AssertionError, match="no recording"):
        Recording(tmp_path / "nothing.json")


@pytest.mark.parametrize(
    "somebody",
    [
        "sam.jones@councilmail.uk", "07911 123456", "+447911123456", "api_live_1234567890abcdef", "sk_live_123456789",
        "whsec_1234567890abcdef", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzIn0.", "Bearer abcdefgh12345678", "SW1A 2AA",
        "demo-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0", "4929 4212 3460 0821",
        "-----BEGIN PRIVATE KEY-----", "the shared word",
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
        {"name": "sam", "status": "success", "note_id": "Sam Jones", "links": [{"href": "https://a.b/c?t=1"}]}
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
