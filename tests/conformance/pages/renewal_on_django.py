"""Django's example service as it stands, each process of which tells when it has made the application."""

import os
import sys

from renewal.wsgi import application

__all__ = ["application"]

sys.stderr.write(f"the application is made in the process {os.getpid()}\n")
