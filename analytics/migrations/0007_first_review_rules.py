from django.db import migrations


def add_first(apps, schema_editor):
    apps.get_model("analytics", "ReviewRules").objects.create(reason="The defaults")


class Migration(migrations.Migration):
    dependencies = [("analytics", "0006_weekly_review")]

    operations = [migrations.RunPython(add_first, migrations.RunPython.noop)]
