"""Pages of the sandbox for people: what came, what is kept, what was sent, and what can be done."""
