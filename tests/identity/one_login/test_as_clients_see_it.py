"""What other programs take from the sandbox's One Login: its access token and its DID document."""

import json

import jwt

from govcomponents.core.canonical_json import decode_base64url
from identity.kit import HOST, Desk


def test_c1_an_access_token_can_be_decoded_as_a_signed_one():
    """The official example client decodes it; so does every service that grew from it."""
    desk = Desk()
    answers = []
    handle = desk.transport._handle
    desk.transport._handle = lambda request: (answers.append((request, handle(request))), answers[-1][1])[1]
    identity = desk.sign_in()
    (token,) = [
        json.loads(answer.body)["access_token"]
        for request, answer in answers
        if request.operation == "identity.complete" and request.method == "POST"
    ]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], claims["iss"]) == (identity.subject.reveal(), f"{HOST}/")
    assert claims["exp"] > claims["iat"]
    assert jwt.get_unverified_header(token)["alg"] == "ES256"
    assert len(decode_base64url(token.rpartition(".")[2].encode())) == 64


def test_c2_a_key_of_the_did_document_says_its_algorithm():
    desk = Desk()
    document = desk.provider.keys.did_document("did:web:identity.example")
    for method in document["assertionMethod"]:
        assert method["publicKeyJwk"]["alg"] == "ES256"
        assert jwt.PyJWK(method["publicKeyJwk"]).algorithm_name == "ES256"
        assert not {"d", "kid", "use"} & method["publicKeyJwk"].keys()
