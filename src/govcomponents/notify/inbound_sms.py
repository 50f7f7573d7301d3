"""A text message that somebody sent to the service."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import AwareDatetime, Field, SkipValidation

from govcomponents.notify.models import Result
from govcomponents.privacy import Personal


class InboundSms(Result):
    """A text message that somebody sent to the service.

    `sender` is the number in international form without "+", or a name where a network gives one; `number` is the
    service's own number that it was sent to.
    """

    id: str
    sender: Personal[str]
    number: str
    content: Personal[str]
    received_at: AwareDatetime
    raw: SkipValidation[Mapping[str, object]] = Field(repr=False, exclude=True)
