"""The published and tested answers of GOV.UK Pay, where they are on this machine."""

import json

import pytest

from shared_folder import SHARED

FOLDER = SHARED / "golden" / "govuk-pay"
SPECIFICATION = SHARED / "specs" / "govuk-pay-publicapi.json"
needs_golden = pytest.mark.skipif(not FOLDER.is_dir(), reason="the published answers are not on this machine")
needs_specification = pytest.mark.skipif(
    not SPECIFICATION.is_file(), reason="the published description of the API is not on this machine"
)


def answers():
    return _read(FOLDER / "answers.json")["answers"] if FOLDER.is_dir() else []


def webhooks():
    return _read(FOLDER / "webhooks.json") if FOLDER.is_dir() else {"webhooks": []}


def specification():
    return _read(SPECIFICATION)


def _read(path):
    return json.loads(path.read_text(encoding="utf-8"))
