"""The assistants and detection rules that every installation begins with; edited rules are left alone."""

from typing import Any

from django.db import migrations

from changes.starter_rules import ASSISTANTS, RULES


def load(apps: Any, schema_editor: Any) -> None:
    assistants, kinds = apps.get_model("changes", "Assistant"), apps.get_model("changes", "AssistanceKind")
    rules = apps.get_model("changes", "DetectionRule")
    for position, one in enumerate(ASSISTANTS):
        assistants.objects.get_or_create(
            slug=one.slug, defaults={"name": one.name, "vendor": one.vendor, "position": 10 * (position + 1)}
        )
    by_slug = {one.slug: one for one in assistants.objects.all()}
    review, _ = kinds.objects.get_or_create(
        slug="review", defaults={"name": "Review", "description": "A review bot's suggestion was applied."}
    )
    for position, rule in enumerate(RULES):
        rules.objects.get_or_create(
            key=rule.key,
            defaults={
                "place": rule.place,
                "pattern": rule.pattern,
                "origin": rule.origin,
                "strength": rule.strength,
                "is_automation": rule.is_automation,
                "assistant": by_slug.get(rule.assistant),
                "kind": review if rule.kind == "review" else None,
                "position": 10 * (position + 1),
                "is_builtin": True,
                "proves": rule.proves,
                "source_url": rule.source_url,
                "examples": list(rule.examples),
            },
        )


class Migration(migrations.Migration):
    dependencies = [("changes", "0002_change_told")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
