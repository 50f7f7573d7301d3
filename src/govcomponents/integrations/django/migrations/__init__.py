"""Migrations of the tables of ended sessions and of what was used once."""
