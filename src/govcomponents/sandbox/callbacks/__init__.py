"""Callbacks to services: their queue, the worker that sends them, and where they may go."""
