from typing import Any

from django.db import migrations


def make_cells_anew(apps: Any, schema_editor: Any) -> None:
    """The calendar's spans are filled in the background; until then figures are read from the facts."""
    apps.get_model("analytics", "Counting").objects.update(cells_stand=False)


class Migration(migrations.Migration):
    dependencies = [("analytics", "0013_incidents_open_and_ended")]

    operations = [migrations.RunPython(make_cells_anew, migrations.RunPython.noop)]
