"""The pages with figures: who may see them, what they show, how many questions they ask."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from analytics import metrics
from analytics.forms import today
from analytics.tasks import catch_up
from changes.models import Change
from tests import make as makers
from tests.analytics import histories as make

pytestmark = pytest.mark.django_db
READS = ["home", "matrix", "matrix_csv", "matrix_json", "matrix_changes", "definitions", "scenarios"]


def signed_in(role: Role = Role.VIEWER) -> Client:
    client = Client()
    client.force_login(User.objects.create_user(role.value, password="x", role=role))
    return client


def shop(demo: bool = False) -> list[Change]:
    where, payments = make.repository(is_demo=demo), make.area("payments")
    generation = make.kind("generation")
    changes = []
    for number in range(30):
        at = timezone.now() - timedelta(days=60 + number)
        origin = "assisted" if number % 2 else "manual"
        change = make.shipped(where, shipped_at=at, origin=origin, area=payments)
        if origin == "assisted":
            make.help_in(change, generation)
        changes.append(change)
    for change in changes[:4]:
        assert change.shipped_at
        incident = make.incident(began_at=change.shipped_at + timedelta(days=2), is_demo=demo)
        make.cause(incident, change)
    return changes


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("role", list(Role))
def test_page_is_read_by_every_role(name: str, role: Role) -> None:
    shop()
    assert signed_in(role).get(reverse(f"analytics:{name}")).status_code == 200


@pytest.mark.parametrize("name", [*READS, "scenarios_feature", "scenarios_zip"])
def test_page_asks_for_a_sign_in_when_nobody_is_signed_in(name: str) -> None:
    assert Client().get(reverse(f"analytics:{name}")).status_code == 302


def test_writing_pages_are_refused_when_the_role_is_viewer() -> None:
    client = signed_in()
    assert client.get(reverse("analytics:scenario_new")).status_code == 403
    assert client.post(reverse("analytics:remove_demo")).status_code == 403
    assert signed_in(Role.CURATOR).post(reverse("analytics:remove_demo")).status_code == 403


def test_first_run_guide_shows_addresses_and_ticks_when_the_product_is_empty() -> None:
    page = signed_in(Role.ADMIN).get(reverse("analytics:home")).content.decode()
    assert "/hooks/pagerduty/" in page
    assert "/hooks/github/" in page
    assert "import_git" in page
    assert "0 of 4 steps done" in page
    make.incident(began_at=make.day(1))
    assert "1 of 4 steps done" in signed_in().get(reverse("analytics:home")).content.decode()


def test_page_csv_and_json_tell_the_same() -> None:
    shop()
    client = signed_in()
    page = client.get(reverse("analytics:matrix")).context["report"]
    told = json.loads(client.get(reverse("analytics:matrix_json")).content)
    lines = list(csv.DictReader(StringIO(client.get(reverse("analytics:matrix_csv")).content.decode())))
    assert len(lines) == len(list(page.lines()))
    by_row = {row["key"]: row for row in told["rows"]}
    for (row, area, cell), line in zip(page.lines(), lines, strict=True):
        found = by_row[row.key]["total"] if area.slug == "all" else by_row[row.key]["cells"][area.slug]
        assert (found["n"], found["failures"], found["rate"]) == (cell.n, cell.failures, cell.rate)
        assert (int(line["changes"]), float(line["failures"])) == (cell.n, cell.failures)
    assert page.total.failures == 4


def test_filters_that_cannot_be_read_are_a_clear_error() -> None:
    client = signed_in()
    bad = {"from": "yesterday", "basis": "nonsense"}
    assert client.get(reverse("analytics:matrix"), bad).status_code == 400
    answer = client.get(reverse("analytics:matrix_json"), bad)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert set(json.loads(answer.content)["errors"]) == {"from", "basis"}
    turned = {"from": today().isoformat(), "to": "2020-01-01"}
    assert client.get(reverse("analytics:matrix_csv"), turned).status_code == 400
    assert client.get(reverse("analytics:matrix_changes"), {"row": "kind:none"}).status_code == 404


@pytest.mark.parametrize("asked", [{"from": "0001-01-01"}, {"to": "9999-12-31"}, {"as_of": "0001-01-01"}])
def test_days_at_the_ends_of_the_calendar_are_refused(asked: dict[str, str]) -> None:
    assert signed_in().get(reverse("analytics:matrix"), asked).status_code == 400


def test_list_behind_a_cell_names_visible_incidents_and_counts_the_restricted() -> None:
    changes = shop()
    assert changes[0].shipped_at
    secret = make.incident(
        began_at=changes[0].shipped_at + timedelta(days=3), is_restricted=True, title="Secret"
    )
    make.cause(secret, changes[0])
    response = signed_in().get(reverse("analytics:matrix_changes"), {"row": "manual", "area": "payments"})
    page = response.content.decode()
    assert (response.context["counts"]["mature"], response.context["restricted_count"]) == (15, 1)
    assert "1 restricted" in page
    assert str(secret) not in page


def test_spreadsheets_take_no_name_for_a_formula() -> None:
    make.shipped(
        make.repository(), shipped_at=timezone.now() - timedelta(days=50), area=make.area("x", name="=1+1")
    )
    text = signed_in().get(reverse("analytics:matrix_csv")).content.decode()
    assert ",'=1+1," in text


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("home", 40),
        ("matrix", 22),
        ("baseline", 30),
        ("trend", 30),
        ("matrix_changes", 24),
        ("scenarios", 20),
    ],
)
def test_page_asks_few_questions_however_much_there_is(name: str, most: int) -> None:
    shop()
    client = signed_in()
    catch_up()
    with CaptureQueriesContext(connection) as few:
        client.get(reverse(f"analytics:{name}"))
    shop()
    catch_up()
    with CaptureQueriesContext(connection) as many:
        client.get(reverse(f"analytics:{name}"))
    assert len(many) <= len(few) <= most


def test_definitions_are_the_ones_in_the_docs() -> None:
    written = (Path(__file__).parent.parent.parent / "docs" / "metrics.md").read_text()
    assert written == metrics.as_markdown(), "run `make docs`"
    page = signed_in().get(reverse("analytics:definitions")).content.decode()
    assert "Numerator" in page


def test_nought_is_not_shown_as_good_news_when_no_incident_is_known(client: Client) -> None:
    client.force_login(makers.user())
    makers.change(state="shipped", shipped_at=timezone.now() - timedelta(days=60), shipped_basis="merge")
    words = "0 % says nothing so far"
    assert words in client.get(reverse("analytics:matrix")).content.decode()
    assert words not in client.get(reverse("analytics:matrix"), {"basis": "undone"}).content.decode()
    makers.incident()
    assert words not in client.get(reverse("analytics:matrix")).content.decode()
