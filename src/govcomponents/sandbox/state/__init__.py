"""State of a sandbox that all its parts read: its clock, its ids and its timeline."""
