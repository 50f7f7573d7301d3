"""GovComponents and AsyncGovComponents: made from settings, from the environment and on a sandbox."""

from __future__ import annotations

import asyncio
import base64
import threading

import pytest
from tenacity import stop_after_attempt, wait_none

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
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.observe import CallEvent
from govcomponents.core.ports.checks import CheckResult
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.pay.port import PayPort
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.control.client_environment import environment
from govcomponents.settings import PaySettings
from govcomponents.testing import FormBrowser, pay_by_card

BOTH = [GovComponents, AsyncGovComponents]
PAY_KEY = "api_test_" + "a" * 40
BACK = "https://service.example.gov.uk/back"


@pytest.mark.parametrize("kind", BOTH)
def test_components_come_from_the_environment(
    kind: type[GovComponents | AsyncGovComponents], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOVCOMPONENTS_PAY__API_KEY", PAY_KEY)
    gov = kind.from_settings()
    assert gov.pay is gov.pay


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    ("component", "variable"),
    [
        ("pay", "GOVCOMPONENTS_PAY__API_KEY"),
        ("notify", "GOVCOMPONENTS_NOTIFY__API_KEY"),
        ("identity", "GOVCOMPONENTS_IDENTITY__CLIENT_ID"),
    ],
)
def test_a_component_that_is_not_configured_says_what_to_set(
    kind: type[GovComponents | AsyncGovComponents], component: str, variable: str
) -> None:
    gov = kind.from_settings(Settings())
    with pytest.raises(ConfigurationError, match=rf"gov\.{component} is not configured") as caught:
        getattr(gov, component)
    assert variable in caught.value.fix


@pytest.mark.parametrize("kind", BOTH)
def test_real_components_have_no_simulator(kind: type[GovComponents | AsyncGovComponents]) -> None:
    with pytest.raises(ConfigurationError, match="sandbox"):
        _ = kind.from_settings(Settings()).simulator


@pytest.mark.parametrize("kind", BOTH)
def test_an_adapter_that_does_not_exist_is_refused(kind: type[GovComponents | AsyncGovComponents]) -> None:
    with pytest.raises(ConfigurationError, match="nobody_pays"):
        kind.from_settings(Settings(pay={"adapter": "nobody_pays"}))


@pytest.mark.parametrize("environment", ["staging", "test", "development"])
def test_a_live_key_is_refused_outside_production(environment: str) -> None:
    key = "api_live_" + "a" * 40
    with pytest.raises(ConfigurationError) as caught:
        GovComponents.from_settings(Settings.model_validate({"environment": environment, "pay": {"api_key": key}}))
    assert key not in str(caught.value)
    with GovComponents.from_settings(Settings(environment="production", pay={"api_key": key})) as gov:
        assert gov.pay


def test_what_is_required_and_missing_is_told_at_the_start() -> None:
    settings = Settings(pay={"api_key": PAY_KEY}, notify={"accounts": {"letters": {"api_key": TEAM_KEY}}})
    GovComponents.from_settings(settings, require=("pay",))
    with pytest.raises(ConfigurationError) as caught:
        GovComponents.from_settings(settings, require=["pay", "notify", "identity"])
    assert caught.value.happened == (
        "gov.notify is not configured: there are only the accounts letters; gov.identity is not configured"
    )
    assert "GOVCOMPONENTS_NOTIFY__API_KEY" in caught.value.fix
    assert 'gov.account("letters").notify' in caught.value.fix
    assert "GOVCOMPONENTS_IDENTITY__CLIENT_ID" in caught.value.fix


@pytest.mark.parametrize("require", ["pay", ("pay", "notfy"), [None]])
def test_what_is_required_is_a_list_of_components(require: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError, match="not a list of components"):
        GovComponents.from_settings(Settings(pay={"api_key": PAY_KEY}), require=require)


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


def test_building_sends_nothing() -> None:
    transport = ScriptedTransport()
    GovComponents.from_settings(Settings(pay={"api_key": PAY_KEY}), transport=transport)
    assert transport.sent == []


def test_observers_and_the_retry_policy_reach_every_component() -> None:
    events: list[CallEvent] = []
    transport = ScriptedTransport([NotSent("no"), NotSent("no")])
    gov = GovComponents.from_settings(
        Settings(pay={"api_key": PAY_KEY}),
        transport=transport,
        observers=[events.append],
        retry=RetryPolicy(stop=stop_after_attempt(2), wait=wait_none()),
    )
    with pytest.raises(NotSent):
        gov.pay.create(Money.gbp("1.00"), "R-1", "Renew", BACK)
    assert [(event.operation, event.attempt) for event in events] == [("pay.create", 1), ("pay.create", 2)]


def test_the_sandbox_answers_in_this_process() -> None:
    with GovComponents.sandbox() as gov:
        payment = gov.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", BACK)
        assert gov.pay.get(payment.id).amount == Money.gbp("145.00")
        assert gov.notify
        assert gov.identity
        assert [event.reference for event in gov.simulator.timeline.events()] == ["RENEW-7"]


def test_the_sandbox_answers_under_asyncio() -> None:
    async def main() -> Money:
        async with AsyncGovComponents.sandbox() as gov:
            payment = await gov.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", BACK)
            assert gov.notify
            assert gov.identity
            return (await gov.pay.get(payment.id)).amount

    assert asyncio.run(main()) == Money.gbp("145.00")


def test_the_same_seed_and_time_give_the_same_ids() -> None:
    def first_id(seed: int) -> str:
        with GovComponents.sandbox(seed=seed, now="2026-03-02T09:00:00Z") as gov:
            assert gov.simulator.clock.now().isoformat() == "2026-03-02T09:00:00+00:00"
            return gov.pay.create(Money.gbp("1.00"), "R-1", "Renew", BACK).id

    assert first_id(1) == first_id(1) != first_id(2)


def test_the_sandbox_takes_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOVCOMPONENTS_PAY__API_KEY", "api_live_" + "a" * 40)
    monkeypatch.setenv("GOVCOMPONENTS_PAY__ADAPTER", "nobody_pays")
    monkeypatch.setenv("GOVCOMPONENTS_IDENTITY__ENVIRONMENT", "production")
    monkeypatch.setenv("GOVCOMPONENTS_ENVIRONMENT", "production")
    with GovComponents.sandbox() as gov:
        assert gov.pay.create(Money.gbp("1.00"), "R-1", "Renew", BACK).reference == "R-1"


def test_a_world_without_a_provider_leaves_its_component_unbuilt() -> None:
    with GovComponents.sandbox({}) as gov, pytest.raises(ConfigurationError):
        _ = gov.pay


def test_closing_twice_does_nothing() -> None:
    gov = GovComponents.from_settings(Settings())
    gov.close()
    gov.close()

    async def main() -> None:
        asyncio_gov = AsyncGovComponents.from_settings(Settings())
        await asyncio_gov.aclose()
        await asyncio_gov.aclose()

    asyncio.run(main())


def test_threads_share_one_set_of_components() -> None:
    with GovComponents.sandbox() as gov:
        made: list[str] = []

        def create(number: int) -> None:
            made.append(gov.pay.create(Money(100 + number), f"R-{number}", "Renew", BACK).id)

        threads = [threading.Thread(target=create, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(made)) == 20


def test_many_sets_of_components_live_side_by_side() -> None:
    with GovComponents.sandbox(seed=1) as one, GovComponents.sandbox(seed=2) as other:
        payment = one.pay.create(Money.gbp("1.00"), "R-1", "Renew", BACK)
        assert one.pay.get(payment.id).reference == "R-1"
        assert other.simulator.timeline.events() == []


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


SERVICES = [
    {"name": "Renew a licence", "api_keys": [{"key": PAY_KEY}]},
    {"name": "By telephone", "account": "moto", "api_keys": [{"key": MOTO_KEY}]},
    {"name": "Nobody's account", "api_keys": [{"key": "api_test_" + "c" * 40}]},
]


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
