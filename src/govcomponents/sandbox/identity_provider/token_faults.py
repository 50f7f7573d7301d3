"""Corrupts what GOV.UK One Login answers: tokens that a client must refuse, and callbacks that it must not follow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from govcomponents.core.canonical_json import decode_base64url, encode_base64url
from govcomponents.core.http.messages import Response
from govcomponents.identity.adapters.one_login import wire
from govcomponents.sandbox.identity_provider.keys import SigningKeys

if TYPE_CHECKING:
    from govcomponents.identity.jose.signing import KeySigner

_OTHER_PERSON = "urn:fdc:gov.uk:2022:somebody-else"
Parts = dict[str, Any]

_OTHER_CLAIMS: Mapping[str, Parts] = {
    "wrong_issuer": {"iss": "https://issuer.example.com/"},
    "wrong_audience": {"aud": "another-client"},
    "wrong_subject": {"sub": _OTHER_PERSON},
    "wrong_nonce": {"nonce": "the-nonce-of-another-request"},
    "wrong_hash": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}
_OTHER_TIMES: Mapping[str, int] = {"expired": -3600, "not_yet_valid": 86400}
_LEVELS = {"id_token": "Cl", "core_identity": "P0"}
_ERRORS = {"sign_in_denied": "access_denied", "sign_in_unavailable": "temporarily_unavailable"}


def corrupt(fault: str, response: Response, keys: SigningKeys) -> Response:
    """Corrupt a response as the fault says; `keys` are the provider's. One with nothing to corrupt stays."""
    if fault.startswith(("callback_", "sign_in_")):
        return _corrupt_callback(fault, response)
    if response.status != 200:
        return response
    told = json.loads(response.body)
    if fault == "userinfo_wrong_subject":
        told["sub"] = _OTHER_PERSON
    elif fault.startswith("id_token_"):
        told["id_token"] = _corrupt_token(told["id_token"], "id_token", fault.removeprefix("id_token_"), keys)
    elif wire.CORE_IDENTITY in told:
        how = fault.removeprefix("core_identity_")
        told[wire.CORE_IDENTITY] = _corrupt_token(told[wire.CORE_IDENTITY], "core_identity", how, keys)
    return Response(response.status, response.headers, json.dumps(told, separators=(",", ":")).encode())


def _corrupt_token(token: str, thing: str, how: str, keys: SigningKeys) -> str:
    head, body, signature = token.split(".")
    header, claims = _read(head), _read(body)
    signer = keys.signer("core_identity" if thing == "core_identity" else header["alg"])
    if how == "bad_signature":
        corrupted = ("A" if signature[0] != "A" else "B") + signature[1:]
        return f"{head}.{body}.{corrupted}"
    if how == "wrong_algorithm":
        header |= {"alg": "HS256", "kid": _unknown(header["kid"])}
    elif how == "no_algorithm":
        return f"{_part(header | {'alg': 'none'})}.{body}."
    elif how == "unknown_key":
        header["kid"] = _unknown(header["kid"])
    elif how == "wrong_level":
        claims["vot"] = _LEVELS[thing]
    else:
        later = _OTHER_TIMES.get(how, 0)
        claims |= {name: claims[name] + later for name in ("iat", "nbf", "exp") if name in claims}
        claims |= _OTHER_CLAIMS.get(how, {})
    return _signed(header, claims, signer)


def _unknown(key_id: str) -> str:
    """An id of the same form that no key has; one of the DID document keeps its controller."""
    controller, mark, _key = key_id.rpartition("#")
    return f"{controller}{mark}a-key-that-is-not-published"


def _signed(header: Parts, claims: Parts, signer: KeySigner) -> str:
    content = f"{_part(header)}.{_part(claims)}"
    return f"{content}.{encode_base64url(signer.sign(content.encode()))}"


def _read(part: str) -> Parts:
    read: Parts = json.loads(decode_base64url(part.encode()))
    return read


def _part(value: Parts) -> str:
    return encode_base64url(json.dumps(value, separators=(",", ":")).encode())


def _corrupt_callback(fault: str, response: Response) -> Response:
    location = response.header("location")
    parts = urlsplit(location or "")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "code" not in query:
        return response
    if fault == "callback_wrong_state":
        query["state"] = "the-state-of-another-sign-in"
    else:
        del query["code"]
        query["error"] = _ERRORS[fault]
    corrupted = urlunsplit(parts._replace(query=urlencode(query)))
    return Response(response.status, {**response.headers, "location": corrupted}, response.body)
