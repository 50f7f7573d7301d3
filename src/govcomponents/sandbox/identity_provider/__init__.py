"""Base of the stubs of identity providers: keys, expiring codes, corrupted tokens, and a whole OpenID provider."""
