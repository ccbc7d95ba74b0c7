"""Test scenarios: written, checked, exported, and kept from those who may not see their lessons."""

from __future__ import annotations

import threading
import zipfile
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from gherkin.parser import Parser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Role, User
from analytics.feature_files import Written, faults, feature
from analytics.models import TestScenario
from analytics.services import scenarios as services
from incidents.models import Incident, Lesson
from incidents.services.refusals import Conflict, Refused
from intake.models import LedgerEntry
from tests.analytics import histories as make

STEPS = {
    "given": "a cart with two vouchers",
    "when": "the second is taken off",
    "then": "the first still counts",
}


def children_of(text: str) -> list[Any]:
    """The scenarios of a feature file, as the official parser reads them."""
    document: Any = Parser().parse(text)
    return list(document["feature"]["children"])


def person(name: str = "ada", role: Role = Role.AUTHOR) -> User:
    return User.objects.create_user(name, password="x", role=role)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def scenario(by: User, **over: Any) -> TestScenario:
    return services.create_scenario(**{"title": "Vouchers", **STEPS, "by": by, "now": timezone.now(), **over})


def lesson(text: str = "Round totals once, at the end.", *incidents: Incident, **over: Any) -> Lesson:
    found = Lesson.objects.create(text=text, **over)
    found.incidents.set(incidents)
    return found


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(title=words, given_=st.text(max_size=60), when=st.text(max_size=60), then=st.text(max_size=60))
def test_what_has_no_faults_parses_when_texts_are_random(
    title: str, given_: str, when: str, then: str
) -> None:
    written = Written(7, title, given_, when, then, area="Pay @ments", area_slug="pay", notes=("# x\ny",))
    if not faults(written):
        [child] = children_of(feature([written]))
        assert [tag["name"] for tag in child["scenario"]["tags"]] == ["@TS-7", "@area-pay"]


def test_lines_become_steps_and_tables_stay_when_a_text_has_several() -> None:
    written = Written(1, "T", "Given a\nand b\n|x|y|\n|1|2|", "When c\n", "Then d\nbut e")
    [child] = children_of(feature([written]))
    steps = child["scenario"]["steps"]
    assert [(s["keyword"].strip(), s["text"]) for s in steps] == [
        ("Given", "a"), ("And", "b"), ("When", "c"), ("Then", "d"), ("But", "e"),
    ]  # fmt: skip
    assert len(steps[1]["dataTable"]["rows"]) == 2


@pytest.mark.django_db
def test_number_and_ledger_entry_come_when_a_scenario_is_created() -> None:
    author = person()
    first, second = scenario(author), scenario(author)
    assert (first.number, second.number) == (1, 2)
    assert LedgerEntry.objects.filter(kind="scenario", object_id=first.pk, verb="created").exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_numbers_differ_when_two_are_created_at_once() -> None:
    author = person()
    errors: list[Exception] = []

    def write() -> None:
        try:
            for _ in range(5):
                scenario(author)
        except Exception as error:  # noqa: BLE001
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert sorted(TestScenario.objects.values_list("number", flat=True)) == list(range(1, 16))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("over", "field"),
    [({"given": "  "}, "given"), ({"then": "a\n|x|\n|1|2|"}, "then"), ({"title": " "}, "title")],
)
def test_create_is_refused_when_it_is_not_gherkin(over: dict[str, str], field: str) -> None:
    with pytest.raises(Refused) as refusal:
        scenario(person(), **over)
    assert refusal.value.field == field
    assert not TestScenario.objects.exists()


@pytest.mark.django_db
def test_writing_is_refused_when_the_role_is_viewer() -> None:
    written = scenario(person())
    viewer = person("vi", Role.VIEWER)
    with pytest.raises(Refused):
        scenario(viewer)
    with pytest.raises(Refused):
        services.set_state(scenario_id=written.pk, state="accepted", by=viewer, now=timezone.now())


@pytest.mark.django_db
def test_edit_is_refused_when_somebody_else_saved_in_the_meantime() -> None:
    author = person()
    written = scenario(author)
    services.edit_scenario(scenario_id=written.pk, by=author, expected_version=1, title="Newer")
    with pytest.raises(Conflict) as conflict:
        services.edit_scenario(scenario_id=written.pk, by=author, expected_version=1, title="Older")
    assert conflict.value.theirs["title"] == "Newer"
    written.refresh_from_db()
    assert (written.title, written.version) == ("Newer", 2)


@pytest.mark.django_db
def test_retiring_needs_a_reason() -> None:
    author = person()
    written = scenario(author)
    with pytest.raises(Refused):
        services.set_state(scenario_id=written.pk, state="retired", by=author, now=timezone.now())
    services.set_state(
        scenario_id=written.pk, state="retired", reason="The cart is gone", by=author, now=timezone.now()
    )
    written.refresh_from_db()
    assert (written.state, written.state_reason) == ("retired", "The cart is gone")


@pytest.mark.django_db
def test_scenario_is_nowhere_when_its_lesson_comes_from_a_restricted_incident() -> None:
    author, outsider = person(), person("out", Role.ADMIN)
    secret = make.incident(began_at=make.day(5), is_restricted=True)
    secret.people.add(author)
    written = scenario(author, title="Secret title", lessons=[lesson("Secret lesson", secret)])
    client = signed_in(outsider)
    number = [written.number]
    for name in ("scenario", "scenario_edit", "scenario_feature"):
        assert client.get(reverse(f"analytics:{name}", args=number)).status_code == 404, name
    assert client.post(reverse("analytics:scenario_state", args=number)).status_code == 404
    for name in ("scenarios", "scenarios_feature", "home"):
        assert b"Secret" not in client.get(reverse(f"analytics:{name}")).content, name
    assert b"Secret" not in client.get(reverse("analytics:scenarios_zip")).content
    assert b"Secret title" in signed_in(author).get(reverse("analytics:scenarios")).content
    with pytest.raises(Refused):
        scenario(outsider, lessons=list(Lesson.objects.all()))


@pytest.mark.django_db
def test_lesson_becomes_a_scenario_in_one_step() -> None:
    author = person()
    area, kind = make.area("payments"), make.kind("generation")
    behind = lesson(
        "Round totals once, at the end.", make.incident(began_at=make.day(5), title="Totals differ"),
        area=area, path_globs=["pay/**"],
    )  # fmt: skip
    behind.kinds.add(kind)
    client = signed_in(author)
    address = reverse("analytics:scenario_from_lesson", args=[behind.pk])
    form = client.get(address).context["form"]
    response = client.post(address, {**form.initial, "kinds": [kind.pk], "lessons": [behind.pk]})
    assert response.status_code == 302
    made = TestScenario.objects.get()
    assert (made.title, made.when, made.area, made.path_globs) == (
        "Round totals once, at the end", "Totals differ", area, ["pay/**"],
    )  # fmt: skip
    assert (list(made.kinds.all()), list(made.lessons.all())) == ([kind], [behind])


@pytest.mark.django_db
def test_exports_parse_and_hold_what_was_chosen() -> None:
    author = person()
    pay, search = make.area("payments"), make.area("search")
    first = scenario(author, title="One", area=pay, kinds=[make.kind("generation")])
    scenario(author, title="Two", area=search)
    third = scenario(author, title="Three", area=pay)
    services.set_state(scenario_id=third.pk, state="retired", reason="r", by=author, now=timezone.now())
    client = signed_in(author)

    def titles(text: str) -> list[str]:
        return [child["scenario"]["name"] for child in children_of(text)]

    everything = client.get(reverse("analytics:scenarios_feature")).content.decode()
    assert titles(everything) == ["One", "Two"]
    assert "@TS-1 @area-payments @kind-generation" in everything
    ticked = client.get(reverse("analytics:scenarios_feature"), {"n": [2]}).content.decode()
    assert (titles(ticked), ticked.splitlines()[0]) == (["Two"], "Feature: Search")
    one = client.get(reverse("analytics:scenario_feature", args=[first.number]))
    assert titles(one.content.decode()) == ["One"]
    packed = zipfile.ZipFile(BytesIO(client.get(reverse("analytics:scenarios_zip")).content))
    assert packed.namelist() == ["payments.feature", "search.feature"]
