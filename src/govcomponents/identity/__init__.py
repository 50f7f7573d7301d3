"""Identity: signing people in and proving who they are."""
