"""The stub of a plain OpenID provider: there if a world has a section `openid`."""
