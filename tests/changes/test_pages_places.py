"""Pages of repositories, services and areas: what they suggest, and who may take it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from changes.models import (
    AreaRule,
    Change,
    DomainArea,
    HistoryRun,
    PathClassRule,
    Repository,
    Service,
)
from incidents.models import Cause
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def repository() -> Repository:
    repository = make.repository(name="acme/mono", merged_is_shipped=True)
    for number in range(4):
        at = datetime(2026, 6 + number % 2, 3, tzinfo=UTC)
        make.change(
            repository=repository, shipped_at=at, paths=["services/pay/a.go", "tests/pay/a_test.go"],
            origin="assisted" if number else "unknown",
        )  # fmt: skip
        make.change(repository=repository, shipped_at=at, paths=["services/find/b.go", "docs/a.md"])
    return repository


def as_role(client: Client, role: Role) -> Client:
    client.force_login(make.user(role, is_staff=role in {Role.CURATOR, Role.ADMIN}))
    return client


def page(client: Client, name: str, *arguments: object, query: str = "") -> str:
    answer = client.get(reverse(name, args=arguments) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_repository_without_rules_shows_folders_and_what_they_suggest(
    client: Client, repository: Repository
) -> None:
    text = page(as_role(client, Role.VIEWER), "changes:repository", repository.pk)
    assert "no area yet, by top folder" in text
    assert "services/pay/**" in text
    assert "A curator can take them" in text
    assert "Make these areas" not in text
    assert "Jun 2026: 1 of 4 marked" in text
    assert "Jul 2026: 2 of 4 marked" in text


def test_curator_takes_areas_renamed_and_changes_follow_in_the_background(
    client: Client, repository: Repository
) -> None:
    as_role(client, Role.CURATOR)
    assert "Make these areas" in page(client, "changes:repository", repository.pk)
    form = {
        "take": ["1"],
        "name-1": "Paying",
        "globs-1": "services/pay/**\ntests/pay/**",
        "risk-1": "3",
        "name-2": "Finding",
    }
    client.post(reverse("changes:take_areas", args=[repository.pk]), form)
    assert set(AreaRule.objects.values_list("glob", "area__name", "area__risk_level")) == {
        ("services/pay/**", "Paying", 3),
        ("tests/pay/**", "Paying", 3),
    }
    run = HistoryRun.objects.get()
    assert (run.kind, run.state, run.total) == ("places", "waiting", 8)
    text = page(client, "changes:repository", repository.pk)
    assert "no area yet, by top folder" not in text
    assert "Waiting" in text


def test_services_of_a_monorepo_are_offered_and_made(client: Client, repository: Repository) -> None:
    as_role(client, Role.CURATOR)
    assert "Make these services" in page(client, "changes:repository", repository.pk)
    form = {"take": ["2"], "name-2": "Pay", "glob-2": "services/pay/**"}
    client.post(reverse("changes:take_services", args=[repository.pk]), form)
    made = Service.objects.get(repository=repository)
    assert (made.name, made.path_globs) == ("Pay", ["services/pay/**"])


def test_trial_says_what_would_move_and_keeps_nothing_until_told_to(
    client: Client, repository: Repository
) -> None:
    as_role(client, Role.CURATOR)
    text = page(
        client, "changes:repository", repository.pk, query="?glob=services/find/**&path_class=generated"
    )
    assert "1 of 4 known paths would move, in 4 of the newest 8 changes" in text
    assert not PathClassRule.objects.exists()
    form = {"glob": "services/find/**", "path_class": "generated"}
    client.post(reverse("changes:keep_path_class", args=[repository.pk]), form)
    assert PathClassRule.objects.get().path_class == "generated"
    assert HistoryRun.objects.get().kind == "places"
    nothing = page(
        client, "changes:repository", repository.pk, query="?glob=services/find/**&path_class=docs"
    )
    assert "None of the 4 known paths would move" in nothing


def test_nothing_is_made_of_nonsense_or_by_an_author(client: Client, repository: Repository) -> None:
    as_role(client, Role.CURATOR)
    areas = reverse("changes:take_areas", args=[repository.pk])
    classes = reverse("changes:keep_path_class", args=[repository.pk])
    assert client.post(areas, {"take": ["1"], "name-1": "", "globs-1": "a/**"}).status_code == 400
    assert (
        client.post(areas, {"take": ["1"], "name-1": "A", "globs-1": "a/**", "risk-1": "9"}).status_code
        == 400
    )
    assert client.post(classes, {"glob": "", "path_class": "docs"}).status_code == 400
    assert client.post(classes, {"glob": "a/**", "path_class": "poems"}).status_code == 400
    as_role(client, Role.AUTHOR)
    good = {"take": ["1"], "name-1": "A", "globs-1": "a/**", "risk-1": "2"}
    assert client.post(areas, good).status_code == 403
    assert not AreaRule.objects.exists()
    assert not HistoryRun.objects.exists()


def test_path_of_the_clone_is_on_no_page(client: Client, repository: Repository) -> None:
    Repository.objects.filter(pk=repository.pk).update(clone_path="/srv/clones/mono", imported_to="a" * 40)
    text = page(as_role(client, Role.CURATOR), "changes:repository", repository.pk)
    assert "/srv/clones" not in text
    assert "manage.py import_git PATH" in text


def test_run_tells_how_far_it_came(client: Client, repository: Repository) -> None:
    HistoryRun.objects.create(
        kind="import", repository=repository, state="running", done=1500, total=3000, heard_at=timezone.now(),
        unreadable=7,
    )  # fmt: skip
    text = page(as_role(client, Role.VIEWER), "changes:repository", repository.pk)
    assert "1\u202f500 of 3\u202f000" in text
    assert "7 could not be read again" in text


def test_run_that_failed_says_why(client: Client, repository: Repository) -> None:
    HistoryRun.objects.create(
        kind="import", repository=repository, state="failed", total=859, ended_at=timezone.now(),
        error="fatal: unable to read 237261f2",
    )  # fmt: skip
    text = page(as_role(client, Role.VIEWER), "changes:repository", repository.pk)
    assert "fatal: unable to read 237261f2" in text


def test_page_says_that_deployments_decide_where_an_import_took_merges(
    client: Client, repository: Repository
) -> None:
    as_role(client, Role.VIEWER)
    Repository.objects.filter(pk=repository.pk).update(merged_is_shipped=True)
    told = "merged to main, and from the first deployment that is known on deployed to production."
    assert told in page(client, "changes:repository", repository.pk)
    Repository.objects.filter(pk=repository.pk).update(shipping_said_by_person=True)
    assert "shipped means merged to main." in page(client, "changes:repository", repository.pk)


def test_area_page_counts_its_changes_and_names_its_paths(client: Client, repository: Repository) -> None:
    area = make.area("paying", risk_level=DomainArea.Risk.HIGH)
    AreaRule.objects.create(repository=repository, glob="services/pay/**", area=area)
    Change.objects.filter(paths__contains=["services/pay/a.go"]).update(area=area)
    text = page(as_role(client, Role.VIEWER), "changes:area", area.slug)
    assert "High risk · 4 shipped changes count here" in text
    assert "services/pay/**" in text
    assert "3 of 4" in text
    listed = page(client, "changes:areas")
    assert "Paying" in listed
    assert "4 shipped changes</a> with no area yet" in listed


def test_merged_area_leads_to_the_one_it_became(client: Client) -> None:
    kept = make.area("paying")
    gone = make.area("payments-old", merged_into=kept, merged_at=timezone.now())
    answer = as_role(client, Role.VIEWER).get(reverse("changes:area", args=[gone.slug]))
    assert answer.headers["Location"] == reverse("changes:area", args=[kept.slug])


def test_restricted_incident_is_on_no_area_page_but_for_those_named(client: Client) -> None:
    area = make.area("paying")
    change = make.change(area=area)
    named = make.user(Role.VIEWER)
    secret = make.incident(people=[named], is_restricted=True, title="Leaked keys")
    Cause.objects.create(incident=secret, change=change)
    assert "Leaked keys" not in page(as_role(client, Role.ADMIN), "changes:area", area.slug)
    client.force_login(named)
    assert "Leaked keys" in page(client, "changes:area", area.slug)


def test_demonstration_steps_aside_on_area_pages(client: Client, repository: Repository) -> None:
    from intake.services import note_first_real_fact

    area = make.area("paying")
    demo = make.repository(is_demo=True)
    make.change(repository=demo, area=area, title="Made up")
    as_role(client, Role.VIEWER)
    assert "Made up" in page(client, "changes:area", area.slug)
    note_first_real_fact(at=timezone.now())
    assert "Made up" not in page(client, "changes:area", area.slug)


def test_page_asks_the_database_as_often_for_many_rows_as_for_few(
    client: Client, repository: Repository
) -> None:
    as_role(client, Role.VIEWER)

    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page(client, "changes:repository", repository.pk)
        return len(queries)

    few = asked()
    for number in range(12):
        make.change(repository=repository, paths=[f"services/pay/{number}.go"], area=make.area())
        HistoryRun.objects.create(kind="import", repository=repository, state="done")
    assert asked() <= few
    assert few <= 20


def test_area_that_a_person_said_is_handed_back_to_the_paths(client: Client, repository: Repository) -> None:
    ruled, said = make.area("paying"), make.area("finding")
    AreaRule.objects.create(repository=repository, glob="services/pay/**", area=ruled)
    change = Change.objects.filter(paths__contains=["services/pay/a.go"])[0]
    as_role(client, Role.AUTHOR)
    decide = reverse("changes:decide_area", args=[change.pk])
    client.post(decide, {"area": said.slug})
    change.refresh_from_db()
    assert (change.area, change.area_said_by_person) == (said, True)
    client.post(decide, {"area": "none"})
    change.refresh_from_db()
    assert (change.area, change.area_said_by_person) == (ruled, False)


def test_months_without_a_change_stand_between_those_with_one(client: Client) -> None:
    repository = make.repository()
    for month in (4, 8):
        make.change(repository=repository, shipped_at=datetime(2026, month, 3, tzinfo=UTC))
    text = page(as_role(client, Role.VIEWER), "changes:repository", repository.pk)
    assert "Apr 2026: 0 of 1 marked" in text
    assert "Jun 2026: 0 of 0 marked" in text
