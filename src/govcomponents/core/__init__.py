"""What everything stands on: results, inputs, validation, times, observers, the blocking driver, shared values."""
