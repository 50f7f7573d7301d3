"""Operating: what people on call see of the rows, and what they can do with them."""
