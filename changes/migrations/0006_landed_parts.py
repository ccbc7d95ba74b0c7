from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("changes", "0005_rule_defaults")]

    operations = [
        migrations.AddField("changeidentity", "lines", models.PositiveIntegerField(blank=True, null=True)),
        migrations.AddField(
            "changeidentity", "parent", models.CharField(blank=True, default="", max_length=64)
        ),
        migrations.AddField(
            "repository", "shipping_said_by_person", models.BooleanField(default=False, editable=False)
        ),
        migrations.AlterField(
            "changeidentity",
            "role",
            models.CharField(
                choices=[
                    ("number", "Request number"),
                    ("guess", "Number in its subject"),
                    ("head", "Head of the branch"),
                    ("merge", "Merge commit"),
                    ("squash", "Squashed commit"),
                    ("landed", "Commit on the default branch"),
                    ("pushed", "Commit of a push"),
                    ("external", "Sender's own id"),
                ],
                max_length=8,
            ),
        ),
    ]
