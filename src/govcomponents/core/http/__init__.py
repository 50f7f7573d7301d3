"""Calls over HTTP: requests and answers, credentials, retries, and answers made into errors."""
