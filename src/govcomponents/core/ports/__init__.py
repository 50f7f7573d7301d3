"""Ports and services: the base of each, how adapters are found, and what is checked of them."""
