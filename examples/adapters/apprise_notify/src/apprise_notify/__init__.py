"""Messages through any channel that Apprise knows, for govcomponents."""
