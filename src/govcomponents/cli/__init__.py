"""The `govcomponents` command."""
