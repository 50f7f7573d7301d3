"""Plugin interface for providers: the specification that registers one, its stub, its section of a world."""
