"""Stores on Django's database, which all processes of a service share."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Value
from django.db.models.functions import Greatest

from govcomponents.identity.replay_stores import key_hash
from govcomponents.integrations.django.models import EndedSession, SigningIn, UsedOnce


class DatabaseEndedSessions:
    """A store of ends on the default database. See `govcomponents.web.EndedSessions`."""

    def end(self, key: str, at: float, until: float) -> None:
        """Keep an end."""
        digest = key_hash(key).hex()
        EndedSession.objects.filter(until__lte=at).delete()
        if self._prolong(digest, at, until):
            return
        try:
            with transaction.atomic():
                EndedSession.objects.create(key=digest, at=at, until=until)
        except IntegrityError:  # another process was first
            self._prolong(digest, at, until)

    @staticmethod
    def _prolong(digest: str, at: float, until: float) -> int:
        """Move an end that is kept already to the later time."""
        later = {"at": Greatest(F("at"), Value(at)), "until": Greatest(F("until"), Value(until))}
        return EndedSession.objects.filter(key=digest).update(**later)

    def ended_at(self, keys: tuple[str, ...]) -> float | None:
        """Return the latest end of any of the keys, or None."""
        digests = [key_hash(key).hex() for key in keys]
        latest: float | None = EndedSession.objects.filter(key__in=digests).aggregate(latest=Max("at"))["latest"]
        return latest


class DatabaseReplayStore:
    """A store of what was used once on the default database. See `govcomponents.identity.ReplayStore`."""

    def has(self, key: str, now: float) -> bool:
        """Whether a key is kept now."""
        return UsedOnce.objects.filter(key=key_hash(key).hex(), until__gt=now).exists()

    def add(self, key: str, until: float, now: float) -> bool:
        """Keep a key until a time. Returns False if it is kept already."""
        UsedOnce.objects.filter(until__lte=now).delete()
        try:
            with transaction.atomic():
                UsedOnce.objects.create(key=key_hash(key).hex(), until=until)
        except IntegrityError:
            return False
        return True


class DatabasePendingStore:
    """A store of sign-ins that are under way on the default database. See `govcomponents.web.PendingStore`."""

    def keep(self, browser: str, key: str, sealed: str, until: float, now: float, limit: int) -> None:
        """Keep a sign-in until a time, and let go of this browser's older ones beyond a limit, and of what is over."""
        whose = key_hash(browser).hex()
        SigningIn.objects.filter(until__lte=now).delete()
        SigningIn.objects.create(key=key_hash(key).hex(), browser=whose, sealed=sealed, began_at=now, until=until)
        of_browser = SigningIn.objects.filter(browser=whose).order_by("-began_at")
        SigningIn.objects.filter(key__in=list(of_browser.values_list("key", flat=True)[limit:])).delete()

    def find(self, key: str, now: float) -> str | None:
        """Return what is kept under a key now, or None."""
        return SigningIn.objects.filter(key=key_hash(key).hex(), until__gt=now).values_list("sealed", flat=True).first()

    def end(self, key: str) -> None:
        """Take out what is kept under a key, if it is there."""
        SigningIn.objects.filter(key=key_hash(key).hex()).delete()
