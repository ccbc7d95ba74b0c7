from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("changes", "0013_lists_and_counts"),
        ("incidents", "0004_starter_wording"),
        ("intake", "0002_ledger_by_transaction"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                condition=models.Q(("duplicate_of", None)),
                fields=["reported_at"],
                include=("id", "closing_reason", "is_restricted", "is_demo"),
                name="incident_reported",
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                condition=models.Q(("duplicate_of", None), ("status__in", ["open", "investigating"])),
                fields=["status"],
                name="incident_ongoing",
            ),
        ),
    ]
