"""The foundation of every adapter: messages, transports, the blocking driver, retry, observation and the registry."""
