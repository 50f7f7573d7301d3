"""Tables that the processes of a service share, whose keys are hashes; and the durable layer's, for the admin pages."""

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


class SigningIn(models.Model):
    """A sign-in that is under way, sealed, where sign-ins wait in the database."""

    key: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    browser: models.CharField[str, str] = models.CharField(max_length=64, db_index=True)
    sealed: models.TextField[str, str] = models.TextField()
    began_at: models.FloatField[float, float] = models.FloatField()
    until: models.FloatField[float, float] = models.FloatField(db_index=True)

    class Meta:
        """The table's name, which does not change with the module's."""

        db_table = "gov_pending_sign_in"

    def __str__(self) -> str:
        return f"under way, until {self.until}"


class Row(models.Model):
    """A row of the durable layer, for the admin pages: that layer makes its table, and alone writes it.

    Only what people on call may see is here: neither what is sealed, nor hashes.
    """

    id: models.BigAutoField[int, int] = models.BigAutoField(primary_key=True)
    account: models.CharField[str, str] = models.CharField(max_length=64)
    journey: models.CharField[str | None, str | None] = models.CharField(max_length=64, null=True)  # as in the table
    problem: models.CharField[str | None, str | None] = models.CharField(max_length=120, null=True)
    created_at: models.FloatField[float, float] = models.FloatField()

    class Meta:
        """A form that others take."""

        abstract = True

    def __str__(self) -> str:
        return str(self.pk)


class LaterCall(Row):
    """A call that is made later, such as a message or a refund."""

    STATES = ((0, "pending"), (1, "sending"), (2, "in doubt"), (3, "done"), (4, "refused"), (5, "dead"))

    operation: models.CharField[str, str] = models.CharField(max_length=40)
    reference: models.CharField[str, str] = models.CharField(max_length=255)
    state: models.SmallIntegerField[int, int] = models.SmallIntegerField(choices=STATES)
    attempts: models.IntegerField[int, int] = models.IntegerField()
    provider_id: models.CharField[str | None, str | None] = models.CharField(max_length=255, null=True)

    class Meta:
        """The table of the durable layer."""

        managed = False
        db_table = "gov_outbox"


class Callback(Row):
    """A callback that came, or what the durable layer tells the service's handlers."""

    source: models.CharField[str, str] = models.CharField(max_length=20)
    kind: models.CharField[str, str] = models.CharField(max_length=60)
    is_open: models.SmallIntegerField[int, int] = models.SmallIntegerField("waits", choices=((1, "yes"), (0, "no")))
    claims: models.IntegerField[int, int] = models.IntegerField()

    class Meta:
        """The table of the durable layer."""

        managed = False
        db_table = "gov_inbox"


class RecordedPayment(Row):
    """A payment whose making was recorded."""

    reference: models.CharField[str, str] = models.CharField(max_length=255)
    minor: models.BigIntegerField[int, int] = models.BigIntegerField()
    currency: models.CharField[str, str] = models.CharField(max_length=3)
    payment_id: models.CharField[str | None, str | None] = models.CharField(max_length=255, null=True)
    status: models.CharField[str | None, str | None] = models.CharField(max_length=20, null=True)
    is_open: models.SmallIntegerField[int, int] = models.SmallIntegerField(
        "not known whether made", choices=((1, "yes"), (0, "no"))
    )

    class Meta:
        """The table of the durable layer."""

        managed = False
        db_table = "gov_payment"
