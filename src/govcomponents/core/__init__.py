"""The foundation of components: results, inputs, validation, times, observers, the blocking driver, shared values."""
