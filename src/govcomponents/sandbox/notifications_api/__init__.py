"""Base of the stubs of services that run the notifications-api: kept messages, callbacks, keys and templates."""
