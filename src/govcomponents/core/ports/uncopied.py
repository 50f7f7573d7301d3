"""The base of clients: whoever tries to copy or pickle one learns what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, SupportsIndex

from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from typing import Self


class Uncopied:
    """The base of what holds connections and keys: it is shared, and neither copied nor pickled."""

    def __copy__(self) -> Self:
        return self

    def __reduce_ex__(self, _protocol: SupportsIndex) -> NoReturn:
        raise ConfigurationError(
            f"a {type(self).__name__} holds connections and keys, and can be neither copied nor pickled",
            fix="share the one, also between threads; in another process make one with from_settings()",
        )
