"""The outbox: what is to be sent, in rows of the service's own database."""
