"""The weekly page: what changed, notes, closing a week for good, any two weeks beside each other."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Role, Team
from analytics.flow_weeks import Span
from analytics.models import FrozenWeek, ReviewRules, SpanFigures, WeekNote
from analytics.queries import week as queries
from analytics.services import flow, weeks
from incidents.models import Cause, Incident
from incidents.services.refusals import Refused
from intake import ledger
from intake.services import note_first_real_fact
from tests import make
from tests.analytics.test_flow import touched

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday, of 2026-W48
WEEK = date(2026, 11, 16)


@pytest.fixture(autouse=True)
def at_that_time() -> Any:
    with time_machine.travel(NOW, tick=False):
        note_first_real_fact(at=NOW)
        yield


def at(days: float) -> datetime:
    """From the Monday of the week before the present one."""
    return datetime(2026, 11, 16, 12, tzinfo=UTC) + timedelta(days=days)


def deployed(*days: float, service: Any = None) -> list[Any]:
    repository = make.repository()
    return [
        touched(
            make.deployment(repository=repository, finished_at=at(day), service=service, external_id=str(day))
        )
        for day in days
    ]


def client_of(role: Role = Role.CURATOR) -> Client:
    client = Client()
    client.force_login(make.user(role))
    return client


def text(client: Client, address: str, **query: str) -> str:
    answer = client.get(address, query)
    assert answer.status_code == 200, answer.content[:500]
    return " ".join(answer.content.decode().split())


def test_an_empty_installation_says_so_and_shows_no_nought_for_what_is_not_known() -> None:
    shown = text(client_of(), reverse("analytics:review"))
    assert "Nothing is reckoned yet" in shown
    figures = client_of().get(reverse("analytics:review_json")).json()["figures"]
    assert figures
    assert all(one["value"] is None for one in figures.values()), figures


def test_the_week_stands_beside_the_week_before() -> None:
    deployed(-100, -6, 1, 2, 3)
    flow.settle(now=NOW)
    figures = client_of().get(reverse("analytics:review_json")).json()["figures"]
    assert (figures["deployments"]["value"], figures["deployments"]["week_before"]) == (3, 1)


def test_counts_hold_a_restricted_incident_and_lists_do_not() -> None:
    for number in range(3):
        touched(make.incident(title=f"Plain {number}", impact_started_at=at(1)))
    touched(make.incident(title="Very secret", impact_started_at=at(1), is_restricted=True))
    flow.settle(now=NOW)
    client = client_of()
    assert client.get(reverse("analytics:review_json")).json()["happened"]["incidents"] == 4
    shown = text(client, reverse("analytics:review"))
    assert "Plain 1" in shown
    assert "Very secret" not in shown


def test_a_count_is_hidden_when_a_restricted_incident_is_one_of_few() -> None:
    touched(make.incident(impact_started_at=at(1), is_restricted=True))
    touched(make.incident(impact_started_at=at(1)))
    flow.settle(now=NOW)
    answer = client_of().get(reverse("analytics:review_json")).json()
    assert answer["happened"]["incidents"] is None
    assert answer["waits"]["unresolved"] is None


def test_what_waits_is_narrowed_to_the_scope_asked_for() -> None:
    service, other = make.service("Checkout"), make.service("Search")
    for one in (service, service, other):
        incident = make.incident(impact_started_at=at(-40))
        incident.services.add(one)
        make.action(incident, state="accepted", due_on=WEEK)
        touched(incident)
    flow.settle(now=NOW)

    def waiting(scope: str) -> tuple[Any, Any]:
        asked = queries.Asked(Span(WEEK), scope, False, NOW.date())
        found = queries.counts(asked, with_waiting=True).waiting
        assert found is not None
        return found["unresolved"], found["actions_late"]

    assert waiting("") == (3, 3)
    assert waiting(f"service:{service.pk}") == (2, 2)
    assert waiting(f"service:{other.pk}") == (1, 1)


@pytest.mark.parametrize("scope", ["", "service:{}", "area:{}", "team:{}"])
def test_every_scope_can_be_asked_for(scope: str) -> None:
    team = Team.objects.create(name="Tills", slug="tills")
    service = make.service("Checkout", team=team)
    pks = {"service": service.pk, "area": make.area().pk, "team": team.pk}
    asked = scope.format(pks.get(scope.partition(":")[0], ""))
    assert "The week of" in text(client_of(), reverse("analytics:review"), scope=asked)


def test_a_week_of_long_ago_says_nothing_of_what_waits() -> None:
    answer = client_of().get(reverse("analytics:review_json"), {"week": "2026-W40"}).json()
    assert answer["waits"] is None
    shown = text(client_of(), reverse("analytics:review"), week="2026-W40")
    assert "known of the present only" in shown


def test_13_weeks_of_long_ago_are_asked_for_and_come() -> None:
    deployed(*range(-300, 3, 9))
    flow.settle(now=NOW)
    client = client_of()
    shown = text(client, reverse("analytics:review"), week="2026-W30")
    assert "These 13 weeks are being reckoned" in shown
    assert "figures appear once" not in shown
    flow.settle(now=NOW)
    shown = text(client, reverse("analytics:review"), week="2026-W30")
    assert "10 deployments reached users" in shown
    assert "being reckoned" not in shown


def test_weeks_before_that_are_on_their_way_are_not_called_unknown() -> None:
    deployed(*range(-300, 3, 9))
    flow.settle(now=NOW)
    client = client_of()
    text(client, reverse("analytics:review"), week="2026-W34")
    flow.settle(now=NOW)
    # The 13 weeks of the one are known now, and those before them are not.
    SpanFigures.objects.filter(weeks=13, begins_on=date(2026, 2, 23)).delete()
    shown = text(client, reverse("analytics:review"), week="2026-W34")
    assert "The 13 weeks before are being reckoned." in shown
    assert "Nothing is known of" not in shown


def test_what_nobody_tells_of_is_neither_hidden_nor_none() -> None:
    repository = make.repository()
    for day in (1.0, 2.0):
        row = make.deployment(repository=repository, finished_at=at(day), external_id=str(day))
        touched(row)
        touched(make.change(repository=repository, merged_at=at(day)))
    flow.settle(now=NOW)
    found = client_of().get(reverse("analytics:review_json")).json()
    told = {key: (one["words"], one["value"]) for key, one in found["figures"].items()}
    for key in ("failed", "pending", "recovery", "rework"):
        assert told[key] == ("not measured", None), key
    for key in ("review", "tests", "alone"):
        assert told[key] == ("not known", None), key
    shown = text(client_of(), reverse("analytics:review"))
    assert "a hidden number" not in shown
    assert "No incident is known of these weeks, and nothing shows that one would be" in shown
    assert "that a change had a hand in began" not in shown


def test_where_no_deployment_is_known_none_is_said_to_have_reached_nobody() -> None:
    area = make.area("Payments")
    touched(make.change(merged_at=at(1), area=area))
    deployed(1, 2)
    flow.settle(now=NOW)
    asked = {"scope": f"area:{area.pk}"}
    shown = text(client_of(), reverse("analytics:review"), **asked)
    assert "No deployment in Payments is known by then" in shown
    assert "no deployment in Payments reached users" not in shown
    figures = client_of().get(reverse("analytics:review_json"), asked).json()["figures"]
    assert {figures[key]["words"] for key in ("deployments", "failed", "pending", "rework")} == {"not known"}


def test_each_count_leads_to_a_page_that_takes_its_filter() -> None:
    client = client_of()
    context = client.get(reverse("analytics:review")).context
    for line in [*context["happened"], *context["waits"]]:
        if line["url"].startswith("/"):
            answer = client.get(line["url"])
            assert answer.status_code == 200, line
            assert "is not one of the available choices" not in answer.content.decode(), line


def test_quiet_weeks_are_measured_where_incidents_were_known_in_the_weeks_before() -> None:
    service = make.service("Shop", reports_incidents=True)
    deployed(-120, -110, service=service)
    flow.settle(now=NOW)
    for name in ("review", "review_delivery"):
        shown = text(client_of(), reverse(f"analytics:{name}"))
        assert "In the last 13 weeks no incident that a change had a hand in began." in shown
        assert "nothing shows that one would be" not in shown


@pytest.mark.parametrize("name", ["review", "review_delivery", "review_time", "review_work"])
def test_weeks_after_the_last_that_is_known_are_not_passed_off_as_quiet(name: str) -> None:
    deployed(-30, -9)
    flow.settle(now=NOW)
    client, said = client_of(), "No merge or deployment after 7 Nov 2026 is known here."
    assert said in text(client, reverse(f"analytics:{name}"))
    assert said not in text(client, reverse(f"analytics:{name}"), week="2026-W46")
    deployed(-5)
    flow.settle(now=NOW)
    assert "is known here. If a forge" not in text(client, reverse(f"analytics:{name}"))


@pytest.mark.parametrize(
    "query", [{"week": "2026-W60"}, {"week": "x"}, {"scope": "team:99"}, {"week": "2027-W01"}]
)
def test_what_cannot_be_read_is_refused(query: dict[str, str]) -> None:
    client = client_of()
    for name in ("review", "review_csv", "review_json"):
        assert client.get(reverse(f"analytics:{name}"), query).status_code == 400


# ------------------------------------------------------------------ notes


def test_a_note_is_kept_with_its_week_and_taken_back() -> None:
    client = client_of(Role.AUTHOR)
    client.post(
        reverse("analytics:review_note"),
        {"week": "2026-W47", "kind": "decision", "text": " Two reviewers for payments <b>now</b> "},
    )
    note = WeekNote.objects.get()
    assert (note.text, note.kind, note.begins_on) == (
        "Two reviewers for payments <b>now</b>",
        "decision",
        WEEK,
    )
    assert "&lt;b&gt;now" in text(client, reverse("analytics:review"))
    assert (
        client_of(Role.AUTHOR).post(reverse("analytics:review_note_take_back", args=[note.pk])).status_code
        == 403
    )
    client.post(reverse("analytics:review_note_take_back", args=[note.pk]))
    assert "Two reviewers" not in text(client, reverse("analytics:review"))
    assert WeekNote.objects.get().taken_back_at == NOW
    assert client.post(reverse("analytics:review_note_take_back", args=[note.pk])).status_code == 302
    assert client.post(reverse("analytics:review_note_take_back", args=[note.pk + 1])).status_code == 404


@pytest.mark.parametrize(
    "bad",
    [{"text": "  "}, {"text": "x" * 4001}, {"kind": "order"}, {"week": "2026-W50"}],
)
def test_a_note_that_cannot_be_kept_changes_nothing(bad: dict[str, str]) -> None:
    given = {"week": "2026-W47", "kind": "note", "text": "It was calm."} | bad
    answer = client_of().post(reverse("analytics:review_note"), given, follow=True)
    assert answer.status_code == 200
    assert not WeekNote.objects.exists()


def test_a_viewer_neither_writes_nor_closes() -> None:
    client = client_of(Role.VIEWER)
    given = {"week": "2026-W47", "kind": "note", "text": "It was calm."}
    assert client.post(reverse("analytics:review_note"), given).status_code == 403
    assert client_of(Role.AUTHOR).post(reverse("analytics:review_close"), given).status_code == 403
    assert not FrozenWeek.objects.exists()


# ------------------------------------------------------------------ closing


def closed(client: Client, week: str = "2026-W47") -> Any:
    return client.post(reverse("analytics:review_close"), {"week": week}, follow=True)


def test_a_closed_week_shows_the_same_after_a_year_of_later_data() -> None:
    service = make.service("Checkout", reports_incidents=True)
    made = deployed(*range(-100, 5), service=service)
    incident = make.incident(impact_started_at=at(-40), resolved_at=at(-39.9), status="resolved")
    incident.services.add(service)
    Cause.objects.create(incident=incident, deployment=made[60], status="confirmed")
    touched(incident)
    flow.settle(now=NOW)
    client, curator = Client(), make.user(Role.CURATOR)
    client.force_login(curator)
    client.post(
        reverse("analytics:review_note"), {"week": "2026-W47", "kind": "note", "text": "It was calm."}
    )
    closed(client)
    address = reverse("analytics:review_closed", args=["2026-W47"])
    scoped = {"scope": f"service:{service.pk}"}
    before = text(client, address), text(client, address, **scoped)
    assert "It was calm." in before[0]
    assert "1 of 80 deployments" in before[1], before[1]

    later = NOW + timedelta(days=365)
    Cause.objects.all().update(status="ruled_out")
    Incident.objects.update(is_restricted=True)
    ReviewRules.objects.create(exposure_days=3)
    service.name = "Tills"
    service.save()
    ledger.touch(ledger.Kind.SERVICE, service.pk, verb="told")
    touched(incident)
    with time_machine.travel(later, tick=False):
        deployed(*range(5, 360, 3), service=service)
        flow.settle(now=later)
        client.force_login(curator)
        after = text(client, address), text(client, address, **scoped)
    # Only how long ago it was closed may read otherwise.
    assert [_without_times(one) for one in after] == [_without_times(one) for one in before]


def _without_times(page: str) -> str:
    return re.sub(r"<time.*?</time>|csrfmiddlewaretoken\" value=\"\w+\"|\"X-CSRFToken\": \"\w+\"", "", page)


def test_a_week_is_not_closed_before_it_is_over_or_twice() -> None:
    deployed(-100, 1)
    flow.settle(now=NOW)
    client = client_of()
    assert "not over yet" in closed(client, "2026-W48").content.decode()
    assert closed(client).redirect_chain[-1][0] == reverse("analytics:review_closed", args=["2026-W47"])
    assert "closed already" in closed(client).content.decode()
    assert FrozenWeek.objects.count() == 1


def test_a_week_waits_to_be_closed_until_its_figures_stand() -> None:
    deployed(-100, 1)
    client = client_of()
    assert "still being reckoned" in closed(client).content.decode()
    flow.settle(now=NOW)
    closed(client)
    assert FrozenWeek.objects.get().versions["rules"] == ReviewRules.objects.get().pk


def test_an_old_week_is_reckoned_for_its_13_weeks_when_it_is_to_be_closed() -> None:
    deployed(*range(-300, 3, 9))
    flow.settle(now=NOW)
    client = client_of()
    assert "still being reckoned" in closed(client, "2026-W30").content.decode()
    flow.settle(now=NOW)
    closed(client, "2026-W30")
    assert FrozenWeek.objects.get().begins_on == date(2026, 7, 20)


def test_only_one_of_two_closes_a_week() -> None:
    deployed(-100, 1)
    flow.settle(now=NOW)
    by = make.user(Role.CURATOR)
    weeks.close_week(span=Span(WEEK), demo=False, content={}, by=by, now=NOW)
    with pytest.raises(Refused, match="closed already"):
        weeks.close_week(span=Span(WEEK), demo=False, content={}, by=by, now=NOW)


def test_a_week_that_is_not_closed_has_no_permanent_page() -> None:
    client = client_of()
    for week in ("2026-W47", "x", "2026-W99"):
        assert client.get(reverse("analytics:review_closed", args=[week])).status_code == 404
    assert "No week is closed yet" in text(client, reverse("analytics:review_weeks"))


def test_two_weeks_are_compared_by_what_was_kept_of_the_closed_one() -> None:
    deployed(-100, -6, 1, 2, 3)
    flow.settle(now=NOW)
    client = client_of()
    closed(client)
    deployed(1.5)
    flow.settle(now=NOW)
    shown = text(client, reverse("analytics:review_compare"), a="2026-W46", b="2026-W47")
    assert "16 Nov to 22 Nov 2026 (as closed)" in shown
    row = shown[shown.index("Deployments that reached users") :][:120]
    assert "<td>1</td><td>3</td>" in row
    for bad in ({"a": "x"}, {"b": "2027-W01"}, {"scope": "team:9"}):
        assert client.get(reverse("analytics:review_compare"), bad).status_code == 400


def test_few_statements_are_asked_for_a_week(django_assert_max_num_queries: Any) -> None:
    deployed(-100, -6, 1, 2, 3)
    for _ in range(6):
        incident = make.incident(impact_started_at=at(1))
        make.lesson(incident)
        make.action(incident, state="accepted", due_on=WEEK)
        touched(incident)
    flow.settle(now=NOW)
    client = client_of()
    client.get(reverse("analytics:review"))
    with django_assert_max_num_queries(12):
        client.get(reverse("analytics:review"))
