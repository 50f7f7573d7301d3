"""schemathesis asks the sandbox's /v1 everything that GOV.UK Pay's published description allows, and more.

There is no server error, and no answer outside the description but for the differences that `amended` puts right,
each with its reason. Its command line runs in a process of its own.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from govcomponents.sandbox.server import serving
from pay.govuk_pay.recorded import golden
from pay.govuk_pay.sandbox.raw import Raw

pytestmark = [
    golden.needs_specification,
    pytest.mark.skipif(find_spec("schemathesis") is None, reason="schemathesis is not installed"),
]
KEY = "api_test_only0for0schemathesis"
WORLD = {"pay": {"services": [{"name": "Anything", "api_keys": [{"key": KEY}]}]}}
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# The service gives these statuses, with its usual error envelope, and the description lacks them or their bodies.
LACKING = {
    "post /v1/payments": (200, 403, 409, 415),
    "post /v1/payments/{paymentId}/refunds": (202, 400, 403, 412, 415, 422),
    "post /v1/agreements": (403, 404, 415),
    "post /v1/auth": (415,),
    "get /v1/payments": (404,),
    "get /v1/refunds": (404,),
    "get /v1/agreements": (404,),
    "get /v1/disputes": (404,),
}
SUCCESS = {"post /v1/payments": "CreatePaymentResult", "post /v1/payments/{paymentId}/refunds": "Refund"}


def answer_of(schema):
    reference = {"$ref": f"#/components/schemas/{schema}"} if schema else {}
    return {"description": "as the service answers", "content": {"application/json": {"schema": reference}}}


def amended(description, known):
    """The description, with what it gets wrong put right, and ids that there are among those to be tried."""
    schemas = description["components"]["schemas"]
    # it lets nothing be null; the service sends null for what it does not know of a card
    for name in ("CardDetails", "CardDetailsFromResponse", "Address"):
        for part in schemas[name]["properties"].values():
            _may_be_null(part)
    # and for the links that a search result has not
    for name in ("cancel", "capture"):
        _may_be_null(schemas["PaymentLinksForSearch"]["properties"][name])
    # it wants objects as values of params; the service sends strings
    schemas["PostLink"]["properties"]["params"] = {"type": "object", "additionalProperties": {"type": "string"}}
    # the list of modes in answers lacks `agreement`
    for schema in schemas.values():
        mode = schema.get("properties", {}).get("authorisation_mode", {})
        if "enum" in mode and "agreement" not in mode["enum"]:
            mode["enum"].append("agreement")
    for place, statuses in LACKING.items():
        method, _, path = place.partition(" ")
        responses = description["paths"][path][method]["responses"]
        for status in statuses:
            # the framework under the API answers 404 and 415 with a number as code, so any object will do there
            kind = SUCCESS.get(place) if status in (200, 202) else "RequestError" if status not in (404, 415) else None
            responses[str(status)] = answer_of(kind)
    for methods in description["paths"].values():
        for operation in methods.values():
            # a path that is not one of the API's is refused by the framework, in its own words
            operation["responses"].setdefault("404", answer_of(None))
            operation["responses"]["405"] = answer_of(None)
            # the service answers 401 with plain text
            operation["responses"]["401"] = {"description": "refused", "content": {"text/plain": {}}}
            for parameter in operation.get("parameters", []):
                if parameter["name"] in known:
                    parameter["schema"] = {"type": "string", "enum": [known[parameter["name"]], "nobody"]}
                    parameter.pop("example", None)
    return description


def _may_be_null(part):
    if "$ref" in part:
        part["anyOf"] = [{"$ref": part.pop("$ref")}]
    part["nullable"] = True
    if "enum" in part:
        part["enum"] = [*part["enum"], None]


def test_schemathesis_finds_no_answer_outside_the_description(tmp_path):
    with serving(WORLD) as server:
        raw = Raw(server.sandbox, KEY)
        payment = raw.paid()["payment_id"]
        refund = raw("POST", f"/v1/payments/{payment}/refunds", {"amount": 1})[1]["refund_id"]
        known = {"paymentId": payment, "refundId": refund, "agreementId": raw.agreement()}
        description = tmp_path / "publicapi.json"
        description.write_text(json.dumps(amended(golden.specification(), known)))
        command = [sys.executable, "-m", "schemathesis.cli", "run", str(description), "--url", server.base_url]
        options = ["--checks", CHECKS, "--max-examples", "40", "--seed", "7", "--phases", "examples,coverage,fuzzing"]
        quiet = ["--no-color", "--generation-database", "none", "--suppress-health-check", "all"]
        result = subprocess.run(
            [*command, *options, *quiet, "-H", f"Authorization: Bearer {KEY}"],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            cwd=tmp_path,
            env={
                name: value
                for name, value in os.environ.items()
                if name not in ("PYTHONPATH", "COVERAGE_PROCESS_START")
            },
        )
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
