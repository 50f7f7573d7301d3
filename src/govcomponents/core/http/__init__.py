"""Calls over HTTP: messages, transport, runtime, client, credentials, retries, and answers made into errors."""
