"""The budget of requests that processes share, in the database of the store or in Redis."""
