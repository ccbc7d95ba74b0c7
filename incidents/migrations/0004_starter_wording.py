"""The wording list that an installation starts with."""

from typing import Any

from django.db import migrations

from incidents.wording_defaults import take_defaults


def load(apps: Any, schema_editor: Any) -> None:
    take_defaults(apps.get_model("incidents", "WordingRule"))


class Migration(migrations.Migration):
    dependencies = [("incidents", "0003_reviews_types_wording")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
