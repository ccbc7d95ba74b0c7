"""How many statements a page asks the database for: the same few, however much there is to count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role
from analytics.services.judging import run_due
from analytics.tasks import catch_up
from changes.models import AssistanceKind, Change, ChangeLink, DomainArea, OriginEvidence
from changes.services.care import care_token
from incidents.models import Cause
from intake.services import note_first_real_fact
from tests import make
from tests.analytics import histories

pytestmark = pytest.mark.django_db
MOST = 12
NOW = datetime.now(UTC)


@pytest.fixture
def reader(client: Client) -> Client:
    """Signed in where real changes of two areas, kinds and origins shipped, and some failed."""
    note_first_real_fact(at=NOW)
    where = histories.repository()
    kinds = list(AssistanceKind.objects.all()[:2])
    areas = list(DomainArea.objects.all()[:2])
    for number in range(24):
        is_assisted = number % 2 == 0
        change = histories.shipped(
            where,
            shipped_at=NOW - timedelta(days=40 + number),
            area=areas[number % len(areas)],
            size_band="small",
            origin="assisted" if is_assisted else "manual",
        )
        if is_assisted:
            histories.help_in(change, kinds[number % len(kinds)])
        if number % 5 == 0:
            histories.cause(histories.incident(began_at=NOW - timedelta(days=35 + number)), change)
    catch_up()
    client.force_login(make.user())
    return client


def asked_by(client: Client, address: str) -> int:
    client.get(address)
    cache.clear()
    with CaptureQueriesContext(connection) as statements:
        assert client.get(address).status_code == 200
    return len(statements)


@pytest.mark.parametrize(
    "page",
    [
        "analytics:home", "analytics:matrix", "analytics:baseline", "analytics:trend", "changes:list",
        "analytics:review_delivery", "analytics:review_delivery_records", "changes:areas",
        "changes:repositories", "analytics:features",
        "analytics:review_reviewing", "analytics:review_reviewing_changes", "analytics:review_time",
        "analytics:review_time_changes", "analytics:matched_records", "analytics:recall", "analytics:samples",
    ],
)  # fmt: skip
def test_a_page_asks_few_statements_when_nothing_is_cached(reader: Client, page: str) -> None:
    assert asked_by(reader, reverse(page)) <= MOST


def test_an_area_asks_few_statements(reader: Client) -> None:
    slug = DomainArea.objects.filter(pk__in=Change.objects.values("area"))[0].slug
    assert asked_by(reader, reverse("changes:area", args=[slug])) <= MOST


# The last basis asks for the follow-ups as well.
@pytest.mark.parametrize(
    ("asked", "most"),
    [("row=total", MOST), ("row=assisted&show=linked", MOST), ("row=total&basis=any", MOST + 1)],
)
def test_the_list_behind_a_cell_asks_few_statements(reader: Client, asked: str, most: int) -> None:
    area = DomainArea.objects.filter(pk__in=Change.objects.values("area"))[0]
    for narrowed in ("", f"&area={area.slug}"):
        assert asked_by(reader, f"{reverse('analytics:matrix_changes')}?{asked}{narrowed}") <= most


def test_a_change_with_all_that_hangs_on_it_asks_few_statements(reader: Client) -> None:
    cause = Cause.objects.select_related("change__repository")[0]
    change = cause.change
    assert change is not None
    OriginEvidence.objects.create(
        change=change, rule_key="claude-code-trailer", rule_version=1, place="trailer", strength="strong",
        origin="assisted", excerpt="Co-Authored-By: Claude",
    )  # fmt: skip
    other = Change.objects.exclude(pk=change.pk).filter(repository=change.repository)[0]
    ChangeLink.objects.create(change=other, kind="fixes", names="#1", target=change, rule="words")
    ChangeLink.objects.create(change=change, kind="reverts", names="subject: Gone", rule="words")
    Change.objects.filter(pk=change.pk).update(paths=["checkout/pay.py"])
    reader.force_login(make.user(Role.AUTHOR))
    assert asked_by(reader, change.get_absolute_url()) <= MOST


@pytest.mark.parametrize("asked", ["", "?glob=web/**&path_class=generated"])
def test_a_repository_asks_few_statements(reader: Client, asked: str) -> None:
    change = Change.objects.all()[0]
    Change.objects.filter(pk=change.pk).update(paths=["checkout/pay.py"])
    reader.force_login(make.user(Role.CURATOR))
    assert asked_by(reader, reverse("changes:repository", args=[change.repository_id]) + asked) <= MOST


def test_signals_ask_few_statements_when_the_week_is_judged(reader: Client) -> None:
    run_due(today=NOW.date(), demo=False, stands=catch_up(), now=NOW)
    assert asked_by(reader, reverse("analytics:signals")) <= MOST


def test_the_list_of_changes_asks_no_more_when_it_is_longer(reader: Client) -> None:
    before = asked_by(reader, reverse("changes:list"))
    where = histories.repository()
    for number in range(5):
        histories.shipped(where, shipped_at=NOW - timedelta(days=number))
    assert asked_by(reader, reverse("changes:list")) == before


def test_a_change_a_deployment_a_service_and_the_question_of_care_ask_few_statements(reader: Client) -> None:
    change = Change.objects.order_by("pk")[0]
    service = make.service(repository=change.repository)
    deployment = make.deployment(repository=change.repository, service=service)
    token = care_token(change.pk, NOW)
    pages = {
        "changes:detail": change.pk, "changes:deployment": deployment.pk, "changes:service": service.slug,
        "changes:care": token,
    }  # fmt: skip
    for page, argument in pages.items():
        assert asked_by(reader, reverse(page, args=[argument])) <= MOST, page
