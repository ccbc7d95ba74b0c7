import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("changes", "0006_landed_parts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="changelink",
            name="said_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="changelink",
            name="said_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="historyrun",
            name="kind",
            field=models.CharField(
                choices=[
                    ("import", "Import of a clone"),
                    ("rules", "Reading again after a rule change"),
                    ("blame", "Which lines fixes deleted"),
                    ("places", "Sizes, kinds and areas from paths again"),
                ],
                max_length=8,
            ),
        ),
    ]
