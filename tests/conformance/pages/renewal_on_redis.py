"""An example service, Flask's or FastAPI's, whose processes share in Redis what they share in their database else.

Who has signed out, which sign-ins were used, and how many calls the account may make. Sign-ins that are under way wait
in the database. The service itself is as it stands: what it makes of the library is made with these options. Each
process tells when it has made the application.
"""

import os
import sys
from functools import partial

import redis
import renewal
from renewal import components

from govcomponents.durable import RedisBudgets, RedisEndedSessions, RedisReplayStore

CLIENT = redis.Redis.from_url(os.environ["RENEWAL_REDIS"])
STORES = {"ended": RedisEndedSessions(CLIENT), "used": RedisReplayStore(CLIENT), "pending": "database"}

for name in ("GovComponentsFlask", "FastAPIGov"):
    if shell := getattr(components, name, None):
        setattr(components, name, partial(shell, **STORES))
for name in ("Durable", "AsyncDurable"):
    if layer := getattr(components, name, None):
        setattr(components, name, partial(layer, budgets=RedisBudgets(CLIENT)))


def create_app():
    app = renewal.create_app()
    sys.stderr.write(f"the application is made in the process {os.getpid()}\n")
    return app
