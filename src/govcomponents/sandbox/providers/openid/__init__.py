"""A plain OpenID provider and Login.gov, imitated: there if a world has a section for them."""
