"""Shells for web frameworks over `govcomponents.web`: each translates requests and answers, and decides nothing."""
