"""The rows of the durable layer, as the admin pages read them; no table is made here."""

from django.db import migrations, models

STATES = [(0, "pending"), (1, "sending"), (2, "in doubt"), (3, "done"), (4, "refused"), (5, "dead")]
YES = [(1, "yes"), (0, "no")]


class Migration(migrations.Migration):
    """The models that Django does not manage."""

    dependencies = [
        ("govcomponents", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Callback",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("account", models.CharField(max_length=64)),
                ("journey", models.CharField(max_length=64, null=True)),
                ("problem", models.CharField(max_length=120, null=True)),
                ("created_at", models.FloatField()),
                ("source", models.CharField(max_length=20)),
                ("kind", models.CharField(max_length=60)),
                ("is_open", models.SmallIntegerField(choices=[(1, "yes"), (0, "no")], verbose_name="waits")),
                ("claims", models.IntegerField()),
            ],
            options={
                "db_table": "gov_inbox",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="LaterCall",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("account", models.CharField(max_length=64)),
                ("journey", models.CharField(max_length=64, null=True)),
                ("problem", models.CharField(max_length=120, null=True)),
                ("created_at", models.FloatField()),
                ("operation", models.CharField(max_length=40)),
                ("reference", models.CharField(max_length=255)),
                (
                    "state",
                    models.SmallIntegerField(
                        choices=[
                            (0, "pending"),
                            (1, "sending"),
                            (2, "in doubt"),
                            (3, "done"),
                            (4, "refused"),
                            (5, "dead"),
                        ]
                    ),
                ),
                ("attempts", models.IntegerField()),
                ("provider_id", models.CharField(max_length=255, null=True)),
            ],
            options={
                "db_table": "gov_outbox",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="RecordedPayment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("account", models.CharField(max_length=64)),
                ("journey", models.CharField(max_length=64, null=True)),
                ("problem", models.CharField(max_length=120, null=True)),
                ("created_at", models.FloatField()),
                ("reference", models.CharField(max_length=255)),
                ("minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("payment_id", models.CharField(max_length=255, null=True)),
                ("status", models.CharField(max_length=20, null=True)),
                (
                    "is_open",
                    models.SmallIntegerField(choices=YES, verbose_name="not known whether made"),
                ),
            ],
            options={
                "db_table": "gov_payment",
                "managed": False,
            },
        ),
    ]
