"""OpenID Connect as a relying party speaks it: discovery, sign-in, tokens' exchange, logout."""
