"""Ends of a sign-in, as the handler of the way back tells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govcomponents.web.pages import page

if TYPE_CHECKING:
    from govcomponents.errors import GovComponentsError
    from govcomponents.identity.models import Identity
    from govcomponents.web.messages import Answer
    from govcomponents.web.person import Person


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in that ended well: who it is, and the answer that sends them on to where they were going.

    Keep what your service needs of `identity` now; later requests have only `person`. `is_another` is whether somebody
    else was signed in in this browser until now: what your service's own session holds is theirs.
    """

    identity: Identity
    person: Person
    answer: Answer
    is_another: bool = False

    def not_let_in(self, language: str = "en") -> NotSignedIn:
        """Return what it is where your service does not let this person in: they are not signed in."""
        ended = tuple(value for name, value in self.answer.headers if name == "Set-Cookie" and "Max-Age=0" in value)
        return NotSignedIn(None, page(403, "not_signed_in", "not_let_in", language, cookies=ended))


@dataclass(frozen=True, slots=True)
class NotSignedIn:
    """A sign-in that did not end well. `answer` is a plain page that tells the person so: show one of your own instead.

    `error` is for your logs; None where this browser began no such sign-in, or has used it up: then nothing changed.
    `return_to` is the path to which they were going, which begins anew; the first page where that is not known.
    `is_known` is False where a store was away and this browser has a session: whether it is over cannot be told, so
    show `answer`, which says no more than that. Set the cookies of `answer` whatever you show.
    """

    error: GovComponentsError | None
    answer: Answer
    return_to: str = "/"
    is_known: bool = True
