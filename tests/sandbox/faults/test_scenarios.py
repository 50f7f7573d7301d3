"""Scenarios: each does what it says by the clock, and files of teams are read or refused with the place."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from govcomponents import (
    ConfigurationError,
    CredentialsRefused,
    DailyLimitReached,
    GovComponents,
    GovComponentsError,
    Money,
    Unavailable,
)
from govcomponents.pay import PaymentStatus
from govcomponents.sandbox import payer
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.providers import BUILT_IN
from govcomponents.sandbox.scenarios.files import built_in

BACK = "https://service.example.gov.uk/back"
RECEIPT = "5ab1ec0d-0000-4000-8000-000000000102"
VALUES = {"name": "Sam", "reference": "R", "amount": "£1"}


@pytest.fixture
def gov() -> GovComponents:
    return GovComponents.sandbox(now="2026-03-02T11:59:00Z")


def create(gov: GovComponents, **more: bool) -> str:
    return gov.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", BACK, **more).id


def paid(gov: GovComponents, **more: bool) -> str:
    payment = gov.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", BACK, **more)
    payer.pay_by_card(FormBrowser(gov.simulator.visit), payment.redirect_url())
    return payment.id


def text(gov: GovComponents) -> None:
    gov.notify.send_sms("07700900199", RECEIPT, VALUES)


def test_an_outage_begins_at_noon_and_ends_an_hour_later(gov: GovComponents) -> None:
    gov.simulator.play("outage-at-noon")
    create(gov)
    gov.simulator.control.advance(minutes=1)
    with pytest.raises(GovComponentsError):
        create(gov)
    with pytest.raises(GovComponentsError):
        text(gov)
    gov.simulator.control.advance(minutes=59)
    with pytest.raises(GovComponentsError):
        create(gov)
    gov.simulator.control.advance(minutes=1)
    create(gov)


def test_an_outage_is_one_of_every_provider_that_can_be_in_a_world() -> None:
    assert set(BUILT_IN) == set(built_in()["outage-now"].steps[0].arm.providers)
    with GovComponents.sandbox({"gc_notify": {}, "smtp": {}}) as gov:
        gov.simulator.play("outage-now")
        with pytest.raises(Unavailable):
            gov.notify.list_templates()
        with pytest.raises(Unavailable):
            gov.account("smtp").notify.send_email("sam@example.com", "renewed", {**VALUES, "refund": True})
        assert gov.simulator.messages() == []


def test_one_great_step_over_an_outage_leaves_none(gov: GovComponents) -> None:
    gov.simulator.play("outage-at-noon")
    gov.simulator.control.advance(hours=5)
    create(gov)


def test_held_money_is_lost_after_five_days(gov: GovComponents) -> None:
    payment_id = paid(gov, delayed_capture=True)
    gov.simulator.play("capture-deadline")
    assert gov.pay.get(payment_id).status == PaymentStatus.FAILED


def test_a_payment_is_disputed_a_day_later(gov: GovComponents) -> None:
    gov.simulator.play("dispute")
    paid(gov)
    assert not gov.simulator.provider("pay").record_ids("disputes")
    gov.simulator.control.advance(days=1)
    assert len(gov.simulator.provider("pay").record_ids("disputes")) == 1


@pytest.mark.parametrize(
    ("name", "error"), [("key-revoked-mid-batch", CredentialsRefused), ("daily-limit", DailyLimitReached)]
)
def test_a_batch_is_stopped_in_its_middle(gov: GovComponents, name: str, error: type[Exception]) -> None:
    gov.simulator.play(name)
    for _ in range(10):
        text(gov)
    with pytest.raises(error):
        text(gov)


def test_a_person_comes_back_from_the_post_office_after_three_days(gov: GovComponents) -> None:
    gov.simulator.play("post-office")
    assert gov.simulator.visit(gov.identity.start().url).status == 200  # the page that ends the journey
    gov.simulator.control.advance(days=3)
    signing_in = gov.identity.start()
    gov.identity.complete(signing_in.pending, gov.simulator.visit(signing_in.url).headers["location"])


def test_keys_change_and_sign_ins_go_on(gov: GovComponents) -> None:
    before = gov.simulator.one_login.keys.jwks()
    gov.simulator.play("keys-rotated")
    assert gov.simulator.one_login.keys.jwks() != before


def test_callbacks_come_again_after_a_day(gov: GovComponents) -> None:
    gov.simulator.play("callbacks-lost")
    assert gov.simulator.callbacks.perturbation.paused
    gov.simulator.control.advance(days=1)
    assert not gov.simulator.callbacks.perturbation.paused


@pytest.mark.parametrize("name", sorted(built_in()))
def test_every_scenario_plays_and_is_on_the_page(gov: GovComponents, name: str) -> None:
    assert gov.simulator.control.play(name).name == name
    paid_or_not = gov.simulator.visit(f"{gov.simulator.base_url}/_sandbox/scenarios")
    told = html.unescape(paid_or_not.body.decode())
    assert built_in()[name].told in told
    assert name in told
    assert "Begun" in told


def test_the_page_says_for_how_long_the_faults_of_a_scenario_last() -> None:
    with GovComponents.sandbox(now="2026-03-02T09:00:00Z") as gov:
        url = f"{gov.simulator.base_url}/_sandbox/scenarios"
        gov.simulator.play("lost-answers")
        page = gov.simulator.visit(url).body.decode()
        assert "faults last until 2 Mar 2026, 10:00:00" in page
        assert "all steps done" not in page
        gov.simulator.clock.advance(3601)
        page = gov.simulator.visit(url).body.decode()
        assert "all steps done" in page
        assert "faults last" not in page


def test_a_button_begins_one_and_a_reset_ends_it(gov: GovComponents) -> None:
    url = f"{gov.simulator.base_url}/_sandbox/scenarios"
    assert gov.simulator.visit(url, {"name": "outage-now"}).status == 303
    assert gov.simulator.faults.any_armed
    gov.simulator.reset()
    assert not gov.simulator.faults.any_armed
    assert gov.simulator.scenarios.playing() == []
    assert gov.simulator.visit(url, {"name": "none"}).status == 400


def test_a_misspelt_name_is_refused_with_the_right_one(gov: GovComponents) -> None:
    with pytest.raises(ConfigurationError, match="is outage-at-noon meant"):
        gov.simulator.play("outage-at-non")


GOOD = 'title = "T"\ntold = "W"\n[[steps]]\narm = { providers = ["pay"], fault = "rate_limited" }\n'


def test_a_teams_file_is_played_and_listed(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(GOOD)
    gov = GovComponents.sandbox()
    gov.simulator.play(tmp_path / "ours.toml")
    assert [one.fault for one in gov.simulator.faults.armed()] == ["rate_limited"]
    from govcomponents.sandbox.app import Sandbox

    sandbox = Sandbox(scenarios=tmp_path)
    assert b"<code>ours</code>" in sandbox.visit(f"{sandbox.base_url}/_sandbox/scenarios").body


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("title = ", "not TOML"),
        ('title = "T"\ntold = "W"\n', "steps"),
        (GOOD.replace("fault", "falt"), r"steps\.0\.arm"),
        (GOOD + 'after = "soon"\n', r'such as "90s"'),
        (GOOD + 'advance = "1d"\n', "does one thing"),
        (GOOD.replace('limited"', 'limited", lasts = "1h", until = "00:00"'), "not both"),
        (GOOD.replace('limited"', 'limited", until = "25:00"'), r"steps\.0\.arm\.until"),
        (GOOD.replace("rate_limited", "none"), "no such fault"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "ours.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=place):
        GovComponents.sandbox().simulator.play(tmp_path / "ours.toml")
