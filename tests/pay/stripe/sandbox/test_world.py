"""The section `stripe` of a world, and what a sandbox keeps of it."""

import pytest

from govcomponents import GovComponents
from govcomponents.core.http.messages import Replay, Request
from govcomponents.errors import ConfigurationError
from govcomponents.sandbox import payer
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.http.messages import Call
from pay.stripe.context import KEY, SECRET, world

from .raw import SESSION, Raw


class TestWorlds:
    def test_an_empty_section_is_enough(self):
        with GovComponents.sandbox({"stripe": {"$comment": "all by default"}}) as gov:
            assert list(gov.pay.search()) == []
            assert gov.simulator.visit("https://sandbox.example.gov.uk/").body.count(b"Stripe")

    def test_both_providers_are_there_at_once(self):
        from govcomponents.sandbox.world import default_world

        sandbox = Sandbox({**default_world(), **world()})
        with_key = {"Authorization": f"Bearer {KEY}"}
        url = f"{sandbox.base_url}/stripe/v1/refunds"
        assert sandbox.handle(Request("raw", "GET", url, Replay.ALWAYS, with_key)).status == 200
        assert sandbox.settings().pay.adapter == "govuk_pay"

    def test_it_is_absent_from_the_default_world(self):
        sandbox = Sandbox()
        with pytest.raises(ConfigurationError, match="no Stripe"):
            _ = sandbox.stripe
        answer = sandbox.respond(Call("GET", "/stripe/v1/refunds", "", {}, b"", sandbox.base_url))
        assert answer.status == 404

    @pytest.mark.parametrize(
        ("section", "place"),
        [
            ({"secret_key": "api_test_a"}, "stripe.secret_key"),
            ({"webhooks": [{"url": "x", "secret": SECRET}]}, "stripe.webhooks.0.url"),
            ({"webhooks": [{"url": "https://a.example.com", "secret": "x"}]}, "stripe.webhooks.0.secret"),
            ({"hold_days": 0}, "stripe.hold_days"),
            ({"webhooks": ["https://a.example.com"]}, "stripe.webhooks.0"),
            ({"keys": []}, "stripe.keys"),
        ],
    )
    def test_a_wrong_world_is_told_by_its_place(self, section, place):
        with pytest.raises(ConfigurationError, match=place.replace(".", r"\.")):
            Sandbox({"stripe": section})

    def test_a_live_key_makes_live_objects(self):
        raw = Raw(secret_key="sk_live_a")
        answer, body = raw.call("POST", "/v1/checkout/sessions", SESSION, key="sk_live_a")
        assert (answer.status, body["livemode"]) == (200, True)
        assert body["id"].startswith("cs_live_")

    def test_the_same_seed_gives_the_same_ids(self):
        assert Raw().new()["id"] == Raw().new()["id"]


class TestSafety:
    def test_a_world_with_what_may_be_a_real_key_is_refused(self):
        with pytest.raises(ConfigurationError, match=r"stripe\.secret_key") as caught:
            Sandbox(world(secret_key="sk_live_" + "a1B2" * 6))
        assert "a1B2" not in str(caught.value)

    @pytest.mark.parametrize(("card", "is_kept"), [("5555 5555 5555 4444", True), ("4929 0000 0000 6", False)])
    def test_what_happened_is_kept_over_a_restart_but_no_real_card(self, tmp_path, card, is_kept):
        state = tmp_path / "state.sqlite"
        raw = Raw(state=state)
        session = raw.new()
        payer.enter_card(raw.browser, session["url"], card)
        before = raw.get(f"/v1/checkout/sessions/{session['id']}")
        size = state.stat().st_size
        for _ in range(200):
            raw.get(f"/v1/checkout/sessions/{session['id']}")
        assert state.stat().st_size == size  # what only reads is not kept
        raw.sandbox.close()
        kept = b'"method": "POST", "path": "/stripe/c/pay/'
        assert (kept in state.read_bytes()) is is_kept
        again = Raw(state=state)
        assert again.get(f"/v1/checkout/sessions/{session['id']}") == before
        assert before["payment_status"] == ("paid" if is_kept else "unpaid")
        again.sandbox.close()
