"""Sending to many: rows, spreadsheets, checkpoints, jobs, and the senders that work through them."""
