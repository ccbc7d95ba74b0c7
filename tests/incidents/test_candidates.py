"""Which changes are offered as causes, why, and which never are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from changes.models import Change, ChangeLink, Service
from incidents.models import Cause, Fix, Incident
from incidents.queries.candidates import candidates, search, words
from tests import make

pytestmark = pytest.mark.django_db
BEGAN = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
def checkout() -> Service:
    return make.service("Checkout")


@pytest.fixture
def incident(checkout: Service) -> Incident:
    incident = make.incident(impact_started_at=BEGAN)
    incident.services.add(checkout)
    return incident


def shipped(service: Service, before: timedelta) -> Change:
    change = make.change(shipped_at=BEGAN - before)
    change.services.add(service)
    return change


def test_nearest_comes_first_with_its_reason_in_words(incident: Incident, checkout: Service) -> None:
    far, near = shipped(checkout, timedelta(days=3)), shipped(checkout, timedelta(minutes=14))
    found = candidates(incident)
    assert [candidate.change for candidate in found] == [near, far]
    assert found[0].reasons == ["shipped to Checkout 14 minutes before impact"]
    assert found[1].reasons == ["shipped to Checkout 3 days before impact"]


def test_change_is_not_offered_when_it_shipped_later_elsewhere_or_long_before(
    incident: Incident, checkout: Service
) -> None:
    shipped(checkout, -timedelta(minutes=1))
    shipped(checkout, timedelta(days=8))
    shipped(make.service("Search"), timedelta(hours=1))
    assert candidates(incident) == []


def test_judged_change_is_not_offered_again(incident: Incident, checkout: Service) -> None:
    change = shipped(checkout, timedelta(hours=1))
    Cause.objects.create(incident=incident, change=change, status="ruled_out")
    assert candidates(incident) == []


def test_demonstration_change_is_not_offered_for_a_real_incident(
    incident: Incident, checkout: Service
) -> None:
    change = shipped(checkout, timedelta(hours=1))
    change.repository.is_demo = True
    change.repository.save()
    assert candidates(incident) == []


def test_change_that_the_fix_reverts_comes_first(incident: Incident, checkout: Service) -> None:
    shipped(checkout, timedelta(minutes=5))
    culprit, fix = make.change(shipped_at=BEGAN - timedelta(days=30)), make.change(title="Revert the cache")
    ChangeLink.objects.create(change=fix, kind="reverts", names="abc", target=culprit, rule="body")
    Fix.objects.create(incident=incident, change=fix)
    first = candidates(incident)[0]
    assert first.change == culprit
    assert first.reasons == ["reverted by the fix “Revert the cache”"]


def test_change_in_a_rollout_just_before_is_offered_when_it_names_no_service(
    incident: Incident, checkout: Service
) -> None:
    change = make.change(shipped_at=BEGAN - timedelta(days=20))
    rollout = make.deployment(service=checkout, finished_at=BEGAN - timedelta(hours=2))
    rollout.changes.add(change)
    assert [candidate.reasons for candidate in candidates(incident)] == [
        ["rolled out to Checkout 2 hours before impact"]
    ]


def test_change_is_found_by_words_and_by_commit(incident: Incident) -> None:
    change = make.change(title="Cache the tax table")
    change.identities.create(repository=change.repository, space="sha", role="landed", value="abcdef12" * 5)
    assert list(search(incident, "tax TABLE")) == [change]
    assert list(search(incident, "abcdef1")) == [change]
    assert list(search(incident, "nothing")) == []


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (timedelta(seconds=20), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=60), "1 hour"),
        (timedelta(hours=30), "30 hours"),
        (timedelta(hours=48), "2 days"),
    ],
)
def test_span_is_told_in_the_unit_that_fits(span: timedelta, told: str) -> None:
    assert words(span) == told
