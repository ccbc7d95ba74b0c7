"""Foreign keys point down the floors: what an import linter cannot see."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db.models import ForeignKey, ManyToManyField

FLOORS = ["accounts", "intake", "changes", "incidents", "analytics"]


def relations() -> list[tuple[str, str, str, str]]:
    found = []
    for model in apps.get_models():
        if (
            model._meta.app_label not in FLOORS
            or model.__name__.endswith("Event")
            and hasattr(model, "pgh_id")
        ):
            continue
        for field in [*model._meta.local_fields, *model._meta.local_many_to_many]:
            if isinstance(field, ForeignKey | ManyToManyField) and field.related_model is not None:
                target = field.related_model._meta.app_label
                found.append((model._meta.label, field.name, target, field.remote_field.related_name or ""))
    return found


def test_there_are_relations_to_look_at() -> None:
    assert len(relations()) > 80


@pytest.mark.parametrize(("model", "field", "target", "_name"), relations())
def test_foreign_key_points_down(model: str, field: str, target: str, _name: str) -> None:
    own = model.split(".")[0]
    if target in FLOORS:
        assert FLOORS.index(target) <= FLOORS.index(own), f"{model}.{field} points up to {target}"


@pytest.mark.parametrize(("model", "field", "target", "name"), relations())
def test_foreign_key_across_floors_hides_its_way_back(model: str, field: str, target: str, name: str) -> None:
    own = model.split(".")[0]
    if target in FLOORS and target != own:
        assert name.endswith("+") or (own == "accounts"), f"{model}.{field} needs related_name='+'"
