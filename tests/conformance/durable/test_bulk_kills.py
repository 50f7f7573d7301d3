"""Kills, signals and full disks for bulk sends, for less than a minute and a half. In full: make kills."""

import time

from notify.bulk import kills


def test_nobody_is_missed_doubled_or_not_told_of():
    whole, begins, seed = kills.Count(), time.monotonic(), 100
    while time.monotonic() - begins < 45:
        whole.add(kills.run(6, 600, 1, seed=seed))
        seed += 1

    assert whole.is_good, whole
    assert whole.kills >= 6
