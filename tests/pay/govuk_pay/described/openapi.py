"""Checks exchanges against the published description of the API, and names what they differ in."""

import json
import re
from functools import cache
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft202012Validator

from pay.govuk_pay.recorded import golden


@cache
def description():
    return golden.specification()


def _schema(part):
    return {**part, "components": description()["components"]}


def _problems(schema, value, where):
    validator = Draft202012Validator(_schema(schema))
    return {f"{where} {_place(error)}: {error.validator}" for error in validator.iter_errors(value)}


def _place(error):
    return ".".join("*" if isinstance(part, int) else str(part) for part in error.absolute_path)


def operation_of(method, path):
    for template, methods in description()["paths"].items():
        if method.lower() in methods and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return f"{method} {template}", methods[method.lower()]
    raise AssertionError(f"the description has no {method} {path}")


def request_problems(request):
    """How a request differs from the description: an empty set if it does not."""
    parts = urlsplit(request.url)
    name, operation = operation_of(request.method, parts.path)
    found = set()
    if request.body:
        found |= _problems(_content(operation["requestBody"]), json.loads(request.body), f"{name} request")
    elif operation.get("requestBody", {}).get("required"):
        found.add(f"{name} request: no body")
    described = {one["name"]: one for one in operation.get("parameters", []) if one["in"] == "query"}
    for key, value in parse_qsl(parts.query):
        if key not in described:
            found.add(f"{name} query {key}: not described")
        elif (allowed := described[key]["schema"].get("enum")) and value not in allowed:
            found.add(f"{name} query {key}: enum")
    return found


def answer_problems(request, response):
    """How an answer differs from the description: an empty set if it does not."""
    name, operation = operation_of(request.method, urlsplit(request.url).path)
    return problems_of(name, operation, response.status, response.body)


def problems_of(name, operation, status, body):
    """The same, for an operation that was found already."""
    described = operation["responses"].get(str(status))
    if described is None:
        return {f"{name} {status}: status not described"}
    if not described.get("content"):
        return {f"{name} {status}: body not described"} if body and status != 401 else set()
    return _problems(_content(described), json.loads(body), f"{name} {status}")


def _content(part):
    return part["content"]["application/json"]["schema"]
