"""The defaults of the detection rules as they are now; rules that somebody edited keep what they say."""

from typing import Any

from django.db import migrations

from changes.rule_defaults import take_defaults


def load(apps: Any, schema_editor: Any) -> None:
    rules, changes = apps.get_model("changes", "DetectionRule"), apps.get_model("changes", "Change")
    # Nothing was noted of defaults before: their history tells which rules somebody edited.
    events = apps.get_model("changes", "DetectionRuleEvent").objects.filter(pgh_label="update")
    edited = set(events.values_list("pgh_obj_id", flat=True))
    is_other = take_defaults(
        rules=rules,
        assistants=apps.get_model("changes", "Assistant"),
        kinds=apps.get_model("changes", "AssistanceKind"),
        was_edited=lambda rule: rule.pk in edited,
    )
    if not changes.objects.exists():
        # Nothing was read under the words that 0002 loaded: these are the first.
        rules.objects.filter(is_builtin=True).exclude(pk__in=edited).update(version=1)
    due = changes.objects.filter(merged_into=None, repository__is_demo=False).count()
    if is_other and due:
        # As `changes.services.rereading` asks for it: everywhere, from the first change on.
        apps.get_model("changes", "HistoryRun").objects.create(
            kind="rules",
            rules_version=sum(rules.objects.values_list("version", flat=True)),
            cursor="1|all|0|0",
            total=due,
        )


class Migration(migrations.Migration):
    dependencies = [("changes", "0008_traces_read_to")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
