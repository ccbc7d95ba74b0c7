"""Ten sentences that a leader could say from the weekly page, each true by plain SQL over the base tables.

The SQL reads none of the narrow rows that the page reads. On demonstration data, and on an imported history.
"""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection

from analytics import weekly
from analytics.flow_weeks import Span
from analytics.metrics.delivery_words import whole
from analytics.services import demo, flow
from design.spans import short_span
from intake.services import note_first_real_fact
from tests.changes.clones import Repo, run

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 4)  # a Wednesday: the last 13 weeks end on Sunday, 1 March
NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)
SINCE, UNTIL = datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
EARLIER = SINCE - timedelta(weeks=13)


def asked(statement: str, since: datetime = SINCE, until: datetime = UNTIL, demo: bool = True) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"since": since, "until": until, "now": NOW, "demo": demo})
        return cursor.fetchone()


def said(demo_data: bool) -> dict[str, str]:
    week = Span(date(2026, 2, 23))
    glance = weekly.live(span=week, scope="", scope_name="", demo=demo_data, today=DAY)
    return {line.key: line.words for line in glance.lines}


DEPLOYED = """
deployed AS (
    SELECT d.* FROM changes_deployment AS d JOIN changes_repository AS r ON r.id = d.repository_id
    WHERE d.is_production AND d.status = 'succeeded' AND r.is_demo = %(demo)s
)"""
# The deployment that first brought a change to users, and whether it is the first that is known of its lane.
SHIPPED = f"""{DEPLOYED},
shipped AS (
    SELECT DISTINCT ON (held.change_id) held.change_id, d.id, d.finished_at,
           NOT EXISTS (SELECT FROM changes_deployment AS e
                       WHERE e.service_id IS NOT DISTINCT FROM d.service_id
                         AND e.repository_id = d.repository_id
                         AND e.environment_id = d.environment_id AND e.status = 'succeeded'
                         AND (e.finished_at, e.id) < (d.finished_at, d.id)) AS is_first_known
    FROM changes_deployment_changes AS held JOIN deployed AS d ON d.id = held.deployment_id
    ORDER BY held.change_id, d.finished_at, d.id
)"""
COUNTED = """
counted AS (
    SELECT i.*, COALESCE(i.impact_started_at, i.detected_at, i.reported_at) AS began_at
    FROM incidents_incident AS i
    WHERE i.is_demo = %(demo)s AND i.duplicate_of_id IS NULL
      AND i.closing_reason NOT IN ('duplicate', 'false_alarm', 'test', 'cancelled')
)"""
BLAMED = f"""{SHIPPED}, {COUNTED},
blamed AS (
    SELECT DISTINCT COALESCE(cause.deployment_id, shipped.id) AS id
    FROM incidents_cause AS cause JOIN counted ON counted.id = cause.incident_id
    LEFT JOIN changes_change AS c ON c.id = cause.change_id
    LEFT JOIN shipped ON shipped.change_id = COALESCE(c.merged_into_id, c.id)
    WHERE cause.status = 'confirmed'
)"""
MERGED = """
merged AS (
    SELECT c.*, COALESCE(c.counted_lines, c.additions + c.deletions) AS lines
    FROM changes_change AS c JOIN changes_repository AS r ON r.id = c.repository_id
    WHERE r.is_demo = %(demo)s AND c.merged_into_id IS NULL AND c.state <> 'dropped' AND NOT c.automation
      AND c.merged_at >= %(since)s AND c.merged_at < %(until)s
)"""


@pytest.fixture
def sentences() -> dict[str, str]:
    with time_machine.travel(NOW, tick=False):
        assert demo.make_demo(as_of=DAY, changes=1500, incidents=90, weeks=0)
        flow.settle(now=NOW)
        return said(demo_data=True)


def test_ten_sentences_are_true_of_the_demonstration_data(sentences: dict[str, str]) -> None:
    # 1. How many deployments reached users, on how many days; and in the 13 weeks before.
    frequency = f"WITH {DEPLOYED} SELECT COUNT(*), COUNT(DISTINCT finished_at::date) FROM deployed " + WITHIN
    (now, days), (before, past_days) = asked(frequency), asked(frequency, EARLIER, SINCE)
    assert f"{whole(now)} deployments reached users, on {days} days" in sentences["frequency"]
    assert f"in the 13 weeks before {whole(before)}, on {past_days} days" in sentences["frequency"]

    # 2. How many of the deployments that are old enough failed.
    fail = f"""WITH {BLAMED} SELECT COUNT(*) FILTER (WHERE deployed.id IN (SELECT id FROM blamed)), COUNT(*)
        FROM deployed JOIN changes_service AS service ON service.id = service_id {WITHIN}
        AND finished_at::date <= %(now)s::date - COALESCE(exposure_days, 14) AND COALESCE(reports_incidents,
            EXISTS (SELECT FROM incidents_alert AS alert WHERE alert.service_id = service.id)
            OR EXISTS (SELECT FROM incidents_incident_services AS hit WHERE hit.service_id = service.id))"""
    k, n = asked(fail)
    assert f"{k} of {whole(n)} deployments failed" in sentences["fail"]
    k, n = asked(fail, EARLIER, SINCE)
    assert f"in the 13 weeks before {k} of {whole(n)}" in sentences["fail"]

    # 3. How many were rollbacks, hotfixes, or brought the repair of an incident.
    rework = f"""WITH {SHIPPED}, {COUNTED} SELECT COUNT(*) FILTER (
            WHERE kind IN ('rollback', 'hotfix') OR id IN (
            SELECT shipped.id FROM incidents_fix AS fix JOIN counted ON counted.id = fix.incident_id
            JOIN changes_change AS c ON c.id = fix.change_id
            JOIN shipped ON shipped.change_id = COALESCE(c.merged_into_id, c.id))), COUNT(*)
        FROM deployed {WITHIN}"""
    k, n = asked(rework)
    assert f"{k} of {whole(n)} deployments followed from an incident" in sentences["rework"]

    # 4. How fast changes ran in production: half of them within this time.
    lead = f"""WITH {SHIPPED} SELECT COUNT(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY
            round(EXTRACT(EPOCH FROM c.shipped_at - COALESCE(c.first_commit_at, c.opened_at))))
        FROM changes_change AS c JOIN shipped ON shipped.change_id = c.id
        WHERE c.merged_into_id IS NULL AND c.shipped_basis = 'deployment' AND NOT shipped.is_first_known
          AND c.shipped_at >= %(since)s AND c.shipped_at < %(until)s
          AND c.shipped_at >= COALESCE(c.first_commit_at, c.opened_at)"""
    n, median = asked(lead)
    assert sentences["lead"].startswith(f"In the last 13 weeks half of {whole(n)} changes ran in production")
    assert f"within {short_span(median)} " in sentences["lead"]

    # 5. How soon incidents that a change had a hand in were over; those that are not count as longest.
    recovery = f"""WITH {COUNTED}, lasted AS (
            SELECT CASE WHEN status IN ('open', 'investigating') THEN 'infinity'::float8
                ELSE EXTRACT(EPOCH FROM COALESCE(mitigated_at, resolved_at)
                                        - COALESCE(impact_started_at, detected_at)) END AS seconds
            FROM counted WHERE began_at >= %(since)s AND began_at < %(until)s AND EXISTS (
                SELECT FROM incidents_cause AS cause
                WHERE cause.incident_id = counted.id AND cause.status = 'confirmed'))
        SELECT COUNT(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY round(seconds))
        FROM lasted WHERE seconds >= 0"""
    n, median = asked(recovery)
    assert f"half of {whole(n)} incidents" in sentences["recovery"]
    assert f"within {short_span(median)}" in sentences["recovery"]

    # 6. How long a change waited for its first review by somebody else.
    review = f"""WITH {MERGED}, first AS (
            SELECT merged.id, MIN(deed.at) AS at FROM merged JOIN LATERAL (
                SELECT submitted_at AS at FROM changes_review
                WHERE change_id = merged.id AND NOT is_self AND NOT is_bot AND submitted_at <= merged_at
                UNION ALL SELECT at FROM changes_reviewremark
                WHERE change_id = merged.id AND NOT is_self AND NOT is_bot AND deleted_at IS NULL
                  AND at <= merged_at) AS deed ON true GROUP BY merged.id)
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY GREATEST(0, round(EXTRACT(
            EPOCH FROM first.at - COALESCE(ready_at, opened_at))))) FROM merged JOIN first USING (id)"""
    (median,) = asked(review)
    assert f"waited {short_span(median)} (" in sentences["review"]

    # 7. How long it was queued for its deployment.
    queued = f"""WITH {SHIPPED} SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY
            round(EXTRACT(EPOCH FROM c.shipped_at - c.merged_at)))
        FROM changes_change AS c JOIN shipped ON shipped.change_id = c.id
        WHERE c.merged_into_id IS NULL AND c.shipped_basis = 'deployment' AND NOT shipped.is_first_known
          AND c.shipped_at >= %(since)s AND c.shipped_at < %(until)s AND NOT c.automation"""
    (median,) = asked(queued)
    assert f"queued for deployment for {short_span(median)} (" in sentences["deployment"]

    # 8. How many changes were merged without a review by another person.
    alone = f"""WITH {MERGED} SELECT COUNT(*) FILTER (WHERE NOT EXISTS (
            SELECT FROM changes_review AS review WHERE review.change_id = merged.id
            AND NOT is_self AND NOT is_bot AND submitted_at <= merged_at)), COUNT(*) FROM merged"""
    k, n = asked(alone)
    assert f"{whole(k)} of {whole(n)}" in sentences["alone"]

    # 9. How many were larger than one can review well.
    large = f"WITH {MERGED} SELECT COUNT(*) FILTER (WHERE lines > 200), COUNT(lines) FROM merged"
    k, n = asked(large)
    assert f"{whole(k)} of {whole(n)}" in sentences["large"]

    # 10. How many incidents were not over, on average over these weeks.
    unresolved = f"""WITH {COUNTED} SELECT SUM(EXTRACT(EPOCH FROM
            LEAST(%(until)s, CASE WHEN status IN ('open', 'investigating') THEN %(until)s
                             ELSE COALESCE(mitigated_at, resolved_at) END) - GREATEST(%(since)s, began_at)))
            / EXTRACT(EPOCH FROM %(until)s - %(since)s)
        FROM counted WHERE began_at < %(until)s AND (status IN ('open', 'investigating')
            OR COALESCE(mitigated_at, resolved_at) > GREATEST(%(since)s, began_at))"""
    (average,) = asked(unresolved)
    assert sentences["incidents"].startswith(f"{average:.2f} on average")


WITHIN = "WHERE finished_at >= %(since)s AND finished_at < %(until)s"
ZERO = re.compile(r"(?<![\d.,])0(?![\d.,])")


def test_an_imported_history_says_what_is_known_and_no_nought_for_what_is_not(tmp_path: Path) -> None:
    made = Repo(tmp_path / "till")
    # Commits are an hour apart from 1_700_000_000 on: 14 November 2023.
    for number in range(30):
        made.commit(f"Step {number} (#{number + 1})", lines=5 + 20 * number)
    at = datetime(2023, 11, 22, 12, tzinfo=UTC)
    with time_machine.travel(at, tick=False):
        note_first_real_fact(at=at)
        run(made.path, service="Till")
        flow.settle(now=at)
        week = Span(date(2023, 11, 13))
        glance = weekly.live(span=week, scope="", scope_name="", demo=False, today=at.date())
        found = {line.key: line.words for line in glance.lines}
        cells = {cell.key: cell for cell in weekly.cells(glance.week, week)}
    (merged, lines), (large, sized) = (
        asked(statement, datetime(2023, 11, 13, tzinfo=UTC), datetime(2023, 11, 20, tzinfo=UTC), demo=False)
        for statement in (
            f"WITH {MERGED} SELECT COUNT(*), SUM(lines) FROM merged",
            f"WITH {MERGED} SELECT COUNT(*) FILTER (WHERE lines > 200), COUNT(lines) FROM merged",
        )
    )
    assert merged == cells["merged"].value == 30
    assert lines == 30 * 5 + 20 * sum(range(30))
    assert f"{large} of {sized} changes" in found["large"]
    # Nobody told of a deployment, a review or a check: nothing of it is 0.
    assert cells["deployments"].value is None
    for key in ("frequency", "lead", "fail", "rework", "alone"):
        assert not ZERO.search(found[key]), found[key]
    assert "is known" in found["frequency"]
    assert found["alone"].startswith("Not known")
