"""Stores on Django's database, which all processes of a service share."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Value
from django.db.models.functions import Greatest

from govcomponents.identity.replay_stores import key_hash
from govcomponents.integrations.django.models import EndedSession, UsedOnce


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
