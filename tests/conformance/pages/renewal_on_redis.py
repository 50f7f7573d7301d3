"""An example service, Flask's or FastAPI's, whose processes share in Redis what they share in their database else.

Who has signed out, which sign-ins were used, and how many calls the account may make. Sign-ins that are under way wait
in the database. The service itself is as it stands: what it makes of the library is made with these options.
"""

import os
from functools import partial

import redis
from renewal import components, create_app

from govcomponents.durable import RedisBudgets, RedisEndedSessions, RedisReplayStore

__all__ = ["create_app"]
CLIENT = redis.Redis.from_url(os.environ["RENEWAL_REDIS"])
STORES = {"ended": RedisEndedSessions(CLIENT), "used": RedisReplayStore(CLIENT), "pending": "database"}

for name in ("GovComponentsFlask", "FastAPIGov"):
    if shell := getattr(components, name, None):
        setattr(components, name, partial(shell, **STORES))
for name in ("Durable", "AsyncDurable"):
    if layer := getattr(components, name, None):
        setattr(components, name, partial(layer, budgets=RedisBudgets(CLIENT)))
