"""Payments: a record around the making of each, and the search for those whose making came to no end."""
