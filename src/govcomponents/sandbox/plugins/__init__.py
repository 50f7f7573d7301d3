"""What a provider of the sandbox is made of: the specification that registers it, its stub, its section of a world."""
