"""Login.gov, the sign-in of the United States government."""
