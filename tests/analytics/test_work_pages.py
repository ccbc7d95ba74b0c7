"""The pages of work in progress and of operating load, and the limits that are crossed once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, Notification, Role, Team, User
from analytics.flow_weeks import WEEK, monday
from analytics.models import DirtySpan, SpanFigures, WorkLimit
from analytics.services import flow, flow_beside, limits
from changes.models import Change, CheckRun, LoadReading, Service
from incidents.models import Alert, Incident
from intake import ledger
from intake.services import note_first_real_fact
from tests import make

pytestmark = pytest.mark.django_db
NOW = timezone.now()
PAGES = ("analytics:review_work", "analytics:review_load")


@pytest.fixture
def team() -> Team:
    return Team.objects.create(name="Till", slug="till")


@pytest.fixture
def shop(team: Team) -> Service:
    note_first_real_fact(at=NOW)
    return make.service("Shop", repository=make.repository(), team=team, area=make.area("till"))


def opened(shop: Service, days: float, ended: float | None = None, **over: Any) -> Change:
    values = {
        "repository": shop.repository, "area": shop.area, "shipped_at": None, "shipped_basis": "",
        "opened_at": NOW - timedelta(days=days), "state": "open" if ended is None else "merged",
        "merged_at": None if ended is None else NOW - timedelta(days=ended),
    } | over  # fmt: skip
    change = make.change(**values)
    change.services.add(shop)
    ledger.touch(ledger.Kind.CHANGE, change.pk, verb="told")
    return change


def broke(shop: Service, days: float, **over: Any) -> Incident:
    row = make.incident(reported_at=NOW - timedelta(days=days), **over)
    row.services.add(shop)
    ledger.touch(ledger.Kind.INCIDENT, row.pk, verb="told")
    return row


def settle() -> None:
    flow.settle(now=NOW)


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(make.user())
    return client


def test_an_empty_installation_shows_no_nought_that_means_unknown(reader: Client) -> None:
    settle()
    for page in PAGES:
        text = reader.get(reverse(page)).content.decode()
        assert "Nothing is known" in text
        assert reader.get(f"{reverse(page)}?week=2026-W99").status_code == 400
        assert reader.get(f"{reverse(page + '_csv')}?scope=team:99").status_code == 400


def test_work_shows_what_is_under_way_by_the_sort_and_the_oldest_with_links(
    reader: Client, shop: Service
) -> None:
    old = opened(shop, 40, title="Cards")
    opened(shop, 3)
    opened(shop, 50, 1)
    opened(shop, 90, is_draft=True, title="Someday")
    settle()
    for scope in ("", f"service:{shop.pk}", f"team:{shop.team_id}", f"area:{shop.area_id}"):
        text = reader.get(reverse("analytics:review_work"), {"scope": scope}).content.decode()
        assert "2 changes are open now." in text
        assert "1 is older than 30 days." in text
        assert f'<a href="{old.get_absolute_url()}">Cards</a>' in text
        assert "Someday" in text
        assert "no deployment is known here" in text
    told = reader.get(reverse("analytics:review_work_json")).json()
    sorts = {one["sort"]: one for one in told["sorts"]}
    assert sorts["changes"]["state"]["at_end"] == 2
    assert sorts["drafts"]["state"]["over_30_days"] == 1
    assert sorts["checks"]["state"]["average"] is None
    assert sorts["checks"]["reason"] == "nobody tells of test runs here"
    lines = reader.get(reverse("analytics:review_work_csv")).content.decode().splitlines()
    assert len(lines) == 1 + 7 * (2 + 27)


def test_a_week_that_is_over_is_told_as_it_ended(reader: Client, shop: Service) -> None:
    opened(shop, 40, 1)
    settle()
    week = monday(NOW.date()) - 3 * WEEK
    answer = reader.get(reverse("analytics:review_work"), {"week": f"{week:%G-W%V}"})
    assert "1 change is open at the end of the week." in answer.content.decode()
    assert "The oldest" not in answer.content.decode()


def test_13_weeks_that_are_not_kept_are_asked_for_when_an_earlier_week_is_shown(
    reader: Client, shop: Service
) -> None:
    opened(shop, 40, 1)
    source = make.source()
    Alert.objects.create(source=source, key="1", service=shop, opened_at=NOW - timedelta(days=20))
    settle()
    DirtySpan.objects.all().delete()
    SpanFigures.objects.filter(weeks=13).delete()
    week = f"{monday(NOW.date()) - WEEK:%G-W%V}"
    for page, kept in zip(PAGES, ("work", "load"), strict=True):
        text = reader.get(reverse(page), {"week": week}).content.decode()
        assert "2 of the spans shown are being reckoned anew" in text
        assert "Nothing is known" not in text
        assert DirtySpan.objects.filter(page=kept, weeks=13).count() == 2
    settle()
    text = reader.get(reverse("analytics:review_load"), {"week": week}).content.decode()
    assert "1 of 1 led to no incident" in text
    assert "being reckoned" not in text


def test_restricted_incidents_count_for_everyone_and_are_named_to_their_people(
    client: Client, shop: Service
) -> None:
    named = make.user()
    secret = broke(shop, 2, title="Secret", is_restricted=True, people=[named])
    for one in (broke(shop, 1, title="Plain"), broke(shop, 3), secret):
        make.action(one, title="Hidden deed" if one == secret else "Plain deed", state="accepted")
    settle()
    pages = {}
    for who in (named, make.user(Role.ADMIN)):
        client.force_login(who)
        pages[who.pk] = client.get(reverse("analytics:review_work")).content.decode()
        assert "3 incidents are not over now." in pages[who.pk]
        assert "Plain" in pages[who.pk]
    own, other = pages.values()
    for words in ("Secret", "Hidden deed"):
        assert words in own
        assert words not in other
    assert "1 restricted" not in own
    assert other.count("1 restricted") == 2


def test_so_few_that_a_restricted_incident_could_be_guessed_are_hidden(client: Client, shop: Service) -> None:
    broke(shop, 1, is_restricted=True)
    settle()
    client.force_login(make.user())
    address = reverse("analytics:review_work")
    text = client.get(address, {"scope": f"service:{shop.pk}"}).content.decode()
    assert "a restricted incident could be guessed" in text
    assert "1 incident is not over" not in text
    assert "1 restricted" not in text
    told = client.get(f"{reverse('analytics:review_work_json')}?scope=service:{shop.pk}").json()
    sorts = {one["sort"]: one for one in told["sorts"]}
    assert sorts["incidents"]["is_hidden"]
    assert sorts["incidents"]["state"]["at_end"] is None
    assert "1 incident is not over now." not in client.get(address).content.decode()


def test_a_request_closed_without_ever_being_opened_is_said_on_top(reader: Client, shop: Service) -> None:
    opened(shop, 20, 15)
    lost = opened(shop, 20, 14, opened_at=None)
    lost.identities.create(repository=lost.repository, space="number", role="number", value="7")
    ledger.touch(ledger.Kind.CHANGE, lost.pk, verb="told")
    settle()
    text = reader.get(reverse("analytics:review_work")).content.decode()
    assert "1 change was closed without ever being opened here" in text


def look() -> None:
    settle()
    limits.look(now=NOW)


def told_to(user: User) -> list[str]:
    return list(Notification.objects.filter(user=user).values_list("text", flat=True))


def test_crossing_a_limit_is_told_once_to_the_team_and_so_is_its_end(shop: Service, team: Team) -> None:
    member, other = make.user(), make.user(Role.CURATOR)
    team.members.add(member)
    limit = WorkLimit.objects.create(sort="changes", scope=f"service:{shop.pk}", most=1)
    first, second = opened(shop, 3), opened(shop, 2)
    for _ in range(2):
        look()
    limit.refresh_from_db()
    assert limit.crossed_since == NOW
    assert len(told_to(member)) == 1
    assert "2 at once, where at most 1 were agreed" in told_to(member)[0]
    assert told_to(other) == []
    Change.objects.filter(pk=second.pk).update(state="merged", merged_at=NOW - timedelta(minutes=1))
    ledger.touch(ledger.Kind.CHANGE, second.pk, verb="told")
    for _ in range(2):
        look()
    assert WorkLimit.objects.get().crossed_since is None
    assert len(told_to(member)) == 1
    assert "below the limit again" in told_to(member)[0]
    assert first.state == "open"


@pytest.mark.parametrize("scope", ["team:{team}", "service:{service}", "area:{area}", ""])
def test_it_is_told_to_the_people_of_the_scope_else_to_curators(
    shop: Service, team: Team, scope: str
) -> None:
    member, curator = make.user(), make.user(Role.CURATOR)
    team.members.add(member)
    where = scope.format(team=team.pk, service=shop.pk, area=shop.area_id)
    WorkLimit.objects.create(sort="changes", scope=where, oldest_days=5)
    opened(shop, 6)
    look()
    assert bool(told_to(member)) == bool(scope)
    assert bool(told_to(curator)) == (not scope)


def test_without_people_in_the_team_curators_are_told(shop: Service) -> None:
    curator = make.user(Role.CURATOR)
    WorkLimit.objects.create(sort="changes", scope=f"service:{shop.pk}", most=0)
    opened(shop, 6)
    look()
    assert len(told_to(curator)) == 1


def test_what_is_not_measured_crosses_no_limit(shop: Service) -> None:
    make.user(Role.CURATOR)
    limit = WorkLimit.objects.create(sort="checks", most=0)
    opened(shop, 6)
    look()
    limit.refresh_from_db()
    assert (limit.crossed_since, limit.looked_at) == (None, None)
    assert not Notification.objects.exists()


def test_of_demonstration_data_nobody_is_told() -> None:
    make.user(Role.CURATOR)
    shop = make.service("Demo", repository=make.repository(is_demo=True), is_demo=True)
    opened(shop, 6)
    limit = WorkLimit.objects.create(sort="changes", most=0, is_demo=True)
    real = WorkLimit.objects.create(sort="changes", most=0)
    look()
    limit.refresh_from_db()
    real.refresh_from_db()
    assert limit.crossed_since == NOW
    assert real.looked_at is None
    assert not Notification.objects.exists()


def test_a_limit_stands_on_the_page_and_in_its_picture(reader: Client, shop: Service) -> None:
    WorkLimit.objects.create(sort="changes", most=1)
    opened(shop, 6)
    opened(shop, 7)
    look()
    text = reader.get(reverse("analytics:review_work")).content.decode()
    assert "Open changes: 2 at once, where at most 1 were agreed." in text
    assert "over the limit since" in text
    assert '<line class="limit" x1="50"' in text


def admin(role: Role) -> Client:
    client = Client()
    client.force_login(make.user(role, is_staff=True), backend="accounts.backends.RoleBackend")
    return client


def test_curators_set_and_remove_limits_and_each_deed_is_kept(shop: Service) -> None:
    client = admin(Role.CURATOR)
    add = reverse("admin:analytics_worklimit_add")
    body = {"sort": "changes", "scope": f"service:{shop.pk}", "most": "5", "oldest_days": ""}
    assert client.post(add, body).status_code == 302
    limit = WorkLimit.objects.get()
    assert (limit.most, limit.oldest_days) == (5, None)
    assert "There is a limit of this already" in client.post(add, body).content.decode()
    assert client.post(add, body | {"scope": "", "most": ""}).status_code == 200
    change = reverse("admin:analytics_worklimit_change", args=[limit.pk])
    assert client.post(change, body | {"most": "7"}).status_code == 302
    assert client.get(reverse("admin:analytics_worklimit_changelist")).status_code == 200
    delete = reverse("admin:analytics_worklimit_delete", args=[limit.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 302
    verbs = list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == ["work_limit_set", "work_limit_altered", "work_limit_removed"]
    assert admin(Role.AUTHOR).get(add).status_code in {302, 403}


def test_load_says_what_was_measured_where_and_how_to_measure_the_rest(reader: Client, shop: Service) -> None:
    assert shop.repository is not None
    make.service("Web", repository=make.repository(name="shop/web"), area=make.area("web"))
    for days, count in ((100, 40), (20, 46)):
        on = NOW.date() - timedelta(days=days)
        LoadReading.objects.create(
            repository=shop.repository, kind="dependencies", on=on, count=count, told_at=NOW
        )
    source = make.source()
    Alert.objects.create(source=source, key="1", service=shop, opened_at=NOW - timedelta(days=20))
    opened(shop, 200, 199)
    settle()
    text = reader.get(reverse("analytics:review_load")).content.decode()
    assert "6 dependencies more than 13 weeks ago, 40 then." in text
    assert "1 of 1 led to no incident, or to a false alarm: noise." in text
    assert "never measured in these weeks: Web" in text.replace("Settings and dependencies were ", "")
    assert "1 of 2 repositories have no reading" in text
    assert "&quot;repository&quot;: &quot;shop/web&quot;" in text or '"repository": "shop/web"' in text
    assert "measure_load PATH" in text
    told = reader.get(reverse("analytics:review_load_json")).json()
    assert told["weeks_13"]["settings"] is None
    assert told["weeks_13"]["growth"]["dependencies"]["now"] == 46
    assert {one["name"] for one in told["areas"]} >= {"Till", "Web"}
    one = reader.get(reverse("analytics:review_load_json"), {"scope": f"area:{shop.area_id}"}).json()
    assert (one["weeks_13"]["dependencies"], one["areas"]) == (46, [])
    lines = reader.get(reverse("analytics:review_load_csv")).content.decode().splitlines()
    assert len(lines) == 1 + 2 + 27 + len(told["areas"])


def test_test_runs_alerts_and_readings_that_come_later_are_taken_up(shop: Service) -> None:
    assert shop.repository is not None
    opened(shop, 200, 199)
    settle()
    assert flow_beside.mark_new(now=NOW) == 0
    CheckRun.objects.create(
        repository=shop.repository, kind="check", external_id="1", sha="a", queued_at=NOW,
        told_at=NOW + timedelta(seconds=1),
    )  # fmt: skip
    Alert.objects.create(
        source=make.source(),
        key="1",
        opened_at=NOW - timedelta(days=0),
        recorded_at=NOW + timedelta(seconds=1),
    )
    LoadReading.objects.create(
        repository=shop.repository, kind="settings", on=NOW.date() - timedelta(days=30), count=3, told_at=NOW,
        recorded_at=NOW + timedelta(seconds=1),
    )  # fmt: skip
    assert flow_beside.mark_new(now=NOW) >= 5
    settle()
    week = SpanFigures.objects.get(page="load", scope="", begins_on=monday(NOW.date()), weeks=1)
    assert week.figures["readings"]["settings"]["oldest"] == str(NOW.date() - timedelta(days=30))


def test_both_pages_ask_few_statements(reader: Client, shop: Service) -> None:
    for number in range(12):
        opened(shop, number)
        incident = broke(shop, number)
        make.action(incident, state="accepted")
    settle()
    for page in PAGES:
        for name in (page, f"{page}_json"):
            reader.get(reverse(name))
            cache.clear()
            with CaptureQueriesContext(connection) as statements:
                assert reader.get(reverse(name)).status_code == 200
            assert len(statements) <= 12
