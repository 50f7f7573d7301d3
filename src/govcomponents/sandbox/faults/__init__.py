"""Named faults: their catalogue, arming them, and the responses that they corrupt."""
