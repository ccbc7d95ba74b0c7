"""Recall by team and month: which share of what shipped tells its origin, and by what."""

from __future__ import annotations

import random
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, Team
from analytics.charts_recall import BOTTOM, HEIGHT, TOP, stacked
from analytics.queries.recall import recall
from analytics.queries.samples import Scope, counts
from changes.models import Change, OriginEvidence, Prompt, Repository, Service
from changes.services.origin import say_origin
from changes.services.policies import state_policy
from tests import make

pytestmark = pytest.mark.django_db
SCOPE = Scope(date(2026, 1, 1), date(2026, 3, 31), demo=False)
AT = datetime(2026, 2, 10, 12, tzinfo=UTC)


@pytest.fixture
def where() -> Repository:
    return make.repository()


def shipped(where: Repository, **over: Any) -> Change:
    return make.change(repository=where, **{"shipped_at": AT, **over})


def told(where: Repository, place: str, origin: str = "assisted", **over: Any) -> Change:
    basis = "declaration" if place == "declaration" else "evidence"
    change = shipped(where, origin=origin, origin_basis=basis, **over)
    OriginEvidence.objects.create(
        change=change, rule_key="t", rule_version=1, place=place, origin=origin, strength="strong",
        excerpt=place,
    )  # fmt: skip
    return change


def team(name: str, *changes: Change) -> Team:
    made = Team.objects.create(name=name, slug=name.lower())
    service = Service.objects.create(name=f"{name} service", slug=f"{name.lower()}-service", team=made)
    for change in changes:
        change.services.add(service)
    return made


def test_each_change_stands_under_what_tells_its_origin(where: Repository) -> None:
    told(where, "trailer")
    told(where, "declaration")
    told(where, "declaration", "manual")
    shipped(where, origin="manual", origin_basis="person")
    shipped(where)
    shipped(where, automation=True)
    policed = make.repository()
    shipped(policed)
    state_policy(repository=policed, since=date(2026, 2, 1), by=None, now=AT)
    counts = recall(SCOPE, "code").whole.counts
    assert dict(counts) == {"marker": 1, "declared": 2, "said": 1, "unknown": 1, "policy": 1}


def test_person_who_confirms_a_marker_does_not_take_it_away_and_one_who_doubts_it_does(
    where: Repository,
) -> None:
    for origin in ("assisted", "manual"):
        say_origin(
            change_id=told(where, "trailer").pk, origin=origin, by=None, prompted_by=Prompt.QUEUE, now=AT
        )
    assert dict(recall(SCOPE, "code").whole.counts) == {"marker": 1, "said": 1}


def test_months_have_no_gap_and_go_by_the_organisations_days(where: Repository, settings: Any) -> None:
    settings.ORGANISATION_TIME_ZONE = "America/New_York"
    shipped(where, shipped_at=datetime(2026, 3, 1, 2, tzinfo=UTC))
    (line,) = recall(SCOPE, "code").lines
    assert [(month.month, shares.total) for month, shares in line.months] == [(1, 0), (2, 1), (3, 0)]


def test_change_of_two_teams_counts_in_both_and_work_of_none_apart(where: Repository) -> None:
    both = shipped(where)
    team("Tills", both, shipped(where))
    team("Stock", both)
    shipped(where)
    lines = recall(SCOPE, "code").lines
    assert [(one.name, one.whole.total) for one in lines] == [
        ("All teams", 3), ("Stock", 1), ("Tills", 2), ("No team", 1),
    ]  # fmt: skip


def test_filters_narrow_to_a_team_a_repository_and_a_type(where: Repository) -> None:
    tills = team("Tills", shipped(where))
    shipped(make.repository(), type="configuration")
    of_team = recall(Scope(SCOPE.since, SCOPE.until, demo=False, team=tills), "all")
    of_place = recall(Scope(SCOPE.since, SCOPE.until, demo=False, repository=where), "all")
    assert [one.whole.total for one in of_team.lines] == [1]
    assert of_place.whole.total == recall(SCOPE, "code").whole.total == 1
    assert recall(SCOPE, "all").whole.total == 2


def client() -> Client:
    made = Client()
    made.force_login(make.user(Role.VIEWER))
    return made


def test_page_says_what_it_is_not_and_leads_to_a_check(where: Repository) -> None:
    told(where, "trailer", shipped_at=timezone.now() - timedelta(days=3))
    text = client().get(reverse("analytics:recall")).content.decode()
    assert "a habit that jumps, so never read it as use of AI" in text
    assert "Draw a sampled check" in text
    assert re.search(r'<rect class="part part-marker" x="[0-9.]+" y="6.0" [^>]*height="120.0"', text)


def test_page_of_nothing_says_so() -> None:
    assert "Nothing shipped here" in client().get(reverse("analytics:recall")).content.decode()


@pytest.mark.parametrize("query", ["from=x", "from=2026-02-01&to=2026-01-01", "from=2001-01-01", "team=none"])
def test_filters_that_cannot_be_read_are_refused(query: str) -> None:
    for name in ("recall", "recall_csv", "recall_json"):
        answer = client().get(f"{reverse(f'analytics:{name}')}?{query}")
        assert answer.status_code == 400, name


def test_files_hold_the_same_figures(where: Repository) -> None:
    told(where, "trailer")
    shipped(where)
    query = "?from=2026-01-01&to=2026-03-31"
    lines = client().get(reverse("analytics:recall_csv") + query).content.decode().splitlines()
    assert lines[0] == "team,month,changes,marker,declared,said,policy,unknown"
    assert lines[2] == "All teams,2026-02,2,1,0,0,0,1"
    found = client().get(reverse("analytics:recall_json") + query).json()
    assert found["teams"][0]["months"][1] == {
        "month": "2026-02", "changes": 2, "marker": 1, "declared": 0, "said": 0, "policy": 0, "unknown": 1,
    }  # fmt: skip


def test_page_asks_as_many_questions_for_many_changes_and_teams(where: Repository) -> None:
    visitor, address = client(), reverse("analytics:recall")
    recent = timezone.now() - timedelta(days=3)
    team("Tills", told(where, "trailer", shipped_at=recent))
    visitor.get(address)
    with CaptureQueriesContext(connection) as few:
        visitor.get(address)
    for name in ("Stock", "Desk", "Van"):
        team(name, *(shipped(where, shipped_at=recent) for _ in range(3)))
    with CaptureQueriesContext(connection) as many:
        visitor.get(address)
    assert len(many) <= len(few)


def test_columns_fill_the_picture_and_stay_within_it() -> None:
    months = [(date(2026, month, 1), [("a", month), ("b", 3)], "words") for month in range(1, 13)]
    chart = stacked(months)
    for column in chart.columns:
        assert sum(piece.height for piece in column.pieces) == pytest.approx(HEIGHT, abs=0.05)
        assert min(piece.y for piece in column.pieces) == pytest.approx(TOP, abs=0.05)
        assert column.x + chart.bar <= chart.right
    assert chart.height == TOP + HEIGHT + BOTTOM
    assert stacked([(date(2026, 1, 1), [("a", 0)], "none")]).columns[0].pieces == ()


PLAIN = """
SELECT date_trunc('month', change.shipped_at AT TIME ZONE %(zone)s)::date AS month, COUNT(*),
       COUNT(*) FILTER (WHERE change.origin = 'unknown'),
       COUNT(*) FILTER (WHERE change.origin IN ('assisted', 'autonomous') AND EXISTS (
           SELECT FROM changes_originevidence AS seen WHERE seen.change_id = change.id
           AND seen.strength = 'strong' AND seen.place <> 'declaration'
           AND seen.origin IN ('assisted', 'autonomous')))
FROM changes_change AS change JOIN changes_repository AS place ON place.id = change.repository_id
WHERE NOT place.is_demo AND change.type = 'code' AND change.state = 'shipped'
  AND change.merged_into_id IS NULL
  AND (change.shipped_at AT TIME ZONE %(zone)s)::date BETWEEN %(since)s AND %(until)s
GROUP BY 1
"""


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Auckland"])
def test_months_count_what_plain_sql_counts(where: Repository, settings: Any, zone: str) -> None:
    settings.ORGANISATION_TIME_ZONE = zone
    dice = random.Random(zone)
    for place in (where, make.repository(is_demo=True)):
        for _ in range(60):
            at = datetime(2025, 12, 28, tzinfo=UTC) + timedelta(hours=dice.randint(0, 24 * 100))
            if dice.random() < 0.4:
                told(place, dice.choice(["trailer", "declaration"]), shipped_at=at)
            else:
                shipped(place, shipped_at=at, origin=dice.choice(["unknown", "manual"]))
    with connection.cursor() as cursor:
        cursor.execute(PLAIN, {"zone": zone, "since": SCOPE.since, "until": SCOPE.until})
        plain = {month: tuple(counts) for month, *counts in cursor.fetchall()}
    (line,) = recall(SCOPE, "code").lines
    assert len(plain) == len(line.months) == 3
    for month, shares in line.months:
        assert (shares.total, shares.counts["unknown"], shares.counts["marker"]) == plain[month]


def test_places_are_counted_as_they_are_listed(where: Repository) -> None:
    for number in range(12):
        told(where, "trailer" if number % 3 else "declaration")
        shipped(where, origin=["manual", "unknown", "assisted"][number % 3], origin_by_policy=number % 2 == 0)
    shipped(make.repository(is_demo=True))
    found = SCOPE.counts()
    assert found == counts(SCOPE.stand())
    assert (found["marked"], found["declared"], found["said"]) == (8, 4, 4)
