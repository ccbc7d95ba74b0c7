"""Where a word of the taxonomy is used, on every floor, without knowing the floors above."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, ManyToManyRel, ManyToOneRel, Model, OuterRef, Subquery
from django.db.models.functions import Coalesce

from changes.models import Term


@dataclass(frozen=True)
class Use:
    label: str
    count: int


def relations(model: type[Model]) -> Iterator[tuple[str, type[Model], str]]:
    """Every table that points at `model`: what to call its rows, the model, and the pointing column."""
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ManyToOneRel | ManyToManyRel) or relation.related_model is model:
            continue
        other = relation.related_model
        # Its own history is no use of it, and neither is that of whatever uses it.
        if not isinstance(other, type) or any(field.name == "pgh_obj" for field in other._meta.fields):
            continue
        if isinstance(relation, ManyToManyRel):
            label = str(other._meta.verbose_name_plural)
            named = (
                f"{label} ({relation.field.verbose_name})"
                if relation.field.name.endswith("_touched")
                else label
            )
            through: Any = relation.through
            yield named, through, relation.field.m2m_reverse_name()
        elif not other._meta.auto_created:
            yield str(other._meta.verbose_name_plural), other, relation.field.attname


def uses(term: Term) -> list[Use]:
    """What points at this term, most first; the empty ones are left out."""
    totals: dict[str, int] = {}
    for label, model, column in relations(type(term)):
        found = model._default_manager.filter(**{column: term.pk}).count()
        totals[label] = totals.get(label, 0) + found
    return sorted((Use(label, count) for label, count in totals.items() if count), key=lambda use: -use.count)


def use_counts(model: type[Model]) -> dict[str, Any]:
    """Annotations `use_0`, `use_1`… in the order of `relations`."""
    found = {}
    for position, (_, other, column) in enumerate(relations(model)):
        rows = other._default_manager.filter(**{column: OuterRef("pk")}).order_by()
        total = rows.values(column).annotate(total=Count("*")).values("total")
        found[f"use_{position}"] = Coalesce(Subquery(total), 0)
    return found
