"""Values that hardly any argument may have, by what is wrong with them."""

import datetime as dt

WRONG: dict[str, object] = {
    "None": None,
    "int": 5,
    "float": 2.5,
    "bool": True,
    "object": object(),
    "bytes": b"x",
    "list": ["x"],
    "dict": {"x": 1},
    "empty": "",
    "long": "x" * 5_000,
    "below nothing": -1,
    "huge": 10**30,
    "endless": float("inf"),
    "naive time": dt.datetime(2026, 3, 1),  # noqa: DTZ001  # it is wrong for that
    "date": dt.date(2026, 3, 1),
    "surrogate": "x\ud800",
    "surrogates": ["x\ud800"],
    "keys": {"x\ud800": 1, 2: object()},
}

WHOLE = {"int", "below nothing", "huge"}
"""Those that are whole numbers."""
