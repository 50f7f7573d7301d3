"""Templates: their text and placeholders, the values that fill them, and a service's registry of them."""
