"""A few kills, signals and full disks; `make conformance` has more of them, and `make kills` all."""

from notify.bulk import kills


def test_killed_interrupted_or_on_a_full_disk_nobody_is_missed_doubled_or_not_told_of():
    count = kills.run(3, 240, 1)

    assert count.is_good, count
    assert count.kills == 3
    assert count.interrupted + count.terminated + count.full_disks > 1
    assert count.slowest_interruption < 10
    assert count.unknown <= 48 * (1 + 8)  # of those that were on their way where nobody could be asked
