"""The private key of the settings, which a stranger's adapter signs with: itself there, or in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from govcomponents import ConfigurationError
from govcomponents.adapters import IdentitySettings, signer_from_settings
from govcomponents.identity import new_private_key, signer_of

KEY = new_private_key("ES256")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "key.pem"
    place.write_text(KEY.reveal(), encoding="utf-8")
    place.chmod(0o600)
    return place


def settings(**values: Any) -> IdentitySettings:
    return IdentitySettings(adapter="theirs", **values)


def test_the_key_may_be_there_or_in_a_file(file: Path) -> None:
    known = signer_of(KEY, algorithm="ES256").key_id
    for values in ({"private_key": KEY}, {"private_key_file": file}):
        signer = signer_from_settings(settings(**values), algorithm="ES256")
        assert (signer.algorithm, signer.key_id) == ("ES256", known)


def test_it_may_have_an_id_of_its_own() -> None:
    assert signer_from_settings(settings(private_key=KEY), algorithm="ES256", key_id="2026").key_id == "2026"


@pytest.mark.parametrize("given", ["none", "both", "of another algorithm", "no key"])
def test_what_cannot_sign_is_refused_by_the_name_of_its_setting(given: str, file: Path) -> None:
    values: dict[str, dict[str, Any]] = {
        "none": {},
        "both": {"private_key": KEY, "private_key_file": file},
        "of another algorithm": {"private_key": new_private_key("RS256")},
        "no key": {"private_key_file": file.with_name("absent.pem")},
    }
    with pytest.raises(ConfigurationError, match="PRIVATE_KEY"):
        signer_from_settings(settings(**values[given]), algorithm="ES256")
