"""From a lesson to the test suites: checked while one types, kept from being written twice, exported."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from gherkin.parser import Parser
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Role
from analytics.feature_files import Written, feature
from analytics.likeness import alike
from analytics.models import TestScenario
from analytics.services import scenario_merging
from analytics.skeletons import bdd_steps, function_name, markdown, pytest_module
from incidents.models import Incident
from incidents.services.refusals import Refused
from intake.models import LedgerEntry
from tests.analytics.test_scenarios import STEPS, lesson, person, scenario, signed_in

CHARGED_TWICE = {
    "title": "A retried webhook charges once",
    "given": "a payment provider that answers after its time-out\nan order of two items",
    "when": "the webhook is sent again",
    "then": "the card is charged once",
}
TWICE = Written(
    43, CHARGED_TWICE["title"], CHARGED_TWICE["given"], CHARGED_TWICE["when"], CHARGED_TWICE["then"]
)
AWKWARD = Written(
    42,
    'Totals with "quotes", a \\ and Ümläute \U0001f600',
    'the text\n"""\nraw "words" with \\n\n"""',
    "these are added\n| a | b |\n| 1 | 2 |",
    "it holds\nbut not twice",
    area="Payments",
    area_slug="payments",
    kind_slugs=("code-generation",),
    notes=("Lesson: round *once* at the end (INC-7)",),
)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="|"), min_size=1, max_size=40).filter(
    str.strip
)


@pytest.mark.django_db
def test_words_are_checked_while_they_are_typed() -> None:
    client = signed_in(person())
    check = reverse("analytics:scenario_check")
    half = client.post(check, {"title": "Vouchers", "given": "a cart"}).content.decode()
    assert "Still to write: when, then." in half
    broken = client.post(check, {**CHARGED_TWICE, "when": "| a table without a step |"}).content.decode()
    assert "When:" in broken
    assert "<pre" not in broken
    whole = client.post(check, CHARGED_TWICE).content.decode()
    assert "And an order of two items" in whole
    assert not TestScenario.objects.exists()


@pytest.mark.django_db
def test_readers_check_nothing() -> None:
    client = signed_in(person(role=Role.VIEWER))
    assert client.post(reverse("analytics:scenario_check"), CHARGED_TWICE).status_code == 403


@pytest.mark.django_db
def test_form_from_a_lesson_offers_the_scenario_that_says_it_already() -> None:
    author = person()
    there = scenario(author, **CHARGED_TWICE)
    again = lesson("Charge the card once when a webhook is retried.")
    client = signed_in(author)
    page = client.get(reverse("analytics:scenario_from_lesson", args=[again.pk])).content.decode()
    assert str(there) in page
    client.post(reverse("analytics:scenario_stand_for", args=[there.number, again.pk]))
    assert list(there.lessons.all()) == [again]
    assert TestScenario.objects.count() == 1


@pytest.mark.django_db
def test_hidden_scenario_is_not_offered_as_nearly_the_same() -> None:
    secret = Incident.objects.create(number=7, title="Secret", is_restricted=True)
    hidden = TestScenario.objects.create(number=9, **CHARGED_TWICE)
    hidden.lessons.add(lesson("Hidden", secret))
    page = signed_in(person()).post(reverse("analytics:scenario_check"), CHARGED_TWICE).content.decode()
    assert "TS-9" not in page


@pytest.mark.django_db
def test_merged_scenario_gives_all_it_has_and_its_address_leads_on() -> None:
    author = person()
    one, other = lesson("One"), lesson("Other")
    first = scenario(author, lessons=[one], path_globs=["pay/**"])
    second = scenario(author, title="Same", lessons=[other], path_globs=["pay/**", "cart/**"])
    client = signed_in(author)
    merge = reverse("analytics:scenario_merge", args=[second.number])
    assert (
        f"{first} would stand for both" in client.get(merge, {"into": f"ts-{first.number}"}).content.decode()
    )
    second.refresh_from_db()
    assert second.merged_into is None
    client.post(merge, {"into": f"TS-{first.number}"})
    first.refresh_from_db()
    assert set(first.lessons.all()) == {one, other}
    assert first.path_globs == ["pay/**", "cart/**"]
    led = client.get(reverse("analytics:scenario", args=[second.number]))
    assert led.headers["Location"] == first.get_absolute_url()
    assert LedgerEntry.objects.filter(kind="scenario", verb="merged").count() == 2
    client.post(reverse("analytics:scenario_take_apart", args=[second.number]))
    assert client.get(reverse("analytics:scenario", args=[second.number])).status_code == 200


@pytest.mark.django_db
def test_merge_that_makes_no_sense_is_refused() -> None:
    author = person()
    first, second, third = (scenario(author, title=title) for title in "abc")
    now = timezone.now()
    with pytest.raises(Refused):
        scenario_merging.merge(scenario_id=first.pk, into_id=first.pk, by=author, now=now)
    scenario_merging.merge(scenario_id=first.pk, into_id=second.pk, by=author, now=now)
    with pytest.raises(Refused):
        scenario_merging.merge(scenario_id=third.pk, into_id=first.pk, by=author, now=now)
    with pytest.raises(Refused):
        scenario_merging.take_apart(scenario_id=third.pk, by=author, now=now)
    scenario_merging.merge(scenario_id=second.pk, into_id=third.pk, by=author, now=now)
    first.refresh_from_db()
    assert first.merged_into == third


@pytest.mark.django_db
def test_unknown_number_and_unknown_file_are_said() -> None:
    author = person()
    one = scenario(author)
    client = signed_in(author)
    answer = client.post(reverse("analytics:scenario_merge", args=[one.number]), {"into": "TS-999"})
    assert answer.status_code == 422
    assert "No other scenario" in answer.content.decode()
    assert client.get(reverse("analytics:scenarios_file", args=["word"])).status_code == 404


@pytest.mark.django_db
def test_every_file_is_offered_for_one_and_for_all() -> None:
    author = person()
    one = scenario(author, **CHARGED_TWICE)
    client = signed_in(author)
    for form in ("feature", "pytest", "markdown"):
        single = client.get(reverse("analytics:scenario_file", args=[one.number, form]))
        every = client.get(reverse("analytics:scenarios_file", args=[form]))
        assert single.content == every.content
        assert CHARGED_TWICE["then"] in single.content.decode()
    packed = client.get(reverse("analytics:scenario_file", args=[one.number, "pytest-bdd"])).content
    assert set(zipfile.ZipFile(BytesIO(packed)).namelist()) == {"scenarios.feature", "test_scenarios.py"}


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = scenario(id): the test scenario it proves\n")
    # As in a project that has nothing to do with Django.
    without = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run(  # noqa: S603 -- our own interpreter, our own files
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rs", *arguments],
        cwd=folder, env=without, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_pytest_skeleton_collects_and_passes_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_scenarios.py").write_text(pytest_module([AWKWARD, TWICE]))
    ran = run_pytest(tmp_path)
    assert "2 skipped" in ran.stdout, ran.stdout
    assert "TS-42 is not written yet" in ran.stdout


def test_feature_file_runs_under_pytest_bdd_with_the_generated_steps(tmp_path: Path) -> None:
    scenarios = [AWKWARD, TWICE]
    (tmp_path / "scenarios.feature").write_text(feature(scenarios), encoding="utf-8")
    (tmp_path / "test_scenarios.py").write_text(bdd_steps(scenarios, "scenarios.feature"), encoding="utf-8")
    ran = run_pytest(tmp_path)
    assert "2 skipped" in ran.stdout, ran.stdout
    assert "This step is not written yet" in ran.stdout


@given(WORDS, WORDS, WORDS, WORDS)
def test_whatever_is_written_makes_files_that_parse(title: str, one: str, two: str, three: str) -> None:
    scenarios = [Written(1, title, one, two, three, notes=(title,))]
    ast.parse(pytest_module(scenarios))
    ast.parse(bdd_steps(scenarios, "scenarios.feature"))
    assert markdown(scenarios).startswith("# Test scenarios")
    assert function_name(scenarios[0]).isidentifier()


def test_markdown_reads_its_words_as_words() -> None:
    text = markdown([AWKWARD])
    assert "round \\*once\\* at the end" in text
    assert "  ```\n  | a | b |\n  | 1 | 2 |\n  ```" in text
    assert Parser().parse(feature([AWKWARD]))


def test_alike_finds_the_same_in_other_words_and_not_the_rest() -> None:
    others = {
        1: "A webhook that is retried charges the card once",
        2: "Rounding happens per line of an invoice",
        3: "The retry of a webhook is charged once on one card",
    }
    found = [key for key, _ in alike("Charge a card once when webhooks are retried", others)]
    assert set(found) == {1, 3}
    assert alike("", others) == []


def test_steps_are_unchanged_by_the_check() -> None:
    assert "Given a cart with two vouchers" in feature(
        [Written(1, "Vouchers", STEPS["given"], STEPS["when"], STEPS["then"])]
    )
