"""GovComponents and AsyncGovComponents: made from settings, from the environment and on a sandbox."""

from __future__ import annotations

import asyncio
import threading

import pytest
from tenacity import stop_after_attempt, wait_none

from govcomponents import (
    AsyncGovComponents,
    ConfigurationError,
    GovComponents,
    Money,
    NotSent,
    Settings,
)
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.observe import CallEvent
from govcomponents.core.transports.scripted import ScriptedTransport

BOTH = [GovComponents, AsyncGovComponents]
PAY_KEY = "api_test_" + "a" * 40
ID = "4a4b5c6d-1111-4222-8333-444455556666"
TEAM_KEY = f"team-{ID}-{ID}"
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
def test_an_environment_that_configures_nothing_is_told_at_the_start(
    kind: type[GovComponents | AsyncGovComponents],
) -> None:
    with pytest.raises(ConfigurationError, match="configures none of") as caught:
        kind.from_settings()
    assert "GOVCOMPONENTS_PAY__API_KEY" in caught.value.fix
    assert f"{kind.__name__}.sandbox()" in caught.value.fix
    with pytest.raises(ConfigurationError, match=r"gov\.notify is not configured"):
        kind.from_settings(require=("notify",))


@pytest.mark.parametrize("kind", BOTH)
def test_components_that_are_made_directly_say_how_they_are_made(
    kind: type[GovComponents | AsyncGovComponents],
) -> None:
    for given, named in [((), {}), (("key",), {}), ((Settings(),), {}), ((), {"api_key": "key"})]:
        with pytest.raises(ConfigurationError, match=rf"^{kind.__name__}\(\) makes nothing") as caught:
            kind(*given, **named)
        assert f"{kind.__name__}.from_settings()" in caught.value.fix


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


def test_the_sandbox_refuses_calls_after_closing_as_a_provider_over_http_does() -> None:
    with GovComponents.sandbox() as gov:
        assert list(gov.pay.search()) == []
    with pytest.raises(ConfigurationError, match="were closed"):
        list(gov.pay.search())

    async def main() -> None:
        async with AsyncGovComponents.sandbox() as gov:
            pass
        with pytest.raises(ConfigurationError, match="were closed"):
            await gov.notify.list_templates()

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
