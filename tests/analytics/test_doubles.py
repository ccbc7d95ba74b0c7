"""A change that turns out to be another one all along: its incidents go with it, and count once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from analytics.queries import figures
from analytics.queries.cells import cell_counts
from analytics.queries.figures import Filters
from changes.facts import ChangeFact, CommitFact, FileFact, Identity, RepositoryFact
from changes.models import Change, Repository
from changes.services.recording import record_changes
from changes.services.repositories import find_or_make_repository
from changes.wiring import landed_change
from incidents.models import Cause, Control, Fix, Incident
from incidents.services import causes
from incidents.services.doubles import follow_doubles
from incidents.tasks import follow_doubles as tick
from intake.models import LedgerEntry
from tests import make
from tests.analytics.test_matrix import filters, recount

pytestmark = pytest.mark.django_db
LANDED = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADA = Identity("Ada Example", "ada@example.org", "adaexample")


@pytest.fixture
def where() -> Repository:
    fact = RepositoryFact("acme/shop", "github.com", "7", "https://github.com/acme/shop.git", "main")
    return find_or_make_repository(fact=fact, merged_is_shipped=True)


@pytest.fixture
def person() -> User:
    return make.user(Role.CURATOR)


def commit(where: Repository, letter: str = "a") -> Change:
    one = CommitFact(letter * 40, "Pay once", LANDED, ADA, ADA)
    fact = landed_change(one, is_merge=False, files=(FileFact("app/pay.py", 10, 5),))
    return record_changes(repository=where, facts=[fact])[0]


def request(where: Repository, *, merge: str = "", number: str = "7") -> Change:
    at = LANDED + timedelta(minutes=1)
    fact = ChangeFact(
        told_at=at,
        number=number,
        state="merged" if merge else "open",
        title="Pay once",
        merged_at=LANDED if merge else None,
        shas=(("merge", merge * 40),) if merge else (("head", "b" * 40),),
    )
    return record_changes(repository=where, facts=[fact])[0]


def outage(after: timedelta = timedelta(days=2)) -> Incident:
    return make.incident(impact_started_at=LANDED + after, reported_at=LANDED + after)


def name(incident: Incident, change: Change, by: User, status: str = "confirmed", weight: float = 1) -> Cause:
    return causes.name_cause(
        incident_id=incident.pk, change_id=change.pk, status=status, weight=weight, by=by, now=timezone.now()
    )


def became_one(where: Repository, direct: Change) -> Change:
    """The merge of the request, opened before, is the commit that was known by itself."""
    survivor = request(where, merge="a")
    direct.refresh_from_db()
    assert direct.merged_into_id == survivor.pk
    return survivor


def total(wanted: Filters) -> tuple[int, float, float]:
    lines = cell_counts(wanted, *figures.taxonomies())
    cell = next(line for line in lines if line.row == "total" and line.over_all)
    told = recount(wanted)["total", "all"]
    assert [cell.n, cell.failures, cell.suspected] == pytest.approx(
        [told["n"], told["failures"], told["suspected"]]
    )
    return cell.n, cell.failures, cell.suspected


@pytest.mark.parametrize("followed", [False, True])
def test_an_incident_named_on_the_double_counts_for_the_survivor(
    where: Repository, person: User, client: Client, followed: bool
) -> None:
    direct, incident = commit(where), outage()
    request(where)
    name(incident, direct, person)
    survivor = became_one(where, direct)
    if followed:
        tick()
    assert total(filters()) == (1, 1.0, 0.0)
    assert survivor.first_incident_at == incident.began_at
    client.force_login(person)
    assert incident.title in client.get(survivor.get_absolute_url()).content.decode()
    about = {"row": "total", "show": "linked", "from": "2026-01-01", "to": "2026-06-30"}
    behind = client.get(reverse("analytics:matrix_changes"), about)
    assert incident.get_absolute_url() in behind.content.decode()
    assert survivor in figures.linked(
        figures.counted_changes(filters(), figures.taxonomies()[0]), filters(), person
    )
    assert [cause.incident for cause in figures.causes_of([survivor.pk], filters())] == [incident]


@pytest.mark.parametrize("followed", [False, True])
def test_both_named_in_one_incident_count_once(
    where: Repository, person: User, client: Client, followed: bool
) -> None:
    direct, other, incident = commit(where), commit(where, "c"), outage()
    opened = request(where)
    for one in (direct, opened, other):
        name(incident, one, person)
    survivor = became_one(where, direct)
    if followed:
        assert follow_doubles() == 1
    assert total(filters()) == (2, 1.0, 0.0)
    client.force_login(person)
    page = client.get(survivor.get_absolute_url()).content.decode()
    assert page.count(incident.title) == 1


@pytest.mark.parametrize("followed", [False, True])
def test_the_later_word_holds_when_both_were_judged(where: Repository, person: User, followed: bool) -> None:
    direct, incident = commit(where), outage()
    opened = request(where)
    name(incident, direct, person)
    name(incident, opened, person, "ruled_out")
    became_one(where, direct)
    if followed:
        follow_doubles()
    assert total(filters()) == (1, 0.0, 0.0)


def test_a_new_word_on_the_double_is_one_on_the_survivor(where: Repository, person: User) -> None:
    direct, incident = commit(where), outage()
    request(where)
    name(incident, direct, person)
    survivor = became_one(where, direct)
    name(incident, direct, person, "ruled_out")
    assert [(one.change_id, one.status) for one in Cause.objects.all()] == [(survivor.pk, "ruled_out")]
    survivor.refresh_from_db()
    assert survivor.first_incident_at is None
    assert total(filters()) == (1, 0.0, 0.0)


def test_taking_a_pick_back_takes_what_was_said_of_the_double(where: Repository, person: User) -> None:
    direct, incident = commit(where), outage()
    opened = request(where)
    name(incident, direct, person)
    cause = name(incident, opened, person)
    survivor = became_one(where, direct)
    causes.forget_cause(cause_id=cause.pk, by=person)
    assert not Cause.objects.exists()
    survivor.refresh_from_db()
    assert survivor.first_incident_at is None


def test_moving_an_incident_tells_the_survivor(where: Repository, person: User) -> None:
    direct, incident = commit(where), outage()
    request(where)
    name(incident, direct, person)
    survivor = became_one(where, direct)
    Incident.objects.filter(pk=incident.pk).update(impact_started_at=LANDED + timedelta(days=1))
    causes.refresh_first_incidents(incident_id=incident.pk)
    survivor.refresh_from_db()
    assert survivor.first_incident_at == LANDED + timedelta(days=1)


def test_fixes_and_controls_follow_and_the_ledger_tells(
    where: Repository, person: User, client: Client
) -> None:
    direct, culprit, incident = commit(where), commit(where, "c"), outage()
    opened = request(where)
    for one in (direct, opened):
        causes.name_fix(incident_id=incident.pk, change_id=one.pk, by=person, now=timezone.now())
    Control.objects.create(cause=name(incident, culprit, person), change=direct)
    survivor = became_one(where, direct)
    client.force_login(person)
    assert client.get(survivor.get_absolute_url()).content.decode().count(incident.title) == 1
    assert follow_doubles() == 1
    assert [one.change_id for one in Fix.objects.all()] == [survivor.pk]
    assert [one.change_id for one in Control.objects.all()] == [survivor.pk]
    assert LedgerEntry.objects.filter(
        kind="incident", object_id=incident.pk, verb="doubles_followed"
    ).exists()
    assert follow_doubles() == 0


def test_a_roll_out_holds_the_survivor_alone(where: Repository) -> None:
    direct = commit(where)
    request(where)
    held = make.deployment(repository=where, sha="a" * 40, finished_at=LANDED + timedelta(hours=1))
    held.changes.add(direct)
    survivor = became_one(where, direct)
    assert list(held.changes.all()) == [survivor]
