"""The words an installation begins with. Curators own them from then on: nothing here is written twice."""

from django.db import migrations

KINDS = [
    ("code-generation", "Code generation", "New behaviour was written with AI help."),
    ("refactoring", "Refactoring", "Existing code was reshaped without meaning to change what it does."),
    ("test-writing", "Test writing", "Tests or test data were written with AI help."),
    ("debugging", "Debugging", "AI helped to find or explain a fault; the change may be hand-written."),
    ("review", "Review", "AI reviewed the change, and something it said was taken up."),
    ("configuration", "Configuration or infrastructure", "Settings, pipelines, infrastructure as code."),
    ("migration", "Schema or data migration", "A change to stored data or its shape."),
    ("dependency-upgrade", "Dependency upgrade", "Moving to another version of something we use."),
    ("documentation", "Documentation", "Comments, guides, changelogs."),
    ("design", "Design", "Choosing an approach: interfaces, data models, architecture."),
]

LOW, MEDIUM, HIGH = 1, 2, 3
AREAS = [
    ("payments", "Payments", HIGH, "Taking money, refunding it, and the ledger of both."),
    ("checkout", "Checkout", HIGH, "From the basket to the placed order."),
    ("identity", "Identity", HIGH, "Accounts, sign-in, sessions and permissions."),
    ("compliance", "Compliance", HIGH, "Consent, retention, tax and what regulators ask for."),
    ("fulfilment", "Fulfilment", MEDIUM, "Stock, picking, parcels and returns."),
    ("platform", "Platform", MEDIUM, "What everything runs on: gateways, queues, pipelines, clusters."),
    ("catalogue", "Catalogue", LOW, "Products, prices as shown, and search."),
]


def begin(apps, schema_editor):
    for position, (slug, name, description) in enumerate(KINDS, start=1):
        kinds = apps.get_model("changes", "AssistanceKind").objects
        kinds.get_or_create(slug=slug, defaults={"name": name, "description": description})
        # Review came with the detection rules, without a place in the order.
        kinds.filter(slug=slug, position=100).update(position=position * 10)
    for position, (slug, name, risk, description) in enumerate(AREAS, start=1):
        apps.get_model("changes", "DomainArea").objects.get_or_create(
            slug=slug,
            defaults={
                "name": name,
                "description": description,
                "risk_level": risk,
                "position": position * 10,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("changes", "0002_detection_rules")]
    operations = [migrations.RunPython(begin, migrations.RunPython.noop, elidable=False)]
