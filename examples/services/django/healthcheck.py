"""Whether the pages answer, for the container's HEALTHCHECK. /gov/health tells of the providers too: for readiness."""

from __future__ import annotations

import os
import sys
from http.client import HTTPConnection

service = HTTPConnection("localhost", int(os.environ.get("PORT", "8000")), timeout=4)
service.request("GET", "/", headers={"Host": os.environ.get("RENEWAL_HOSTS", "localhost").partition(",")[0]})
sys.exit(service.getresponse().status >= 500)  # what sends on to https, answers
