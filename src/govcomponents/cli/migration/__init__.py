"""Rewriting code that uses other clients: what each call becomes, and the rewriting of a file."""
