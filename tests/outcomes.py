"""How a call with a wrong argument ended: it was refused as it should be, or taken, or something else came of it."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from itertools import islice

from govcomponents import ConfigurationError, GovComponentsError, InvalidInput, NotSupported
from govcomponents.core.driver import drive, drive_iterator

PYDANTICS = re.compile(r"(Input|Value|String|Bytes|Tuple|Decimal) should|[Vv]alidat|Unable to|Unexpected")
"""Words of pydantic's own, which name its inner things and not what the caller did."""


class Sent(BaseException):
    """The call wanted to send a request: its arguments were taken."""


def end(result: object) -> None:
    """Await what was returned, or take the first of it."""
    if isinstance(result, Coroutine):
        drive(result)
    elif isinstance(result, AsyncGenerator):
        list(islice(drive_iterator(result), 1))
    elif isinstance(result, Iterator):
        list(islice(result, 1))


def outcome(call: Callable[[], None]) -> tuple[bool, str] | None:
    """How a call ended, and whether one with a good argument may end so; None if it was refused as it should be."""
    try:
        call()
    except Sent:
        return True, "a request"
    except InvalidInput as error:
        if PYDANTICS.search(str(error)):
            return False, f"pydantic's own words: {error}"
        return None if error.field and str(error) else (False, "a refusal that names nothing")
    except (NotSupported, ConfigurationError):
        return None
    except Exception as error:  # noqa: BLE001  # that it is none of ours is what is looked for
        return isinstance(error, GovComponentsError), f"{type(error).__name__}: {error}"[:200]
    return True, "a result"
