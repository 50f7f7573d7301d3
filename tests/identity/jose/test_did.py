"""Keys of a DID document: whose they are, and which of them count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcomponents.contracts.identity.fake_provider import KEYS
from govcomponents.core.refreshed_value import Unusable
from govcomponents.identity.jose.jwk import public_members
from govcomponents.identity.jose.keys import is_key_of, read_did

from .support import DID


def did_document(**changes):
    method = {
        "type": "JsonWebKey",
        "id": f"{DID}#p1",
        "controller": DID,
        "publicKeyJwk": public_members(KEYS.proof.public_key()),
    }
    return {"id": DID, "assertionMethod": [method | changes]}


def test_a_did_document_gives_its_assertion_keys():
    (keys,) = read_did(DID)(did_document()).items()
    assert keys[0] == f"{DID}#p1"
    assert [key.kind for key in keys[1]] == ["P-256"]


@pytest.mark.parametrize(
    "changes",
    [
        {"controller": "did:web:evil.example.com"},
        {"controller": None},
        {"type": "Ed25519VerificationKey2020"},
        {"id": f"{DID}#"},
        {"id": "did:web:evil.example.com#p1"},
        {"id": 7},
        {"publicKeyJwk": None},
        {"publicKeyJwk": {"kty": "oct", "k": "AAAA"}},
    ],
    ids=str,
)
def test_k20_an_assertion_key_of_somebody_else_is_left_out(changes):
    assert read_did(DID)(did_document(**changes)) == {}


def test_k20_a_document_about_another_did_or_without_assertion_methods_is_unfit():
    for document in (
        did_document() | {"id": "did:web:evil.example.com"},
        {"id": DID},
        {"id": DID, "assertionMethod": "all"},
        {"id": DID, "verificationMethod": did_document()["assertionMethod"]},
        {"id": DID, "authentication": did_document()["assertionMethod"]},
        {"id": DID, "assertionMethods": did_document()["assertionMethod"]},
    ):
        with pytest.raises(Unusable):
            read_did(DID)(document)


def test_k20_two_keys_of_one_id_are_both_left_out():
    document = did_document()
    other = document["assertionMethod"][0] | {"publicKeyJwk": public_members(KEYS.stranger.public_key())}
    document["assertionMethod"].append(other)
    assert read_did(DID)(document) == {}


@given(st.text())
def test_k21_no_other_text_is_a_key_of_a_did(text):
    assert not is_key_of(DID, text) or (
        text.startswith(DID + "#") and text.count("#") == 1 and len(text) > len(DID) + 1
    )
    assert is_key_of(DID, f"{DID}#{text.replace('#', '') or 'x'}")
    assert not is_key_of(DID, None)
