"""What every adapter stands on: messages, transports, the blocking driver, retry, observation and the registry."""
