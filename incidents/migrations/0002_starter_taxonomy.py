"""Severities, factor kinds and postmortem templates that an installation begins with."""

from django.db import migrations

from incidents.starter import FACTOR_KINDS, SEVERITIES, TEMPLATE_SECTIONS


def begin(apps, schema_editor):
    for model, rows in [("Severity", SEVERITIES), ("FactorKind", FACTOR_KINDS)]:
        for position, row in enumerate(rows, start=1):
            defaults = {"position": position * 10, **row}
            apps.get_model("incidents", model).objects.get_or_create(slug=row["slug"], defaults=defaults)
    template = apps.get_model("incidents", "PostmortemTemplate").objects
    template.get_or_create(
        severity=None, defaults={"name": "Full postmortem", "sections": _sections(TEMPLATE_SECTIONS)}
    )
    # The least severity takes minutes, not an hour: only what the short form asks.
    least = apps.get_model("incidents", "Severity").objects.get(slug="sev4")
    short = [section for section in TEMPLATE_SECTIONS if section["in_short"]]
    template.get_or_create(
        severity=least,
        defaults={"name": "Short postmortem", "is_short": True, "sections": _sections(short)},
    )


def _sections(rows):
    return [dict(row) for row in rows]


class Migration(migrations.Migration):
    dependencies = [("incidents", "0001_first")]
    operations = [migrations.RunPython(begin, migrations.RunPython.noop, elidable=False)]
