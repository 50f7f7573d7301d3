"""The rules about settings, wherever they stand."""
