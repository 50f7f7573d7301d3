"""How gunicorn serves the pages: a few processes with threads, and no query of a callback in its log."""

from __future__ import annotations

import os
from typing import Any

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
workers = 4
worker_class = "gthread"
threads = 8
timeout = 75  # a call to a provider may take 60 seconds
graceful_timeout = 75
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(b)s %(L)s'  # no query: it may hold the code of a sign-in
accesslog = "-"
control_socket_disable = True  # of gunicorn 25.1 and later: nobody steers it by a file below a home that is not there


def post_worker_init(_worker: Any) -> None:  # gunicorn has no types
    """Import what the first requests need before they come."""
    from govcomponents.integrations.django import gov  # Django has been set up by now

    gov.prepare()
