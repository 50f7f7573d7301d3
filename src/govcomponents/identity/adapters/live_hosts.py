"""The hosts at which real people sign in, of the providers that the built-in adapters and presets know."""

from __future__ import annotations

from govcomponents.core.validation import host_of_url
from govcomponents.identity.adapters.login_gov.wire import HOSTS
from govcomponents.identity.adapters.oidc.settings import known_presets
from govcomponents.identity.adapters.one_login.wire import ENVIRONMENTS


def live_hosts() -> frozenset[str]:
    """Return the hosts of all production environments."""
    presets = (preset["environments"]["production"]["issuer"] for preset in known_presets().values())
    return frozenset(map(host_of_url, (ENVIRONMENTS["production"].issuer, HOSTS["production"], *presets)))
