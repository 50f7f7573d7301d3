"""Retention: what is held about people, until its time is over or its erasure is asked for."""
