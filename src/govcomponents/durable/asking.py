"""Asking a provider in a job that comes round: whatever an adapter raises ends one question, and not the turn."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from govcomponents.errors import GovComponentsError, UnexpectedReply

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger("govcomponents")


@contextmanager
def asking(operation: str, account: str) -> Iterator[None]:
    """Raise what an adapter raises beside its own errors as UnexpectedReply, and log its class: a fault of the adapter.

    Its text may hold what the provider sent, so it goes no further than here.
    """
    try:
        yield
    except GovComponentsError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, other payments, messages and events must not wait for it
        name = type(error).__name__
        log.error("%s of account %s: the adapter raised %s, which is a fault of it", operation, account, name)  # noqa: TRY400  # its text is left out
        raise UnexpectedReply(f"the adapter raised {name}", operation=operation) from None
