"""The table of renewals."""

from django.db import migrations, models

import renewal.models


class Migration(migrations.Migration):
    """Makes it."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Renewal",
            fields=[
                (
                    "reference",
                    models.CharField(
                        default=renewal.models.new_reference, max_length=20, primary_key=True, serialize=False
                    ),
                ),
                ("owner", models.CharField(db_index=True, max_length=300)),
                ("name", models.CharField(max_length=200)),
                ("email", models.EmailField(max_length=320)),
                ("language", models.CharField(default="en", max_length=2)),
                ("state", models.CharField(default="new", max_length=10)),
                ("attempt", models.IntegerField(default=0)),
                ("payment_id", models.CharField(blank=True, max_length=64)),
                ("started_at", models.DateTimeField(null=True)),
                ("note", models.CharField(blank=True, max_length=80)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("new", "paying"))),
                        fields=("owner",),
                        name="renewal_unpaid",
                    )
                ],
            },
        ),
    ]
