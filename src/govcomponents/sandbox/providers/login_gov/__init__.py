"""The Login.gov stub: there if a world has a section `login_gov`."""
