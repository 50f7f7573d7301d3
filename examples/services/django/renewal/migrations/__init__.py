"""The migrations of the service's own table."""
