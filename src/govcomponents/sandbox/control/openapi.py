"""Operations of the control API: one table of routes with their models, and its OpenAPI description."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from govcomponents.core.http.runtime import VERSION
from govcomponents.sandbox.control import models
from govcomponents.sandbox.http.messages import Call

API = "/_sandbox/api"
M = TypeVar("M", bound=BaseModel)
Result: TypeAlias = BaseModel | Sequence[BaseModel] | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `act` answers a call; the first line of its docstring is the summary.

    `takes` and `gives` are the models of the body and of the response, of which there are `many` in a list. `query` are
    the parameters that it may have, with what each is for; `links` the operations that can follow it.
    """

    method: str
    path: str
    act: Callable[[Call], Result]
    gives: type[BaseModel] | None = None
    takes: type[BaseModel] | None = None
    many: bool = False
    status: int = 200
    query: dict[str, str] = field(default_factory=dict)
    links: dict[str, Any] = field(default_factory=dict)
    may_conflict: bool = False  # with what there is already, or with how the sandbox was started

    @property
    def name(self) -> str:
        """The operation's name, which is that of its handler."""
        return self.act.__name__

    def describe(self) -> dict[str, Any]:
        """The operation as OpenAPI has it. Every call that changes something may be refused by its origin."""
        summary = (self.act.__doc__ or "").partition("\n")[0].rstrip(".")
        described: dict[str, Any] = {"operationId": self.name, "summary": summary}
        names = [part[1:-1] for part in self.path.split("/") if part.startswith("<")]
        parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
        parameters += [
            {"name": name, "in": "query", "required": False, "schema": {"type": "string"}, "description": what}
            for name, what in self.query.items()
        ]
        if parameters:
            described["parameters"] = parameters
        if self.takes:
            required = any(part.is_required() for part in self.takes.model_fields.values())
            described["requestBody"] = {"required": required, "content": _content(self.takes)}
        done: dict[str, Any] = {"description": "Done"}
        if self.gives:
            done["content"] = _content(self.gives, many=self.many)
        if self.links:
            done["links"] = self.links
        refused = {"description": "Refused", "content": _content(models.Problem)}
        statuses = [400] * bool(self.takes) + [403] * (self.method != "GET") + [404] * bool(names)
        statuses += [409] * self.may_conflict
        described["responses"] = {str(self.status): done, **{str(status): refused for status in statuses}}
        return described


def description(base_url: str, operations: Sequence[Operation], choices: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The API as OpenAPI 3.1, for a sandbox at `base_url`. `choices` are the names that fields of requests may have."""
    taken = {one.takes for one in operations if one.takes}
    given = {one.gives for one in operations if one.gives} | {models.Problem}
    by_name = sorted(taken | given, key=lambda model: model.__name__)
    _, schemas = models_json_schema(
        [(model, "validation" if model in taken else "serialization") for model in by_name],
        ref_template="#/components/schemas/{model}",
    )
    for model in taken:
        for name, schema in schemas["$defs"][model.__name__].get("properties", {}).items():
            if name in choices:
                schema["enum"] = list(choices[name])
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        path = API + one.path.replace("<", "{").replace(">", "}")
        paths.setdefault(path, {})[one.method.lower()] = one.describe()
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


def _content(model: type[BaseModel], *, many: bool = False) -> dict[str, Any]:
    schema: dict[str, Any] = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"application/json": {"schema": {"type": "array", "items": schema} if many else schema}}
