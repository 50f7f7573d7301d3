"""Mistakes that authors of adapters make, each made on purpose and each caught by the contract kit."""
