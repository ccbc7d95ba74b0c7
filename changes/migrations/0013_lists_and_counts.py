import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("changes", "0012_said_by_mail"),
        ("intake", "0002_ledger_by_transaction"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                condition=models.Q(("merged_into", None), ("state", "shipped")),
                fields=["repository", "shipped_at"],
                include=("origin",),
                name="change_shipped_of_repository",
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                condition=models.Q(("merged_into", None), ("state", "shipped")),
                fields=["area", "shipped_at"],
                include=("origin", "repository"),
                name="change_shipped_in_area",
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                models.OrderBy(
                    django.db.models.functions.comparison.Coalesce(
                        "shipped_at", "merged_at", "closed_at", "opened_at"
                    ),
                    descending=True,
                    nulls_last=True,
                ),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("merged_into", None)),
                name="change_latest",
            ),
        ),
    ]
