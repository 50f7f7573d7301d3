"""The contract of web shells: what every framework's shell over `govcomponents.web` must hold."""
