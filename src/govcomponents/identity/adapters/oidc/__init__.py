"""Any OpenID provider that publishes a discovery document."""
