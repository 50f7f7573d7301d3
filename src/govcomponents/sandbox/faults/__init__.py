"""Named faults: their catalogue, arming them, and the answers that they spoil."""
