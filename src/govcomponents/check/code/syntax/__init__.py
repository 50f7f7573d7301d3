"""A module's syntax as the rules read it: its expressions, its calls, and what stands round each of them."""
