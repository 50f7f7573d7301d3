"""The OpenAPI description of the control API, made from the models that the API itself reads and writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from govcomponents.core.runtime import VERSION
from govcomponents.sandbox.control import models

_PATH = "/_sandbox/api"


@dataclass(frozen=True)
class _Operation:
    method: str
    path: str
    id: str
    summary: str
    takes: type[BaseModel] | None = None
    gives: type[BaseModel] | None = None
    is_list: bool = False
    status: int = 200
    refusals: tuple[int, ...] = ()
    query: str = ""


_CHANGES = (400, 403)
_OPERATIONS = (
    _Operation("get", "/state", "state", "Read everything at a glance", gives=models.State),
    _Operation("post", "/reset", "reset", "Start again", models.Reset, models.State, refusals=_CHANGES),
    _Operation("get", "/clock", "clock", "Read the clock", gives=models.Clock),
    _Operation("put", "/clock", "setClock", "Set the clock", models.SetClock, models.Clock, refusals=_CHANGES),
    _Operation(
        "post", "/clock/advance", "advanceClock", "Move the clock", models.Advance, models.Clock, refusals=_CHANGES
    ),
    _Operation("get", "/faults", "faults", "List the armed faults", gives=models.ArmedFault, is_list=True),
    _Operation(
        "post", "/faults", "armFault", "Arm a fault", models.ArmFault, models.ArmedFault, status=201, refusals=_CHANGES
    ),
    _Operation("delete", "/faults", "clearFaults", "Take all faults back", status=204, refusals=(403,)),
    _Operation("get", "/catalogue", "catalogue", "List the names that can be armed", gives=models.Catalogue),
    _Operation("delete", "/faults/{fault_id}", "disarmFault", "Take a fault back", status=204, refusals=(403, 404)),
    _Operation("get", "/callbacks", "callbacks", "List the callbacks", gives=models.CallbackState, is_list=True),
    _Operation("post", "/callbacks/deliver", "deliver", "Send what is due", gives=models.Delivered, refusals=(403,)),
    _Operation(
        "get", "/callbacks/perturbation", "perturbation", "Read what is done to callbacks", gives=models.Perturb
    ),
    _Operation(
        "put",
        "/callbacks/perturbation",
        "perturb",
        "Duplicate, delay, shuffle or pause callbacks",
        models.Perturb,
        models.Perturb,
        refusals=_CHANGES,
    ),
    _Operation(
        "post", "/callbacks/{callback_id}/resend", "resend", "Send a callback again", status=204, refusals=(403, 404)
    ),
    _Operation(
        "post", "/connections/drop", "dropConnections", "End open connections", gives=models.Dropped, refusals=(403,)
    ),
    _Operation(
        "post", "/keys/rotate", "rotateKeys", "Change signing keys", models.RotateKeys, status=204, refusals=_CHANGES
    ),
    _Operation(
        "get", "/timeline", "timeline", "List what happened", gives=models.EventLine, is_list=True, query="reference"
    ),
    _Operation("get", "/messages", "messages", "List the messages", gives=models.Message, is_list=True),
)


def description(base_url: str) -> dict[str, Any]:
    """The description, as OpenAPI 3.1, for a sandbox at `base_url`."""
    taken = {operation.takes for operation in _OPERATIONS if operation.takes}
    given = {operation.gives for operation in _OPERATIONS if operation.gives} | {models.Problem}
    wanted = [(model, "validation") for model in sorted(taken, key=lambda model: model.__name__)]
    wanted += [(model, "serialization") for model in sorted(given - taken, key=lambda model: model.__name__)]
    _, schemas = models_json_schema(
        wanted,  # type: ignore[arg-type]  # the list's second members are the literals that it asks for
        ref_template="#/components/schemas/{model}",
    )
    paths: dict[str, dict[str, Any]] = {}
    for operation in _OPERATIONS:
        paths.setdefault(_PATH + operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Control API of the govcomponents sandbox",
            "version": VERSION,
            "description": "Reads and changes the sandbox itself. It has no access control: keep it on loopback.",
        },
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {"schemas": schemas["$defs"]},
    }


def _operation(operation: _Operation) -> dict[str, Any]:
    shown: dict[str, Any] = {"operationId": operation.id, "summary": operation.summary}
    parameters = [
        {"name": part[1:-1], "in": "path", "required": True, "schema": {"type": "string"}}
        for part in operation.path.split("/")
        if part.startswith("{")
    ]
    if operation.query:
        parameters.append(
            {
                "name": operation.query,
                "in": "query",
                "required": False,
                "schema": {"type": "string"},
                "description": "only what has this reference, or one that begins with it",
            }
        )
    if parameters:
        shown["parameters"] = parameters
    if operation.takes:
        required = any(field.is_required() for field in operation.takes.model_fields.values())
        shown["requestBody"] = {"required": required, "content": _content(operation.takes, is_list=False)}
    response: dict[str, Any] = {"description": "Done"}
    if operation.gives:
        response["content"] = _content(operation.gives, is_list=operation.is_list)
    if operation.id == "armFault":
        response["links"] = {"disarm": {"operationId": "disarmFault", "parameters": {"fault_id": "$response.body#/id"}}}
    responses = {str(operation.status): response}
    for status in operation.refusals:
        refusal = {"description": "Refused", "content": _content(models.Problem, is_list=False)}
        responses[str(status)] = refusal
    shown["responses"] = responses
    return shown


def _content(model: type[BaseModel], *, is_list: bool) -> dict[str, Any]:
    schema: dict[str, Any] = {"$ref": f"#/components/schemas/{model.__name__}"}
    if is_list:
        schema = {"type": "array", "items": schema}
    return {"application/json": {"schema": schema}}
