"""Reads on where changes live: a repository's own path classes, and what its folders hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from changes.models import PathClassRule, Repository
from changes.paths import PathClasses


def path_classes(repository_ids: Iterable[int]) -> Mapping[int, PathClasses]:
    """The classes of each repository that has rules of its own; for the others the built-in ones hold."""
    rules: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for rule in PathClassRule.objects.filter(repository__in=set(repository_ids)):
        rules[rule.repository_id].append((rule.glob, rule.path_class))
    return {pk: PathClasses(tuple(pairs)) for pk, pairs in rules.items()}


def classes_of(repository: Repository) -> PathClasses:
    return path_classes([repository.pk]).get(repository.pk, PathClasses())
