from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("changes", "0001_first")]

    operations = [
        migrations.AddField("change", "told", models.JSONField(blank=True, default=dict, editable=False)),
    ]
