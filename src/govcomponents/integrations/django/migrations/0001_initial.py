"""The tables of ended sessions and of what was used once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The first form."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="EndedSession",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("at", models.FloatField()),
                ("until", models.FloatField(db_index=True)),
            ],
            options={
                "db_table": "gov_ended_session",
            },
        ),
        migrations.CreateModel(
            name="UsedOnce",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("until", models.FloatField(db_index=True)),
            ],
            options={
                "db_table": "gov_used_once",
            },
        ),
    ]
