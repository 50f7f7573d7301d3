"""The Django shell: an app with routes for sign-in, callbacks and health, over `govcomponents.web`.

Add "govcomponents.integrations.django" to INSTALLED_APPS, include its `urls` below "gov/", and guard views:

    from govcomponents.integrations.django import gov

    @gov.require_identity(confidence="medium")
    def renew(request: HttpRequest) -> HttpResponse: ...
"""

from __future__ import annotations

from govcomponents.errors import ConfigurationError

try:
    import django as django  # asked for here, so that its absence is told at once
except ImportError:
    raise ConfigurationError("Django is not installed", fix='pip install "govcomponents[django]"') from None

from govcomponents.integrations.django.service import (
    DjangoGov as DjangoGov,
    ProblemMiddleware as ProblemMiddleware,
    gov as gov,
)

__all__ = ["DjangoGov", "ProblemMiddleware", "gov"]
