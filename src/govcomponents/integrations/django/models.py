"""Tables that the processes of a service share: sessions that ended, and what was used once. Keys are hashes."""

from __future__ import annotations

from django.db import models


class EndedSession(models.Model):
    """The end of a session, or of all of a person's, until the time when no session can be so old."""

    key: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    at: models.FloatField[float, float] = models.FloatField()
    until: models.FloatField[float, float] = models.FloatField(db_index=True)

    class Meta:
        """The table's name, which does not change with the module's."""

        db_table = "gov_ended_session"

    def __str__(self) -> str:
        return f"ended at {self.at}"


class UsedOnce(models.Model):
    """A thing that counts once, such as a sign-in or a logout notice, until the time when it counts no more."""

    key: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    until: models.FloatField[float, float] = models.FloatField(db_index=True)

    class Meta:
        """The table's name, which does not change with the module's."""

        db_table = "gov_used_once"

    def __str__(self) -> str:
        return f"used, until {self.until}"
