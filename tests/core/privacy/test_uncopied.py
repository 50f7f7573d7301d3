"""A client is shared: copying or pickling one says so."""

import copy
import pickle

import pytest

from govcomponents import AsyncGovComponents, ConfigurationError, GovComponents, Settings

SETTINGS = Settings(environment="test", pay={"api_key": "api_test_" + "k" * 50})


@pytest.mark.parametrize("kind", [GovComponents, AsyncGovComponents])
@pytest.mark.parametrize("part", ["all", "pay", "account"])
@pytest.mark.parametrize("copied", [copy.deepcopy, pickle.dumps])
def test_a_client_is_neither_copied_nor_pickled(kind, part, copied):
    gov = kind.from_settings(SETTINGS)
    given = {"all": gov, "pay": gov.pay, "account": gov.account("default")}[part]
    with pytest.raises(ConfigurationError, match="share the one"):
        copied(given)
    with pytest.raises(ConfigurationError, match="share the one"):
        copied({"gov": [given]})


def test_a_shallow_copy_is_the_client_itself():
    gov = GovComponents.from_settings(SETTINGS)
    assert copy.copy(gov) is gov
    assert copy.copy(gov.pay) is gov.pay
