"""What stubs of identity providers share: keys, expiring codes, corrupted tokens, and a whole OpenID provider."""
