"""The table of sign-ins that are under way."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The table where sign-ins wait that wait in the database."""

    dependencies = [
        ("govcomponents", "0002_durable_rows"),
    ]

    operations = [
        migrations.CreateModel(
            name="SigningIn",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("browser", models.CharField(db_index=True, max_length=64)),
                ("sealed", models.TextField()),
                ("began_at", models.FloatField()),
                ("until", models.FloatField(db_index=True)),
            ],
            options={
                "db_table": "gov_pending_sign_in",
            },
        ),
    ]
