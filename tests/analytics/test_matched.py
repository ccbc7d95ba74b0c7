"""The matched estimate on a history whose truth is known: report, page, CSV, JSON, records, privacy."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from analytics import matching, metrics
from analytics.forms_matched import MatchedForm
from analytics.matching import MatchedReport, MatchedRow
from analytics.models import WHOLE, CountedChange
from analytics.queries.figures import Filters, taxonomies
from analytics.queries.matched import asked
from changes.models import AssistanceKind, Change, Decision
from incidents.models import Cause, Control, Incident
from incidents.queries.controls import quarter_of
from tests import make as makers
from tests.analytics import histories as make

pytestmark = pytest.mark.django_db
TOOL = "code-generation"
SHIPPED = datetime(2026, 4, 20, 12, tzinfo=UTC)
AS_OF = datetime(2026, 6, 30, tzinfo=UTC).date()


class History:
    """Failed changes of one stratum for each area, with controls as a postmortem leaves them."""

    def __init__(self, at: datetime = SHIPPED) -> None:
        self.at = at
        self.where = make.repository()
        self.kind = make.kind(TOOL)

    def change(self, area: str, **over: Any) -> Change:
        return make.shipped(self.where, shipped_at=self.at, area=make.area(area), size_band="small", **over)

    def failed(self, area: str, origin: str, **over: Any) -> Cause:
        """Said in the postmortem, after it failed: in no rate."""
        change = self.change(area, origin=origin, origin_counted="unknown")
        said = {"prompted_by": "postmortem", "said_at": self.at + timedelta(days=9)}
        Decision.objects.create(change=change, origin=origin, **said)
        if origin == "assisted":
            make.help_in(change, self.kind, counted=False, status="confirmed")
        incident = make.incident(began_at=self.at + timedelta(days=3), **over)
        return make.cause(incident, change)

    def control(self, cause: Cause, origin: str, *kinds: AssistanceKind, **over: Any) -> Control:
        assert cause.change is not None
        assert cause.change.area is not None
        change = over.pop("change", None) or self.change(cause.change.area.slug)
        answered = {"origin": origin, "answered_at": timezone.now()} if origin else {}
        values = {
            "area": cause.change.area,
            "size_band": "small",
            "quarter_begins_on": quarter_of(self.at.date()),
            "pool": 100,
        }
        made = Control.objects.create(cause=cause, change=change, **{**values, **answered, **over})
        made.kinds.set(kinds if kinds or origin != "assisted" else [self.kind])
        return made

    def sittings(self, area: str, kind: int, manual: int, drawn_kind: int, drawn_manual: int) -> list[Cause]:
        causes = [self.failed(area, "assisted") for _ in range(kind)]
        causes += [self.failed(area, "manual") for _ in range(manual)]
        for number in range(drawn_kind + drawn_manual):
            origin = "assisted" if number < drawn_kind else "manual"
            self.control(causes[number % len(causes)], origin)
        return causes


def report(kind: str = "", **over: Any) -> MatchedReport:
    fields = {"start": AS_OF - timedelta(days=364), "end": AS_OF, "as_of": AS_OF, "demo": False, **over}
    return matching.matched(Filters(**fields), kind, make.settled())


def row(found: MatchedReport, key: str = f"kind:{TOOL}", area: str | None = None) -> MatchedRow:
    return next(one for one in found.rows if (one.key, one.area) == (key, area))


def test_ratio_is_given_apart_from_the_cells_when_both_sides_were_asked() -> None:
    History().sittings("payments", kind=8, manual=6, drawn_kind=8, drawn_manual=20)
    found = report()
    one = row(found).found
    # 8 failed of the kind against 100 * 8 / 28 that did not, 6 manual ones against 100 * 20 / 28.
    rates = 8 / (8 + 100 * 8 / 28), 6 / (6 + 100 * 20 / 28)
    assert one.ratio == pytest.approx(rates[0] / rates[1])
    assert (one.cases and one.cases.kind, one.controls and one.controls.manual) == (8, 20)
    assert (found.failed, found.cases, found.controls, found.waiting) == (14, 14, 28, 0)
    assert "failed 2.8 times" in row(found).sentence
    assert "asked alike" in row(found).sentence
    any_help = row(found, "assisted")
    assert any_help.is_apart
    assert any_help.found.ratio == pytest.approx(one.ratio)


def test_help_of_a_kind_not_said_is_not_said_of_one_kind_and_said_of_any() -> None:
    history = History()
    causes = history.sittings("payments", kind=8, manual=6, drawn_kind=8, drawn_manual=20)
    vague = history.control(causes[0], "assisted")
    vague.kinds.clear()
    other = history.control(causes[0], "assisted", make.kind("refactoring"))
    assert other.kinds.get().slug == "refactoring"
    found = report()
    controls = row(found).found.controls
    assert controls
    assert (controls.kind, controls.other, controls.unsaid) == (8, 1, 1)
    of_any = row(found, "assisted").found.controls
    assert of_any
    assert (of_any.kind, of_any.unsaid) == (10, 0)


def test_what_stands_no_more_is_left_out_and_counted_as_such() -> None:
    history = History()
    (cause,) = history.sittings("payments", kind=1, manual=0, drawn_kind=0, drawn_manual=0)
    kept = history.control(cause, "manual")
    failed, undone, moved = (history.control(cause, "manual") for _ in range(3))
    make.cause(make.incident(began_at=SHIPPED + timedelta(days=1)), failed.change)
    Change.objects.filter(pk=undone.change_id).update(undone_at=SHIPPED + timedelta(days=1))
    Change.objects.filter(pk=moved.change_id).update(area=make.area("checkout"))
    history.control(cause, "")
    history.control(cause, "", passed_over_at=timezone.now())
    ruled_out = history.failed("payments", "manual")
    history.control(ruled_out, "manual")
    Cause.objects.filter(pk=ruled_out.pk).update(status="ruled_out")
    for change in Change.objects.all():
        make.touched(change)
    for incident in Incident.objects.all():
        make.touched(incident)
    found = report()
    assert (found.controls, found.waiting, found.left_out, found.passed_over) == (1, 1, 3, 1)
    assert Control.objects.get(pk=kept.pk).origin == "manual"


def test_a_failed_change_that_nobody_asked_about_is_on_neither_side() -> None:
    history = History()
    history.sittings("payments", kind=8, manual=6, drawn_kind=8, drawn_manual=20)
    silent = history.change("payments", origin="assisted")
    make.help_in(silent, history.kind)
    make.cause(make.incident(began_at=SHIPPED), silent)
    found = report()
    assert (found.failed, found.cases) == (15, 14)
    cases = row(found).found.cases
    assert (row(found).found.unasked, cases and cases.kind) == (1, 8)


def test_one_number_for_all_areas_is_refused_when_they_disagree() -> None:
    history = History()
    history.sittings("payments", kind=20, manual=6, drawn_kind=10, drawn_manual=30)
    history.sittings("checkout", kind=6, manual=20, drawn_kind=30, drawn_manual=10)
    assert "disagree" in row(report()).found.refused
    by_area = report(TOOL)
    ratios = {one.area: one.found.ratio for one in by_area.rows if one.area}
    assert (ratios["payments"] or 0) > 3
    assert (ratios["checkout"] or 9) < 0.4
    assert report(area="payments").rows[0].found.ratio == pytest.approx(ratios["payments"])


def test_too_little_is_refused_in_words() -> None:
    History().sittings("payments", kind=3, manual=6, drawn_kind=8, drawn_manual=20)
    found = row(report())
    assert found.found.refused == "under 5 failed changes of this kind with controls"
    assert "no ratio, since there are under 5 failed changes" in found.sentence


def test_counts_are_hidden_when_they_would_give_a_restricted_incident_away() -> None:
    history = History()
    history.sittings("payments", kind=0, manual=6, drawn_kind=4, drawn_manual=4)
    history.failed("payments", "assisted", is_restricted=True)
    history.failed("payments", "assisted")
    found = row(report())
    assert found.found.is_hidden
    assert found.found.refused == "hidden for privacy"
    assert "restricted" in found.sentence
    history.failed("payments", "assisted")
    assert not row(report()).found.is_hidden
    alone = History(SHIPPED - timedelta(days=100))
    alone.failed("checkout", "manual", is_restricted=True)
    narrow = report(area="checkout")
    assert (narrow.failed, narrow.cases, narrow.is_empty) == (None, None, False)


def test_the_list_behind_hidden_counts_does_not_count_either(client: Client, person: Any) -> None:
    History().failed("payments", "assisted", is_restricted=True)
    client.force_login(person)
    shown = client.get(reverse("analytics:matched_records"))
    assert shown.context["restricted"] == 0
    assert "restricted" not in shown.content.decode().split("<main")[1]


def test_demonstration_data_is_in_no_figure_of_real_data() -> None:
    history = History()
    history.sittings("payments", kind=8, manual=6, drawn_kind=8, drawn_manual=20)
    assert report(demo=True).is_empty


@pytest.fixture
def person() -> Any:
    return makers.user()


@pytest.fixture
def client(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def lately() -> History:
    """In the quarter before last, so that every change is old enough, whenever this runs."""
    now = timezone.now()
    begins = datetime(now.year, (now.month - 1) // 3 * 3 + 1, 1, 12, tzinfo=UTC)
    return History(begins - timedelta(days=45))


def test_page_says_what_to_do_when_nobody_was_asked(client: Client) -> None:
    page = client.get(reverse("analytics:matched")).content.decode()
    assert "Nobody was asked yet" in page
    assert '<svg class="picture ratios' not in page


def test_page_csv_and_json_show_the_same(client: Client, lately: History) -> None:
    lately.sittings("payments", kind=8, manual=6, drawn_kind=8, drawn_manual=20)
    make.settled()
    page = client.get(reverse("analytics:matched"))
    content = page.content.decode()
    told = row(page.context["report"]).found
    assert told.ratio is not None
    assert '<svg class="picture ratios' in content
    assert f"<strong>{told.ratio:.1f}</strong>" in content
    assert "14 asked about in a postmortem, of 14 that failed" in content
    lines = list(csv.DictReader(StringIO(client.get(reverse("analytics:matched_csv")).content.decode())))
    assert float(next(one for one in lines if one["row"] == f"kind:{TOOL}")["ratio"]) == told.ratio
    as_json = json.loads(client.get(reverse("analytics:matched_json")).content)
    first = next(one for one in as_json["rows"] if one["row"] == f"kind:{TOOL}")
    assert (first["ratio"], first["cases"]["kind"], as_json["cases"]) == (told.ratio, 8, 14)
    areas = client.get(reverse("analytics:matched"), {"kind": TOOL}).content.decode()
    assert "area by area" in areas
    assert "Payments" in areas


def test_filters_that_cannot_be_read_are_refused(client: Client) -> None:
    wrong = {"from": "2026-05-01", "to": "2026-04-01"}
    for name in ("matched", "matched_csv", "matched_json", "matched_records"):
        assert client.get(reverse(f"analytics:{name}"), wrong).status_code == 400


def test_form_asks_only_for_what_a_stratum_is_chosen_by() -> None:
    form = MatchedForm({"service": "x", "basis": "any", "as_of": "2026-01-01", "size": "small"}, demo=False)
    assert form.is_valid()
    assert list(form.fields) == ["from", "to", "kind", "area", "size"]
    assert form.filters().known_at is None
    assert form.narrowed() == {"size": "small"}


def test_records_show_what_the_reader_may_open_and_count_the_rest(
    client: Client, person: Any, lately: History
) -> None:
    open_one = lately.failed("payments", "assisted")
    hidden = lately.failed("payments", "manual", is_restricted=True)
    lately.failed("payments", "assisted")
    beside = lately.control(hidden, "manual")
    lately.control(open_one, "unknown")
    make.settled()
    page = client.get(reverse("analytics:matched_records")).content.decode()
    assert "2 failed changes · 1 restricted" in page
    assert str(open_one.incident) in page
    assert f"{hidden.incident}<" not in page
    assert str(hidden.change) not in page
    assert str(beside.change) not in page
    assert "Cannot say" in page
    hidden.incident.people.add(person)
    page = client.get(reverse("analytics:matched_records")).content.decode()
    assert "3 failed changes" in page
    assert str(beside.change) in page


def test_page_asks_the_same_of_the_database_however_many_were_asked(client: Client, lately: History) -> None:
    def queries(name: str) -> int:
        make.settled()
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(f"analytics:{name}")).status_code == 200
        return len(captured)

    lately.sittings("payments", kind=2, manual=2, drawn_kind=2, drawn_manual=2)
    few = queries("matched"), queries("matched_records")
    lately.sittings("checkout", kind=6, manual=6, drawn_kind=8, drawn_manual=8)
    assert (queries("matched"), queries("matched_records")) == few
    assert max(few) <= 20


def test_definition_names_what_was_measured() -> None:
    found = metrics.definition(metrics.matched_ratio)
    assert found.slug == "matched-ratio"
    parts = dict(found.parts)
    assert {"Cases", "Controls", "Method", "Not said", "Refusals", "Measured", "Limits"} <= parts.keys()


def test_api_answers_with_the_figures_of_the_page(client: Client, lately: History) -> None:
    lately.sittings("payments", kind=8, manual=6, drawn_kind=8, drawn_manual=20)
    make.settled()
    told = client.get("/api/v1/matched/", {"area": "payments"})
    assert told.status_code == 200, told.content
    page = json.loads(client.get(reverse("analytics:matched_json"), {"area": "payments"}).content)
    assert told.json() == page
    assert client.get("/api/v1/matched/", {"service": "checkout"}).status_code == 400


PLAIN_FAILED = """
SELECT COUNT(DISTINCT change.id) FROM changes_change AS change
JOIN incidents_cause AS cause ON cause.change_id = change.id AND cause.status = 'confirmed'
JOIN incidents_incident AS incident ON incident.id = cause.incident_id
WHERE change.state = 'shipped' AND change.type = 'code'
  AND incident.impact_started_at::date - change.shipped_at::date BETWEEN 0 AND 30
  AND NOT EXISTS (SELECT FROM changes_decision AS said WHERE said.change_id = change.id)
"""


def test_failed_changes_that_nobody_was_asked_about_are_counted_as_plain_sql_counts_them() -> None:
    history = History()
    history.sittings("payments", kind=2, manual=1, drawn_kind=1, drawn_manual=1)
    shared = make.incident(began_at=SHIPPED + timedelta(days=2))
    for number in range(30):
        change = history.change("payments" if number % 3 else "checkout")
        outage = shared if number % 2 else make.incident(began_at=SHIPPED + timedelta(days=number))
        make.cause(outage, change, "suspected" if number % 7 == 0 else "confirmed")
    make.settled()
    filters = Filters(start=AS_OF - timedelta(days=364), end=AS_OF, as_of=AS_OF, demo=False)
    found = asked(filters, *taxonomies())
    with connection.cursor() as cursor:
        cursor.execute(PLAIN_FAILED)
        assert sum(one.n for one in found.unasked) == cursor.fetchone()[0] == 25
    weights = CountedChange.objects.filter(sure__gt=0).aggregate(found=Sum("sure"))["found"]
    told = sum(one.weight for one in found.failed) + sum(one.weight * one.n for one in found.unasked)
    assert told == pytest.approx(weights / WHOLE)
    assert found.all_failed == 28


@pytest.mark.parametrize(("incidents", "is_hidden"), [(1, True), (2, True), (3, False)])
def test_many_changes_of_few_incidents_give_no_restricted_one_away(incidents: int, is_hidden: bool) -> None:
    history = History()
    outages = [
        make.incident(began_at=SHIPPED + timedelta(days=2), is_restricted=number == 0)
        for number in range(incidents)
    ]
    # The restricted one is behind neither the first change nor the last: a look at a few would miss it.
    for number in range(40):
        behind = outages[0] if number == 20 else outages[number % incidents or -1]
        make.cause(behind, history.change("payments"))
    assert (report().failed is None) is is_hidden
