"""Parts of the requests of every adapter: paths, bodies as JSON or as a form, and the argument `extra`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from govcomponents.core.http.extra_fields import with_extra
from govcomponents.core.http.messages import Replay, Request
from govcomponents.errors import InvalidInput

if TYPE_CHECKING:
    from govcomponents.privacy import Personal


def revealed(value: Personal[str] | None) -> str | None:
    """Take a person's datum out of its guard, to send it; None if there is none."""
    return None if value is None else value.reveal()


def path_of(template: str, **ids: str) -> str:
    """Make the path of a thing, such as a payment's events, of the template that observers see and of its ids."""
    return template.format(**{name: quote(identifier, safe="") for name, identifier in ids.items()})


def read_request(
    operation: str,
    template: str,
    ids: Mapping[str, str] = MappingProxyType({}),
    *,
    query: Mapping[str, object] | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
    lookup: str = "",
) -> Request:
    """Make the request that reads what is at a path of these ids. `query` is written as a form is."""
    path = path_of(template, **ids)
    url = f"{path}?{urlencode(list(flatten(query)))}" if query else path
    return Request(operation, "GET", url, Replay.ALWAYS, headers, lookup=lookup, template=template)


def write_request(
    operation: str,
    template: str,
    ids: Mapping[str, str] = MappingProxyType({}),
    fields: Mapping[str, object] | None = None,
    extra: Mapping[str, object] | None = None,
    *,
    provider: str = "",
    is_form: bool = False,
    headers: Mapping[str, str] = MappingProxyType({}),
    key: str | None = None,
    key_header: str = "Idempotency-Key",
    acts_once: bool = False,
    lookup: str = "",
    timeout: float | None = None,
) -> Request:
    """Make the request that changes what is at a path of these ids, by JSON, or by a form. None is for no body.

    It is sent again after any failure only under an idempotency `key`, which `key_header` carries, or where a repeat
    changes nothing (`acts_once`).
    Raises InvalidInput for an `extra` that cannot go along.
    """
    path, sent, body = path_of(template, **ids), dict(headers), None
    if fields is not None:
        write = form_body if is_form else json_body
        body = write(fields, extra, operation=operation, provider=provider)
        sent["Content-Type"] = "application/x-www-form-urlencoded" if is_form else "application/json"
    if key is not None:
        sent[key_header] = key
    replay = Replay.IDEMPOTENT if acts_once or key is not None else Replay.UNSENT
    return Request(operation, "POST", path, replay, sent, body, timeout, lookup, provider, key, template)


def given(**fields: object) -> dict[str, object]:
    """Leave out the fields that are None, False or without content."""
    return {name: value for name, value in fields.items() if value is not None and value is not False and value != {}}


def json_body(own: Mapping[str, object], extra: Mapping[str, object] | None, *, operation: str, provider: str) -> bytes:
    """Write a body as JSON, in UTF-8 and without escapes. Raises InvalidInput for an `extra` that cannot go along."""
    whole = with_extra(own, extra, operation=operation, provider=provider)
    try:
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError):
        raise _unsendable("holds what JSON cannot", operation, provider) from None


def form_body(own: Mapping[str, object], extra: Mapping[str, object] | None, *, operation: str, provider: str) -> bytes:
    """Write a body as a form with nested names. Raises InvalidInput for an `extra` that cannot go along."""
    try:
        more = dict(flatten(extra or {}))
    except TypeError as error:
        raise _unsendable(str(error), operation, provider, numbers="whole numbers") from None
    return urlencode(with_extra(dict(flatten(own)), more, operation=operation, provider=provider)).encode()


def flatten(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the pairs of a form, `a[b][0]=c`: lists numbered from 0, booleans as words (stripe-python, _encode.py).

    Raises TypeError for what has no form.
    """
    if isinstance(value, Mapping):
        for inner, part in value.items():
            if not isinstance(inner, str) or not inner or "[" in inner or "]" in inner:
                raise TypeError("a name must be text without square brackets")
            yield from flatten(part, f"{name}[{inner}]" if name else inner)
    elif isinstance(value, (list, tuple)):
        for number, part in enumerate(value):
            yield from flatten(part, f"{name}[{number}]")
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif isinstance(value, (str, int)):
        yield name, str(value)
    else:
        raise TypeError(f"a form cannot hold a {type(value).__name__}")


def _unsendable(problem: str, operation: str, provider: str, *, numbers: str = "numbers") -> InvalidInput:
    return InvalidInput(
        field="extra",
        problem=problem,
        fix=f"pass text, {numbers}, booleans, lists and mappings only",
        operation=operation,
        provider=provider,
    )
