"""The time to render what people typed, for every text that may be slow to read.

Here and not in `make test`, because it sweeps over all of them for a minute of CPU. `make test` has each eighth.
"""

from __future__ import annotations

import pytest

from govcomponents.notify import Channel
from notify.test_rendering_time import EVIL, check, check_the_worst, cleaned, once


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS, Channel.LETTER])
@pytest.mark.parametrize("evil", EVIL)
def test_time_to_render_grows_with_length(evil: str, channel: Channel) -> None:
    check(lambda value: once(channel, value), evil, 5_000)


@pytest.mark.parametrize("evil", EVIL)
def test_time_to_clean_grows_with_length(evil: str) -> None:
    check(cleaned, evil, 10_000)


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.LETTER])
@pytest.mark.parametrize("evil", EVIL)
def test_the_worst_takes_half_a_second(channel: Channel, evil: str) -> None:
    check_the_worst(channel, evil)
