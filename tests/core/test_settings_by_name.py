"""What is no setting of a component is refused by its name, and what it holds is not shown."""

from __future__ import annotations

import pytest

from govcomponents import ConfigurationError, Settings
from govcomponents.settings import IdentitySettings, NotifySettings, PaySettings

CANARY = "canary-7d1f"
SETTINGS = sorted({name for kind in (PaySettings, NotifySettings, IdentitySettings) for name in kind.declared()})


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("kind", [PaySettings, NotifySettings, IdentitySettings])
def test_a_setting_of_another_component_is_refused_by_its_name(kind: type[PaySettings], name: str) -> None:
    if name in kind.declared():
        return
    with pytest.raises(ConfigurationError, match=f"no such setting: GOVCOMPONENTS_\\w+__{name.upper()}\\b"):
        kind(**{name: CANARY}).own_settings()
    with pytest.raises(
        ConfigurationError, match=f"no such setting: GOVCOMPONENTS_\\w+__ACCOUNTS__B__{name.upper()}\\b"
    ):
        kind(accounts={"a": {name: CANARY}, "b": {name: CANARY}}).by_account()["b"].own_settings()


@pytest.mark.parametrize("name", [None, 5, CANARY.encode(), object()])
@pytest.mark.parametrize("component", ["pay", "notify", "identity"])
def test_a_setting_without_a_name_is_refused_and_not_shown(component: str, name: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings(**{component: {name: "x"}})
    assert str(caught.value).startswith(
        f"GOVCOMPONENTS_{component.upper()}: one of its settings has a name that is not a text. "
    )
