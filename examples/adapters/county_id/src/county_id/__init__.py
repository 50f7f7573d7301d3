"""County ID, an invented OpenID provider, for govcomponents."""
