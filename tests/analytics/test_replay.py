"""Would it have stopped us: counts held against plain SQL, the sentences, what stays hidden."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import Role
from analytics.metrics.replay import headline, notes, replay
from analytics.models import Counting
from analytics.queries.figures import taxonomies
from analytics.queries.replay import Asked, counts, fitting, ids_of
from analytics.scopes import Scope, line_test
from analytics.views import replay as views
from changes.models import Change, Service
from changes.paths import touches
from incidents.models import Incident, Lesson
from tests.analytics import histories
from tests.analytics.histories import AS_OF, day
from tests.analytics.test_scenarios import person, scenario, signed_in

YEAR = timedelta(days=365)
PATHS = (
    "pay/charge.py",
    "pay/refund/card.py",
    "cart/total.py",
    "docs/pay.md",
    "db/001.sql",
    "Makefile",
    "a+b/(c).py",
)
GLOBS = (
    "pay/**",
    "pay/*.py",
    "*.sql",
    "**/refund/",
    "docs",
    "a+b/(c).py",
    "**",
    "pay/?harge.py",
    "/cart/total.py",
)


def asked(scope: Scope, *, start: date = AS_OF - YEAR, end: date = AS_OF) -> Asked:
    areas, kinds = taxonomies()
    return Asked(
        scope, start, end, AS_OF, demo=False,
        areas=ids_of(areas, [scope.area]), kinds=ids_of(kinds, scope.kinds),
    )  # fmt: skip


@pytest.mark.django_db
def test_paths_mean_the_same_in_sql_as_in_python() -> None:
    for globs in [(glob,) for glob in GLOBS] + [("pay/*.py", "*.sql")]:
        for paths in [[path] for path in PATHS] + [[], ["Makefile", "pay/charge.py"]]:
            tests = [line_test(glob) for glob in globs]
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT bool_or(strpos(line.text, test.plain) > 0"
                    "               AND (test.pattern = '' OR line.text ~ test.pattern))"
                    " FROM (SELECT E'\\n' || array_to_string(%s::text[], E'\\n') AS text) AS line,"
                    " unnest(%s::text[], %s::text[]) AS test(plain, pattern)",
                    [paths, [test.plain for test in tests], [test.pattern for test in tests]],
                )
                [found] = cursor.fetchone() or [None]
            assert found == touches(paths, globs), (paths, globs)


PLAIN = """
WITH fits AS (
    SELECT change.id, change.shipped_at FROM changes_change AS change
    WHERE change.state = 'shipped' AND change.merged_into_id IS NULL
      AND change.area_id = %(area)s AND change.size_band = ANY(%(sizes)s)
      AND EXISTS (SELECT 1 FROM unnest(change.paths) AS path WHERE path LIKE 'pay/%%')
      AND EXISTS (SELECT 1 FROM changes_assistance AS help
                  WHERE help.change_id = change.id AND help.counted AND help.kind_id = %(kind)s
                    AND change.origin_counted IN ('assisted', 'autonomous'))
), links AS (
    SELECT cause.change_id, cause.incident_id, cause.status FROM incidents_cause AS cause
    JOIN incidents_incident AS incident ON incident.id = cause.incident_id
    WHERE cause.status IN ('confirmed', 'suspected')
      AND incident.closing_reason NOT IN ('duplicate', 'false_alarm', 'test', 'cancelled')
      AND incident.duplicate_of_id IS NULL
), shipped AS (
    SELECT * FROM fits WHERE shipped_at >= %(start)s AND shipped_at < %(end)s
)
SELECT (SELECT COUNT(*) FROM shipped),
       (SELECT COUNT(*) FROM shipped WHERE NOT EXISTS
           (SELECT 1 FROM links WHERE links.change_id = shipped.id)
        AND (SELECT undone_at FROM changes_change WHERE id = shipped.id) IS NULL),
       (SELECT COUNT(*) FROM shipped WHERE EXISTS
           (SELECT 1 FROM links WHERE links.change_id = shipped.id AND status = 'confirmed')),
       (SELECT COUNT(*) FROM incidents_incident AS incident
        WHERE incident.area_id = %(area)s AND incident.impact_started_at >= %(start)s
          AND incident.impact_started_at < %(end)s
          AND incident.closing_reason NOT IN ('duplicate', 'false_alarm', 'test', 'cancelled')
          AND incident.duplicate_of_id IS NULL),
       (SELECT COUNT(*) FROM incidents_incident AS incident
        WHERE incident.area_id = %(area)s AND incident.impact_started_at >= %(start)s
          AND incident.impact_started_at < %(end)s
          AND EXISTS (SELECT 1 FROM links JOIN fits ON fits.id = links.change_id
                      WHERE links.incident_id = incident.id AND links.status = 'confirmed'))
"""


def history(dice: random.Random, areas: list[Any], kinds: list[Any]) -> None:
    where = histories.repository()
    changes = []
    for _ in range(120):
        change = histories.shipped(
            where, days_ago=dice.uniform(0, 430), origin=dice.choice(["assisted", "manual", "unknown"]),
            area=dice.choice(areas), size_band=dice.choice(["small", "medium", "large", "unknown"]),
            paths=dice.sample(PATHS, dice.randint(0, 3)),
            undone_at=day(1) if dice.random() < 0.1 else None,
        )  # fmt: skip
        if change.origin == "assisted" and dice.random() < 0.8:
            histories.help_in(change, dice.choice(kinds), counted=dice.random() < 0.8)
        changes.append(change)
    for _ in range(30):
        closed = dice.choice(["", "", "resolved", "false_alarm"])
        outage = histories.incident(
            began_at=day(dice.randint(0, 420)), area=dice.choice(areas),
            closing_reason=closed, status="closed" if closed else "open",
        )  # fmt: skip
        for change in dice.sample(changes, dice.randint(0, 3)):
            histories.cause(outage, change, dice.choice(["confirmed", "suspected", "ruled_out"]))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.django_db
def test_counts_equal_plain_sql_over_the_facts(seed: int) -> None:
    dice = random.Random(seed)
    areas = [histories.area("payments"), histories.area("search")]
    kinds = [histories.kind("generation"), histories.kind("refactoring")]
    history(dice, areas, kinds)
    histories.settled()
    found = replay(
        asked(Scope("payments", ("generation",), ("small", "large", "unknown"), path_globs=("pay/**",)))
    )
    with connection.cursor() as cursor:
        cursor.execute(PLAIN, {
            "area": areas[0].pk, "kind": kinds[0].pk, "sizes": ["small", "large", "unknown"],
            "start": datetime.combine(AS_OF - YEAR, datetime.min.time(), UTC),
            "end": datetime.combine(AS_OF + timedelta(days=1), datetime.min.time(), UTC),
        })  # fmt: skip
        plain = cursor.fetchone()
    assert (found.fitting, found.harmless, found.harmful, len(found.inside), len(found.met)) == plain
    assert fitting(found.asked, page=1, per_page=10, most=1000).count == found.fitting


def newest_first(changes: QuerySet[Change]) -> list[int]:
    return list(changes.order_by("-shipped_at", "-id").values_list("pk", flat=True))


@pytest.mark.parametrize("most", [1, 25, 60, 1000])
@pytest.mark.django_db
def test_pages_of_the_changes_hold_each_once_and_the_newest_first(most: int) -> None:
    areas = [histories.area("payments"), histories.area("search")]
    where = histories.repository()
    for hours in range(70):
        histories.shipped(where, hours / 10, area=areas[hours % 7 == 0], size_band="small")
    histories.settled()
    question = asked(Scope("payments", sizes=("small", "large")))
    meant = newest_first(Change.objects.filter(area=areas[0]))
    found: list[int] = []
    while True:
        page = fitting(question, page=len(found) // 7 + 1, per_page=7, most=most)
        reach = max(most, (page.number + 1) * 7)
        assert (page.count, page.is_over) == (min(len(meant), reach), len(meant) > reach)
        found += [one.pk for one in page.changes]
        if not page.has_older:
            break
    assert found == meant


@pytest.mark.django_db
def test_list_of_changes_says_over_how_many_and_keeps_to_its_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "PAGE", 2)
    monkeypatch.setattr(views, "MOST_COUNTED", 4)
    where, area = histories.repository(), histories.area("payments")
    for days in range(1, 10):
        histories.shipped(where, days, area=area)
    histories.settled()
    client = signed_in(person())
    query = {"area": "payments", "start": str(AS_OF - YEAR), "end": str(AS_OF)}
    address = reverse("analytics:replay_changes")
    first = client.get(address, query).content.decode()
    assert "Over 4 changes" in first
    assert "Older" in first
    last = client.get(address, {**query, "page": "999"}).content.decode()
    assert "9 changes" in last
    assert "Page 5 of 5" in last
    assert "Older" not in last
    none = client.get(address, {**query, "size": "large"}).content.decode()
    assert "No change fits" in none


@pytest.mark.parametrize(
    "globs",
    [
        ("pay/**",),
        ("*.sql", "docs"),
        ("pay/c*.py",),
        ("pay/**", "**/c?rd.py"),
        ("**",),
        ("?*/**", "Makefile"),
    ],
)
@pytest.mark.django_db
def test_paths_are_found_the_same_by_keys_and_by_patterns(globs: tuple[str, ...]) -> None:
    areas = [histories.area("payments"), histories.area("search")]
    history(random.Random(7), areas, [histories.kind("generation")])
    histories.settled()
    meant = {change.pk for change in Change.objects.all() if touches(change.paths, globs)}
    found = replay(asked(Scope("payments", path_globs=globs)))
    inside = Change.objects.filter(pk__in=meant, area=areas[0])
    start = datetime.combine(AS_OF - YEAR, datetime.min.time(), UTC)
    end = datetime.combine(AS_OF + timedelta(days=1), datetime.min.time(), UTC)
    shipped = inside.filter(shipped_at__gte=start, shipped_at__lt=end)
    listed = fitting(found.asked, page=1, per_page=200, most=200)
    assert [one.pk for one in listed.changes] == newest_first(shipped)
    assert (listed.count, listed.is_over) == (shipped.count(), False)
    assert found.fitting == shipped.count()
    behind = Incident.objects.counted().filter(area=areas[0], causes__change__in=inside)
    behind = behind.filter(causes__status="confirmed", impact_started_at__gte=start)
    assert {line.incident for line in found.met} == set(
        behind.filter(causes__change__in=inside).values_list("pk", flat=True)
    )


@pytest.mark.django_db
def test_all_changes_are_counted_without_cells_while_these_are_made_anew() -> None:
    history(random.Random(3), [histories.area("payments")], [histories.kind("generation")])
    histories.settled()
    question = asked(Scope("payments"))
    whole = counts(question)
    assert whole.all_changes > 0
    Counting.objects.update(cells_stand=False)
    assert counts(question) == whole


def outage(
    area: Any, change: Change | None, days_ago: int, status: str = "confirmed", **over: Any
) -> Incident:
    found = histories.incident(began_at=day(days_ago), area=area, **over)
    if change is not None:
        histories.cause(found, change, status)
    return found


@pytest.mark.django_db
def test_sentence_tells_hits_misses_hindsight_and_what_is_not_known() -> None:
    where, area = histories.repository(), histories.area("payments")
    kind = histories.kind("generation")

    def change(days_ago: int, said: bool = True, paths: tuple[str, ...] = ("pay/a.py",)) -> Change:
        made = histories.shipped(where, days_ago, origin="assisted", area=area, paths=list(paths))
        if said:
            histories.help_in(made, kind)
        return made

    behind = outage(area, change(200), 199)
    for days in (100, 90):
        outage(area, change(days), days - 1)
    outage(area, change(80), 79, "suspected")
    outage(area, change(70, said=False), 69)
    outage(area, change(60, paths=("cart/a.py",)), 59)
    outage(area, None, 50, cause_answer="no_change")
    elsewhere = outage(histories.area("search"), change(40), 39)
    for days in range(3, 14):
        change(days)
    histories.settled()
    found = replay(
        asked(Scope("payments", ("generation",), path_globs=("pay/**",))),
        made_on=AS_OF - timedelta(days=95), written_from={behind.pk},
    )  # fmt: skip
    assert headline(found, "TS-1", "in Payments") == (
        "TS-1 would have applied to 3 of the last 7 incidents in Payments, "
        "and to 11 changes that did no harm."
    )
    text = " ".join(notes(found))
    assert "Also to 1 incident elsewhere." in text
    assert "1 of them is what it was written from" in text
    assert "since then 1 of 5." in text
    assert "1 more if the changes that are only suspected are confirmed." in text
    assert "1 more is not known" in text
    assert "11 of those without harm shipped within 30 days" in text
    assert found.rate is not None
    states = {line.incident: line.state for line in found.lines}
    assert states[elsewhere.pk] == "met"
    assert sorted(states.values()) == ["met"] * 4 + ["none", "outside", "perhaps", "unsaid"]


@pytest.mark.django_db
def test_restricted_incident_is_counted_and_not_named() -> None:
    where, area = histories.repository(), histories.area("payments")
    for days in (100, 90, 80):
        outage(area, histories.shipped(where, days, area=area), days - 1)
    secret = outage(area, histories.shipped(where, 70, area=area), 69, title="Secret", is_restricted=True)
    histories.settled()
    client = signed_in(person(role=Role.CURATOR))
    query = {"area": "payments", "start": str(AS_OF - YEAR), "end": str(AS_OF)}
    told = client.get(reverse("analytics:replay_json"), query).json()
    assert (told["incidents"], told["met"]) == (4, 4)
    assert [line["incident"] for line in told["lines"]].count("restricted") == 1
    for name in ("replay", "replay_json", "replay_csv"):
        body = client.get(reverse(f"analytics:{name}"), query).content.decode()
        assert "Secret" not in body
        assert str(secret) not in body


@pytest.mark.django_db
def test_few_incidents_with_a_restricted_one_hide_the_count() -> None:
    where, area = histories.repository(), histories.area("payments")
    outage(area, histories.shipped(where, 100, area=area), 99)
    outage(area, histories.shipped(where, 70, area=area), 69, is_restricted=True)
    histories.settled()
    client = signed_in(person())
    query = {"area": "payments", "start": str(AS_OF - YEAR), "end": str(AS_OF)}
    told = client.get(reverse("analytics:replay_json"), query).json()
    assert (told["incidents"], told["met"], told["harmful"], told["lines"]) == (None, None, None, [])
    assert "2 of" not in client.get(reverse("analytics:replay"), query).content.decode()


@pytest.mark.django_db
def test_scenario_is_run_on_the_past_with_its_own_scope() -> None:
    area, kind = histories.area("payments"), histories.kind("generation")
    author = person()
    one = scenario(author, area=area, kinds=[kind], path_globs=["pay/**", "cart/**"])
    client = signed_in(author)
    led = client.get(reverse("analytics:replay"), {"of": str(one)}, follow=True)
    assert led.redirect_chain
    assert led.context["found"].asked.scope == Scope(
        "payments", ("generation",), path_globs=("pay/**", "cart/**")
    )
    assert b"in these days" in led.content


@pytest.mark.django_db
def test_hidden_scenario_is_not_run_by_name() -> None:
    hidden = scenario(person(), title="Hidden words", area=histories.area("payments"))
    lesson = Lesson.objects.create(text="Hidden")
    lesson.incidents.add(histories.incident(began_at=day(5), is_restricted=True))
    hidden.lessons.add(lesson)
    page = signed_in(person("eve")).get(reverse("analytics:replay"), {"of": str(hidden)})
    assert page.status_code == 200
    assert b"Hidden words" not in page.content


@pytest.mark.parametrize(
    "query",
    [{"start": "x"}, {"area": "nowhere"}, {"start": "2026-02-01", "end": "2026-01-01"}, {"size": "huge"}],
)
@pytest.mark.django_db
def test_question_that_cannot_be_read_is_refused(query: dict[str, str]) -> None:
    client = signed_in(person())
    assert client.get(reverse("analytics:replay"), query).status_code == 400
    answer = client.get(reverse("analytics:replay_json"), query)
    assert answer.status_code == 400
    assert json.loads(answer.content)["title"]


@pytest.mark.django_db
def test_page_asks_little_of_the_database(django_assert_max_num_queries: Any) -> None:
    where, area = histories.repository(), histories.area("payments")
    Service.objects.create(name="pay", slug="pay", repository=where)
    for days in range(40, 60):
        outage(area, histories.shipped(where, days, area=area, paths=["pay/a.py"]), days - 1)
    histories.settled()
    client = signed_in(person())
    with django_assert_max_num_queries(12):
        page = client.get(
            reverse("analytics:replay"),
            {"area": "payments", "paths": "pay/**", "start": str(AS_OF - YEAR), "end": str(AS_OF)},
        )
    assert page.context["found"].fitting == 20
    assert len(page.context["shown"]) == 15
    every = client.get(f"{page.request['PATH_INFO']}?{page.request['QUERY_STRING']}&list=all")
    assert len(every.context["shown"]) == 20
