"""Named accounts: services of their own, one transport, and callbacks that tell whose secret proved them."""

from __future__ import annotations

import asyncio
import base64

import pytest

from govcomponents import (
    AsyncGovComponents,
    CallbackRefused,
    ConfigurationError,
    CredentialsRefused,
    GovComponents,
    GovComponentsError,
    Money,
    NotFound,
    NotSent,
    Settings,
)
from govcomponents.contracts.faults import FaultyTransport
from govcomponents.core.http.messages import Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.ports.checks import CheckResult
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.pay.port import PayPort
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.control.client_environment import environment
from govcomponents.settings import PaySettings
from govcomponents.testing import FormBrowser, pay_by_card

BOTH = [GovComponents, AsyncGovComponents]
BACK = "https://service.example.gov.uk/back"
PAY_KEY = "api_test_" + "a" * 40
MOTO_KEY = "api_test_" + "b" * 40
ID = "4a4b5c6d-1111-4222-8333-444455556666"
TEAM_KEY = f"team-{ID}-{ID}"
TWO = Settings(
    environment="test",
    pay={
        "api_key": PAY_KEY,
        "accounts": {"moto": {"api_key": MOTO_KEY}, "cards": {"adapter": "stripe", "api_key": "sk_test_c"}},
    },
    notify={"api_key": TEAM_KEY},
)
SERVICES = [
    {"name": "Renew a licence", "api_keys": [{"key": PAY_KEY}]},
    {"name": "By telephone", "account": "moto", "api_keys": [{"key": MOTO_KEY}]},
    {"name": "Nobody's account", "api_keys": [{"key": "api_test_" + "c" * 40}]},
]


@pytest.mark.parametrize("kind", BOTH)
def test_each_account_has_services_of_its_own(kind: type[GovComponents | AsyncGovComponents]) -> None:
    gov = kind.from_settings(TWO, transport=ScriptedTransport())
    assert gov.accounts == ("default", "moto", "cards")
    assert gov.account("default").pay is gov.pay
    assert gov.account("moto").pay is gov.account("moto").pay is not gov.pay
    assert type(gov.account("moto").pay) is type(gov.pay)
    assert [gov.account(name).name for name in gov.accounts] == [*gov.accounts]


def test_accounts_share_one_transport_and_send_their_own_keys() -> None:
    transport = ScriptedTransport([Response(401)] * 3)
    with GovComponents.from_settings(TWO, transport=transport) as gov:
        for account in gov.accounts:
            with pytest.raises(GovComponentsError):
                gov.account(account).pay.get("p1")
    sent = [(request.url.partition("/v1")[0], request.headers["Authorization"]) for request in transport.sent]
    assert sent == [
        ("https://publicapi.payments.service.gov.uk", f"Bearer {PAY_KEY}"),
        ("https://publicapi.payments.service.gov.uk", f"Bearer {MOTO_KEY}"),
        ("https://api.stripe.com", "Bearer sk_test_c"),
    ]


@pytest.mark.parametrize("name", ["motto", "MOTO", "", None, ["moto"]])
@pytest.mark.parametrize("kind", BOTH)
def test_an_unknown_account_is_told_with_those_that_there_are(
    kind: type[GovComponents | AsyncGovComponents], name: str
) -> None:
    gov = kind.from_settings(TWO, transport=ScriptedTransport())
    with pytest.raises(ConfigurationError) as caught:
        gov.account(name)
    assert "default, moto, cards" in caught.value.fix


def test_a_component_that_an_account_has_not_says_what_to_set() -> None:
    with GovComponents.from_settings(TWO) as gov, pytest.raises(ConfigurationError) as caught:
        _ = gov.account("moto").notify
    assert caught.value.happened == "notify is not configured for the account moto"
    assert "GOVCOMPONENTS_NOTIFY__ACCOUNTS__MOTO__API_KEY" in caught.value.fix


@pytest.mark.parametrize(
    ("account", "told"),
    [
        ({}, "GOVCOMPONENTS_PAY__ACCOUNTS__MOTO__API_KEY is not set"),
        ({"api_key": "moto"}, "GOVCOMPONENTS_PAY__ACCOUNTS__MOTO__API_KEY is not a whole"),
        ({"api_key": "api_live_x"}, "GOVCOMPONENTS_PAY__ACCOUNTS__MOTO__API_KEY is a live key"),
        ({"api_key": MOTO_KEY, "base_url": "x"}, "GOVCOMPONENTS_PAY__ACCOUNTS__MOTO__BASE_URL"),
        ({"api_key": MOTO_KEY, "colour": "x"}, "GOVCOMPONENTS_PAY__ACCOUNTS__MOTO__COLOUR"),
        ({"adapter": "nobody"}, "GOVCOMPONENTS_PAY__ACCOUNTS__MOTO__ADAPTER"),
    ],
)
def test_an_account_that_is_wrongly_set_up_is_named(account: dict[str, object], told: str) -> None:
    settings = Settings(environment="test", pay={"api_key": PAY_KEY, "accounts": {"moto": account}})
    with pytest.raises(ConfigurationError, match=told) as caught:
        GovComponents.from_settings(settings)
    assert caught.value.account == "moto"


class Checked(PayPort):
    """A pay adapter whose check ends as it is told."""

    provider = "Checked"

    def __init__(self, end: Exception | None) -> None:
        self._end = end

    @classmethod
    def from_settings(cls, settings: PaySettings, runtime: Runtime) -> Checked:
        ends = {"good": None, "bad": CredentialsRefused("the key was refused"), "gone": NotSent("no route")}
        return cls(ends[str(settings.own_settings({"end"})["end"])])

    async def check(self) -> None:
        if self._end is not None:
            raise self._end


class Unchecked(Checked):
    check = PayPort.check


@pytest.fixture
def with_checks(monkeypatch: pytest.MonkeyPatch) -> Settings:
    names = {name: f"{__name__}:{kind.__name__}" for name, kind in (("checked", Checked), ("unchecked", Unchecked))}
    monkeypatch.setattr("govcomponents.pay.adapters.BUILT_IN", names)
    accounts = {
        "bad": {"end": "bad"},
        "gone": {"end": "gone"},
        "mute": {"adapter": "unchecked", "end": "good"},
    }
    return Settings(pay={"adapter": "checked", "end": "good", "accounts": accounts})


def test_each_account_is_asked_whether_it_works(with_checks: Settings) -> None:
    with GovComponents.from_settings(with_checks, transport=ScriptedTransport()) as gov:
        found = gov.check()
    assert [(one.component, one.account, one.provider, one.ok) for one in found] == [
        ("pay", "default", "Checked", True),
        ("pay", "bad", "Checked", False),
        ("pay", "gone", "Checked", False),
        ("pay", "mute", "Checked", None),
    ]
    problems = [one.problem for one in found]
    assert problems[0] is None
    assert "the key was refused" in str(problems[1])
    assert "no route" in str(problems[2])
    assert "does not support" in str(problems[3])
    assert all(isinstance(one, CheckResult) for one in found)
    assert found[0].to_dict() == {
        "account": "default",
        "component": "pay",
        "provider": "Checked",
        "ok": True,
        "problem": None,
    }

    async def main() -> tuple[CheckResult, ...]:
        async with AsyncGovComponents.from_settings(with_checks, transport=ScriptedTransport()) as gov:
            return await gov.check()

    assert asyncio.run(main()) == found


def test_accounts_at_one_issuer_share_its_keys() -> None:
    sandbox = Sandbox()
    own = sandbox.settings().identity
    assert own is not None
    section = own.model_dump(exclude_unset=True)
    transport = FaultyTransport(InProcessTransport(sandbox.handle, sandbox.clock.advance))
    settings = Settings(
        environment="test", identity={**section, "accounts": {"two": {**section, "client_id": "another-client"}}}
    )
    with GovComponents.from_settings(settings, transport=transport) as gov:
        gov.identity.check()
        head = base64.urlsafe_b64encode(b'{"alg":"ES256","kid":"forged"}').rstrip(b"=")
        with pytest.raises(CallbackRefused):
            gov.account("two").identity.parse_callback(b"logout_token=" + head + b".e30.AAAA", {})
        assert len([request.url for request in transport.sent if "jwks" in request.url]) == 1
        assert [found.ok for found in gov.check()] == [True, True]
    asked = [request.url for request in transport.sent]
    assert len([url for url in asked if "jwks" in url]) == 3
    assert len([url for url in asked if "openid-configuration" in url]) == 3


def test_the_sandbox_has_the_accounts_that_its_world_names() -> None:
    world = {"pay": {"services": SERVICES}, "stripe": {"secret_key": "sk_test_s"}}
    with GovComponents.sandbox(world) as gov:
        assert gov.accounts == ("default", "moto", "stripe")
        assert all(found.ok for found in gov.check())
        made = gov.account("moto").pay.create(Money.gbp("1.00"), "R-1", "Renew", BACK)
        assert gov.account("moto").pay.get(made.id).reference == "R-1"
        with pytest.raises(NotFound):
            gov.pay.get(made.id)
        assert gov.account("stripe").pay.create(Money.gbp("1.00"), "R-2", "Renew", BACK).reference == "R-2"


def test_a_callback_tells_whose_secret_proved_it() -> None:
    own, moto = (
        {**service, "webhooks": [{"url": f"https://{name}.example.gov.uk/", "secret": f"webhook_test_{name}"}]}
        for service, name in zip(SERVICES, ("own", "moto"), strict=False)
    )
    with GovComponents.sandbox({"pay": {"services": [own, moto]}}) as gov:
        for account in gov.accounts:
            payment = gov.account(account).pay.create(Money.gbp("1.00"), f"R-{account}", "Renew", BACK)
            assert payment.account == account
            pay_by_card(FormBrowser(gov.simulator.visit), payment.redirect_url())
        callbacks = [delivery.callback for delivery in gov.simulator.callbacks.deliveries()]
        told = {event.account for event in (gov.pay.parse_callback(one.body, one.headers) for one in callbacks)}
        assert told == {"default", "moto"}
        first = next(one for one in callbacks if "own" in one.url)
        with pytest.raises(CallbackRefused) as caught:
            gov.account("moto").pay.parse_callback(first.body, first.headers)
        assert caught.value.account == "moto"
        assert "account moto" in str(caught.value)


def test_the_sandbox_s_variables_reach_every_account(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = Sandbox({"pay": {"services": SERVICES}, "stripe": {"secret_key": "sk_test_s"}})
    for name, value in environment(sandbox.settings()):
        monkeypatch.setenv(name, value)
    transport = InProcessTransport(sandbox.handle, sandbox.clock.advance)
    with GovComponents.from_settings(transport=transport) as gov:
        assert gov.accounts == ("default", "moto", "stripe")
        assert all(found.ok for found in gov.check())


def test_it_says_what_it_stands_on_and_nothing_secret() -> None:
    with GovComponents.from_settings(TWO) as gov:
        assert repr(gov) == (
            "<GovComponents: pay by GOV.UK Pay, notify by GOV.UK Notify; "
            "account moto: pay by GOV.UK Pay; account cards: pay by Stripe>"
        )
        assert repr(gov.account("cards")) == "<Account cards: pay by Stripe>"
    with GovComponents.sandbox() as gov:
        assert repr(gov).startswith("<GovComponents (sandbox): pay by GOV.UK Pay, ")
    assert repr(AsyncGovComponents.from_settings(Settings())) == "<AsyncGovComponents: nothing is configured>"
