"""The authentication backend: Django's users are found, or made, for people who sign in.

AUTHENTICATION_BACKENDS = ["govcomponents.integrations.django.auth.Backend", ...]
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest

    from govcomponents.identity import Identity


class Backend(ModelBackend):
    """A backend of users who sign in by the identity component: no password is ever taken.

    The user is found, or made, by issuer and subject. Override `user_of_identity` to find users of your own, or to keep
    more of an identity; None lets the person not in. `sessions.PersonMiddleware` has to be there as well.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,  # noqa: ARG002  # Django's own
        password: str | None = None,  # noqa: ARG002  # Django's own
        identity: Identity | None = None,
        **_others: Any,
    ) -> AbstractBaseUser | None:
        """Return the user of an identity that has just been proved, unless the user is not active."""
        if identity is None or request is None:
            return None
        user = self.user_of_identity(request, identity)
        return user if user is not None and getattr(user, "is_active", True) else None

    def user_of_identity(self, _request: HttpRequest, identity: Identity) -> AbstractBaseUser | None:
        """Find the user, or make one without a password."""
        model: Any = get_user_model()
        found: AbstractBaseUser
        found, is_new = model.objects.get_or_create(**{model.USERNAME_FIELD: username_of(identity)})
        if is_new:
            found.set_unusable_password()
            found.save(update_fields=["password"])
        return found


def username_of(identity: Identity) -> str:
    """Return the name of a person's user: made of its issuer and subject, and telling neither."""
    named = f"{identity.issuer}\0{identity.subject.reveal()}"
    return f"gov-{hashlib.sha256(named.encode()).hexdigest()[:40]}"
