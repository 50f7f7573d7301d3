"""The variants: each prints its figures as JSON, in a process of its own."""
