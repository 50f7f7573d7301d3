"""The inbox: what providers report, stored before it is answered, and handled in the transaction that ends it."""
