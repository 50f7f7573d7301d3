"""The parts of the service of notifications: what both its faces stand on, and what reads messages and templates."""
