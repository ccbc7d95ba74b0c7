"""The weekly digest and its hook: counts of the last whole week and one scope, and no more than may leave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail as outgoing
from django.test import Client, override_settings
from django.urls import reverse
from time_machine import travel

from accounts.mail_sending import send_due
from accounts.models import AuditEntry, Mail, Role, Subscription, Team, Topic, User
from analytics.hooks import limit_crossed, signal, weekly_review
from analytics.mails import digest
from analytics.models import Signal, WorkLimit
from analytics.queries.scope_choices import label, offered
from analytics.queries.week_counts import counts
from changes.models import AssistanceKind, DomainArea, Service
from incidents.models import Incident, Postmortem
from intake.outgoing import hooks, sending
from intake.services import note_first_real_fact
from tests import make
from tests.accounts.mailing import SET_UP, parts, reader
from tests.intake.receiving import hook, receiver

pytestmark = pytest.mark.django_db
# A Monday, at the hour of the weekly mail; the week told of begins on 25 May.
MONDAY = datetime(2026, 6, 1, 8, tzinfo=UTC)
WEEK = date(2026, 5, 25)
IN_WEEK = datetime(2026, 5, 27, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def set_up() -> Iterator[None]:
    with override_settings(**SET_UP), travel(MONDAY, tick=False):
        note_first_real_fact(at=MONDAY - timedelta(days=100))
        yield


def happened(service: Service | None = None, **over: Any) -> Incident:
    values: dict[str, Any] = {"impact_started_at": IN_WEEK, "title": "Checkout slow"}
    made = make.incident(**(values | over))
    if service is not None:
        made.services.add(service)
    return made


def owned() -> Service:
    team = Team.objects.create(name="Payments", slug="payments")
    return make.service("Ledger", team=team)


def subscriber(scope: str = "", **over: Any) -> User:
    user = reader(Topic.DIGEST, role=Role.VIEWER, **over)
    Subscription.objects.filter(user=user).update(scope=scope)
    return user


def send() -> list[tuple[str, str]]:
    before = len(outgoing.outbox)
    send_due(now=lambda: MONDAY)
    return [parts(one) for one in outgoing.outbox[before:]]


def numbers(scope: str = "") -> list[int | None]:
    found = counts(WEEK, scope=scope, demo=False)
    return [one.number for one in (found.incidents, found.deployments, found.postmortems, found.actions)]


# ------------------------------------------------------------------ what is counted


def test_what_began_shipped_and_falls_due_is_counted_by_hand() -> None:
    made = happened()
    happened(impact_started_at=None, detected_at=IN_WEEK)
    happened(impact_started_at=datetime(2026, 5, 24, 23, 59, tzinfo=UTC))
    happened(impact_started_at=datetime(2026, 6, 1, tzinfo=UTC))
    happened(closing_reason="false_alarm", status="closed")
    happened(is_demo=True)
    make.deployment(finished_at=IN_WEEK)
    make.deployment(finished_at=IN_WEEK, status="failed")
    make.deployment(finished_at=IN_WEEK, is_production=False)
    make.deployment(finished_at=MONDAY)
    make.action(made, state="accepted", due_on=date(2026, 6, 7))
    make.action(made, state="in_progress", due_on=date(2026, 1, 7))
    make.action(made, state="accepted", due_on=date(2026, 6, 8))
    make.action(made, state="done", due_on=date(2026, 6, 1))
    Postmortem.objects.filter(incident=made).update(state="draft", due_on=date(2026, 6, 2))
    assert numbers() == [2, 1, 1, 2]


def test_deployments_are_not_known_when_nobody_tells_of_them() -> None:
    happened()
    assert numbers()[:2] == [1, None]
    subscriber()
    digest.make_due(now=MONDAY)
    assert "not known" in send()[0][0]


def test_a_scope_counts_its_own() -> None:
    service, area = owned(), DomainArea.objects.all()[0]
    old = make.area("old", merged_into=area, merged_at=MONDAY)
    happened(service), happened(service), happened(service), happened(area=area), happened(area=old)
    make.deployment(finished_at=IN_WEEK, service=service)
    assert numbers(f"team:{service.team_id}")[:2] == [3, 1]
    assert numbers(f"service:{service.pk}")[:2] == [3, 1]
    assert numbers(f"area:{area.pk}")[0] == numbers(f"area:{old.pk}")[0] == 2
    assert numbers()[0] == 5


def test_few_with_a_restricted_one_are_hidden_in_a_scope_and_in_everything() -> None:
    service = owned()
    happened(service, is_restricted=True), happened(service)
    for scope in ("", f"service:{service.pk}"):
        found = counts(WEEK, scope=scope, demo=False)
        assert (found.incidents.number, found.incidents.is_hidden) == (None, True)
    happened(service)
    assert numbers()[0] == numbers(f"service:{service.pk}")[0] == 3


# ------------------------------------------------------------------ the mail


def test_one_digest_a_week_goes_to_whoever_asked_in_time() -> None:
    happened()
    subscriber(), subscriber()
    late = subscriber()
    Subscription.objects.filter(user=late).update(since=MONDAY + timedelta(minutes=1))
    assert digest.make_due(now=MONDAY) == 2
    assert digest.make_due(now=MONDAY + timedelta(hours=3)) == 0
    assert digest.make_due(now=MONDAY + timedelta(days=3)) == 0
    text, html = send()[0]
    for part in (text, html):
        assert "/review/?week=2026-W22" in part
        assert "1 June" not in part
        assert "Checkout slow" not in part
    assert "Incidents that began: 1" in text
    assert outgoing.outbox[0].subject == "Week 22 of 2026"
    assert "List-Unsubscribe" in outgoing.outbox[0].extra_headers


def test_the_page_that_the_mail_leads_to_shows_its_week_and_scope() -> None:
    service = owned()
    happened(service)
    address = digest.review_url(WEEK, f"service:{service.pk}").removeprefix("http://127.0.0.1:8000")
    response = signed_in(make.user()).get(address)
    assert response.status_code == 200
    form = response.context["form"]
    assert (form.week, form.scope) == (WEEK, f"service:{service.pk}")


def test_nothing_is_sent_when_nothing_happened() -> None:
    subscriber()
    assert digest.make_due(now=MONDAY) == 1
    assert send() == []
    assert Mail.objects.get().closed_at is not None


def test_a_digest_is_of_the_scope_that_was_wanted() -> None:
    service = owned()
    for _ in range(4):
        happened(service)
    happened()
    subscriber(f"team:{service.team_id}")
    digest.make_due(now=MONDAY)
    text, _ = send()[0]
    assert "narrowed to team Payments" in text
    assert "Incidents that began: 4" in text
    assert f"scope=team:{service.team_id}" in text


def test_nothing_is_sent_when_the_scope_is_no_more() -> None:
    happened()
    subscriber("team:424242")
    digest.make_due(now=MONDAY)
    assert send() == []


# ------------------------------------------------------------------ asking for it


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def wish(client: Client, **data: str) -> str:
    url = reverse("accounts:mail_wish", args=["digest"])
    return client.post(url, {"want": "1"} | data, follow=True).content.decode()


def test_a_reader_chooses_what_it_is_about_and_alters_it() -> None:
    service, viewer = owned(), make.user(Role.VIEWER)
    client = signed_in(viewer)
    page = client.get(reverse("accounts:mail")).content.decode()
    assert f'<option value="service:{service.pk}">Ledger</option>' in page
    wish(client, scope=f"team:{service.team_id}")
    row = Subscription.objects.get()
    assert row.scope == f"team:{service.team_id}"
    page = wish(client, scope=f"service:{service.pk}")
    assert f'<option value="service:{service.pk}" selected>' in page
    later = Subscription.objects.get()
    assert (later.scope, later.since) == (f"service:{service.pk}", row.since)
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True)) == [
        "subscribe",
        "narrow_mail",
    ]


@pytest.mark.parametrize("scope", ["team:999999", "nonsense", "team:x", "area:", "kind:1"])
def test_a_scope_that_is_not_offered_is_refused(scope: str) -> None:
    client = signed_in(make.user())
    assert "not there any more" in wish(client, scope=scope)
    assert not Subscription.objects.exists()
    assert label(scope) is None


def test_only_a_topic_that_can_be_narrowed_is() -> None:
    service = owned()
    client = signed_in(make.user())
    url = reverse("accounts:mail_wish", args=["notices"])
    client.post(url, {"want": "1", "scope": f"service:{service.pk}"})
    assert not Subscription.objects.exists()


def test_a_reader_is_told_when_the_scope_is_no_more() -> None:
    user = subscriber("team:424242")
    assert "so nothing comes" in signed_in(user).get(reverse("accounts:mail")).content.decode()


def test_every_scope_on_offer_has_a_name_and_can_be_counted() -> None:
    owned()
    values = [value for _, group in offered() for value, _ in group]
    assert {value.partition(":")[0] for value in values} >= {"team", "service", "area"}
    for value in values:
        assert label(value)
        assert counts(WEEK, scope=value, demo=False)


# ------------------------------------------------------------------ looking at it first


@pytest.mark.parametrize(
    ("topic", "empty"),
    [
        ("decisions", "Nothing waits for a word"),
        ("notices", "You have read all"),
        ("digest", "Nothing began, shipped or falls due"),
    ],
)
def test_each_mail_can_be_looked_at_also_when_there_is_none(topic: str, empty: str) -> None:
    client = signed_in(make.user())
    assert empty in client.get(reverse("analytics:mail_preview"), {"topic": topic}).content.decode()
    alone = client.get(reverse("analytics:mail_preview_html"), {"topic": topic})
    assert "no mail would be sent" in alone.content.decode()


def test_the_preview_is_what_would_be_sent_in_the_readers_scope() -> None:
    service = owned()
    happened(service)
    client = signed_in(subscriber(f"service:{service.pk}"))
    page = client.get(reverse("analytics:mail_preview"), {"topic": "digest"}).content.decode()
    assert "service Ledger" in page
    assert 'src="/mail/preview.html?topic=digest"' in page
    alone = client.get(reverse("analytics:mail_preview_html"), {"topic": "digest"})
    assert "incidents began" in alone.content.decode()
    assert "img-src data:" in alone["Content-Security-Policy"]
    assert outgoing.outbox == []


def test_an_unknown_topic_cannot_be_looked_at() -> None:
    client = signed_in(make.user())
    assert client.get(reverse("analytics:mail_preview"), {"topic": "spam"}).status_code == 404


# ------------------------------------------------------------------ the same by a hook


def test_each_hook_is_told_the_week_once_of_its_own_scope() -> None:
    service = owned()
    happened(service, is_restricted=True, title="Secret leak"), happened(), happened()
    with receiver() as there, override_settings(OUTGOING_ALLOWED=["127.0.0.1"]):
        early = MONDAY - timedelta(days=1)
        for name, scope, form in [("All", "", "standard"), ("One", f"service:{service.pk}", "chat")]:
            made = hook(there.url(), name=name, scope=scope, format=form, created_at=early)
            assert made.created_at == early
        hook(there.url(), name="New", created_at=MONDAY + timedelta(minutes=1))
        assert weekly_review.make_due(now=MONDAY) == 2
        assert weekly_review.make_due(now=MONDAY + timedelta(hours=2)) == 0
        assert sending.send_due(now=lambda: MONDAY) == 2
    everything, one = (json.loads(heard.body) for heard in there.heard)
    assert everything["data"]["incidents_begun"] == {"number": 3, "is_hidden": False}
    assert everything["data"]["deployments"] == {"number": None, "is_hidden": False}
    assert "- incidents began: 3" in everything["text"]
    assert "not told, few and one restricted" in one["text"]
    assert "Secret" not in str(there.heard)
    assert hooks.listening("weekly_review").count() == 3


def opened(area: DomainArea | None, **over: Any) -> Signal:
    values = {"state": "early_sign", "evidence": 20.0, "first_shown_on": MONDAY, "last_shown_on": MONDAY}
    return Signal.objects.create(**({"kind": AssistanceKind.objects.all()[0], "area": area} | values | over))


def test_a_signal_is_told_once_to_hooks_of_everything_and_of_its_area() -> None:
    first, second = DomainArea.objects.all()[:2]
    old = make.area("old", merged_into=first, merged_at=MONDAY)
    with receiver() as there, override_settings(OUTGOING_ALLOWED=["127.0.0.1"]):
        for scope in ("", f"area:{first.pk}", f"area:{second.pk}", f"area:{old.pk}", "team:1"):
            early = MONDAY - timedelta(days=9)
            hook(there.url(f"/{scope}"), name=f"Of {scope}", scope=scope, topics=["signal"], created_at=early)
        late = MONDAY + timedelta(days=1)
        hook(there.url("/late"), name="Late", topics=["signal"], created_at=late)
        made = opened(first)
        opened(second, is_demo=True)
        opened(second, first_shown_on=MONDAY - timedelta(days=8))
        dismissed = opened(second)
        assert signal.make_due(now=MONDAY) == 3 + 2
        assert signal.make_due(now=MONDAY + timedelta(hours=1)) == 0
        Signal.objects.filter(pk=dismissed.pk).update(review="dismissed", review_reason="Known")
        assert sending.send_due(now=lambda: MONDAY) == 3
    assert {heard.path for heard in there.heard} == {"/", f"/area:{first.pk}", f"/area:{old.pk}"}
    said = json.loads(there.heard[0].body)
    assert said["data"]["url"].endswith(f"/signals/{made.pk}/")
    assert (said["data"]["state"], said["data"]["area"]) == ("early_sign", first.slug)
    assert "Early sign" in said["text"]


def test_a_crossing_is_told_once_and_not_when_it_is_over() -> None:
    service = owned()
    scope = f"team:{service.team_id}"
    limit = WorkLimit.objects.create(sort="changes", scope=scope, most=12, crossed_since=MONDAY)
    over = WorkLimit.objects.create(sort="drafts", oldest_days=9, crossed_since=MONDAY)
    WorkLimit.objects.create(sort="checks", most=1, crossed_since=MONDAY, is_demo=True)
    WorkLimit.objects.create(sort="actions", most=1)
    with receiver() as there, override_settings(OUTGOING_ALLOWED=["127.0.0.1"]):
        for narrowed in ("", scope, f"service:{service.pk}"):
            early = MONDAY - timedelta(days=1)
            values = {"name": f"Of {narrowed}", "scope": narrowed, "topics": ["limit_crossed"]}
            hook(there.url(f"/{narrowed}"), created_at=early, **values)
        assert limit_crossed.make_due(now=MONDAY) == 3
        assert limit_crossed.make_due(now=MONDAY + timedelta(minutes=1)) == 0
        WorkLimit.objects.filter(pk=over.pk).update(crossed_since=None)
        assert sending.send_due(now=lambda: MONDAY) == 2
        WorkLimit.objects.filter(pk=limit.pk).update(crossed_since=MONDAY + timedelta(hours=5))
        assert limit_crossed.make_due(now=MONDAY + timedelta(hours=5)) == 2
    assert {heard.path for heard in there.heard} == {"/", f"/{scope}"}
    said = json.loads(there.heard[0].body)
    assert "open changes, team Payments. Agreed: at most 12 at once." in said["text"]
    assert (said["data"]["most"], said["data"]["oldest_days"]) == (12, None)
