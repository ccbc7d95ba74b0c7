"""Any small history, told by a clone and by the forge: the changes that were made, in any order.

Once both have told all, nothing may differ. Of one teller alone, what it never says is missing: a clone
knows no open or dropped request, no label, no branch and no rebased request as one; a forge knows no lines by
file, and what a person's own merge brought in only from the request that was merged.

HISTORY_PLANS sets how many histories are tried.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings

from changes.facts import RepositoryFact
from changes.models import AreaRule, Change, Repository
from changes.services.repositories import find_or_make_repository
from intake.models import Source
from tests import make
from tests.changes.properties.plans import Plan, plans
from tests.changes.properties.world import ADDRESS, Expected, World
from tests.changes.test_both_ways import Telling, picture
from tests.changes.test_github import body, deliver

pytestmark = pytest.mark.django_db
PLANS = int(os.environ.get("HISTORY_PLANS", "6"))
tried = settings(
    max_examples=PLANS,
    deadline=None,
    print_blob=True,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)


@contextmanager
def made(plan: Plan) -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        yield World(Path(folder) / "till.git").build(plan)


def read(world: World, sha: str) -> None:
    """Import what the clone held when main stood there."""
    world.git.set_main(sha)
    call_command("import_git", str(world.path), stdout=StringIO())


def letters_of(world: World) -> list[Telling]:
    source, _ = Source.objects.get_or_create(slug="github", defaults={"name": "GitHub", "kind": "github"})
    return [partial(deliver, source, event, body(payload)) for event, payload in world.letters]


def orders(plan: Plan, world: World) -> dict[str, list[Telling]]:
    """Each ends with everything told by both."""
    letters, whole = letters_of(world), partial(read, world, world.main.sha)
    half = partial(read, world, world.stops[min(plan.cut, len(world.stops) - 1)])
    at = len(letters) * min(plan.cut, 6) // 6
    dice = random.Random(plan.seed)
    shuffled = [*letters, *dice.sample(letters, len(letters) // 2)]
    dice.shuffle(shuffled)
    place = dice.randrange(len(shuffled) + 1)
    return {
        "import, then letters": [whole, *letters],
        "letters, then import": [*letters, whole],
        "two imports, letters between": [half, *letters[:at], whole, *letters[at:]],
        "letters before, between and after": [*letters[:at], half, *letters[at:], whole],
        "any order, some twice": [*shuffled[:place], half, *shuffled[place:], whole],
        "backwards": [*letters[::-1], whole],
        "all again": [*letters, whole, *letters, whole],
    }


def told(order: list[Telling]) -> tuple[list[str], list[dict[str, Any]]]:
    """The record after these tellings; nothing of it stays."""
    with transaction.atomic():
        fact = RepositoryFact("acme/till", origin_address=ADDRESS, default_branch="main")
        repository = find_or_make_repository(fact=fact)
        AreaRule.objects.create(repository=repository, area=make.area("till-payments"), glob="pay/**")
        for tell in order:
            tell()
        assert Repository.objects.count() == 1
        found = picture()
        summary = [
            {
                "title": one.title, "state": one.state, "lines": one.counted_lines,
                "is_assisted": one.is_assisted, "number": number_of(one), "landed": landed(one),
                "undone_at": round(one.undone_at.timestamp()) if one.undone_at else None,
            }
            for one in Change.objects.current()
        ]  # fmt: skip
        transaction.set_rollback(True)
    return found, summary


def number_of(change: Change) -> str:
    return next(iter(change.identities.filter(role="number").values_list("value", flat=True)), "")


def landed(change: Change) -> list[str]:
    return sorted(
        change.identities.filter(role__in=["merge", "squash", "landed"]).values_list("value", flat=True)
    )


def expected(one: Expected) -> dict[str, Any]:
    return {
        "title": one.title, "state": one.state, "number": one.number, "landed": sorted(one.landed),
        "is_assisted": one.is_assisted, "lines": one.lines, "undone_at": one.undone_at,
    }  # fmt: skip


def sort(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


@tried
@given(plans)
def test_any_history_told_twice_is_one_record_in_any_order(plan: Plan) -> None:
    with made(plan) as world:
        found = orders(plan, world)
        first, summary = told(found.pop("import, then letters"))
        assert sort(summary) == sort([expected(one) for one in world.expected])
        name = random.Random(plan.seed).choice(sorted(found))
        other, _ = told(found[name])
        assert other == first, name
