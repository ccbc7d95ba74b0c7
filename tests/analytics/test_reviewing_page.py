"""The page of reviewing, its files and its lists: one object behind all of them, and no person in any."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any, cast

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers

from analytics import reviewing
from analytics.charts_reviewing import columns, panels
from analytics.flow_weeks import Span, label
from analytics.models import DirtySpan
from analytics.models.flow import ChangeFlow
from analytics.review_form import ReviewForm
from analytics.serializers_reviewing import ReviewingSerializer
from analytics.services import flow
from changes.models import ReviewCare, SeniorReviewer, SizeException
from intake.services import note_first_real_fact
from tests import make
from tests.analytics.test_reviewing_figures import merged, reviewed

pytestmark = pytest.mark.django_db
PAGE = reverse("analytics:review_reviewing")


@pytest.fixture
def form() -> ReviewForm:
    note_first_real_fact(at=timezone.now())
    found = ReviewForm({})
    assert found.is_valid()
    return found


@pytest.fixture
def reader(client: Client, form: ReviewForm) -> Client:
    client.force_login(make.user())
    return client


def noon(form: ReviewForm, weeks_ago: int = 0, days: float = 1) -> datetime:
    begin = form.week - timedelta(weeks=weeks_ago)
    return datetime(begin.year, begin.month, begin.day, 12, tzinfo=UTC) + timedelta(days=days)


def settled(form: ReviewForm) -> None:
    """Every span that the page reads, straight from the rows."""
    now = timezone.now()
    for number in range(-1, 30):
        flow.reckon(page="reviewing", span=Span(form.week - timedelta(weeks=number)), demo=False, now=now)
    for span in (form.quarter, form.quarter.before()):
        flow.reckon(page="reviewing", span=span, demo=False, now=now)


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split()).replace("\u202f", " ")


def a_quarter(form: ReviewForm) -> list[ChangeFlow]:
    """24 reviewed changes, five of them too large, two of those with a reason."""
    flows = [
        merged(
            noon(form, number % 6), lines=900 if number < 5 else 100,
            origin="assisted" if number % 2 else "manual",
            size_band="large" if number < 5 else "medium", has_exception=number < 2,
        )
        for number in range(24)
    ]  # fmt: skip
    SizeException.objects.create(change_id=flows[0].pk, reason="A rename of everything at once")
    for number, flow_row in enumerate(flows):
        reviewed(flow_row, noon(form, number % 6), f"reviewer {number % 4}")
    return flows


def test_three_sentences_say_what_is_known_and_what_is_not(reader: Client, form: ReviewForm) -> None:
    a_quarter(form)
    settled(form)
    words = text_of(reader.get(PAGE))
    assert (
        "Too few weeks to tell a trend. In the last 13 weeks the middle one of 24 changes had 10 lines"
        in words
    )
    assert (
        "5 of 24 changes that merged had over 200 lines (20.8 %; 9.2 to 40.5 %), 3 of them without" in words
    )
    assert "In the last 13 weeks nobody answered" in words
    assert "no change merged in an area of high risk" in words
    assert not DirtySpan.objects.exists()


def test_page_says_that_nothing_is_known_when_nothing_merged(reader: Client, form: ReviewForm) -> None:
    settled(form)
    assert "Nothing here is 0: it is not known" in text_of(reader.get(PAGE))


def test_a_quarter_that_is_not_kept_is_asked_for(reader: Client, form: ReviewForm) -> None:
    a_quarter(form)
    settled(form)
    earlier = label(form.week - timedelta(weeks=2))
    assert reader.get(PAGE, {"week": earlier}).status_code == 200
    asked = {(one.begins_on, one.weeks) for one in DirtySpan.objects.filter(page="reviewing")}
    quarter = Span(form.quarter.begins_on - timedelta(weeks=2), 13)
    assert (quarter.begins_on, 13) in asked
    shown = text_of(reader.get(PAGE, {"week": earlier}))
    assert "being reckoned anew" in shown
    assert "These 13 weeks are being reckoned" in shown
    assert "nothing merged" not in shown


def test_page_file_and_json_say_the_same(reader: Client, form: ReviewForm) -> None:
    a_quarter(form)
    settled(form)
    lines = list(
        csv.DictReader(StringIO(reader.get(reverse("analytics:review_reviewing_csv")).content.decode()))
    )
    told = json.loads(reader.get(reverse("analytics:review_reviewing_json")).content)
    first = lines[0]
    assert (first["span"], first["group"], first["larger"], first["size_known"]) == (
        "13 weeks", "All but automations", "5", "24",
    )  # fmt: skip
    all_now = told["now"]["groups"][0]
    assert (all_now["larger"]["k"], all_now["larger"]["n"]) == (5, 24)
    assert float(first["larger_low"]) == pytest.approx(all_now["larger"]["low"])
    assert told["now"]["reviewer_days"]["over"]["n"] == int(first["reviewer_days"]) == 12
    assert [one["week"] for one in told["weeks"]][-2] == form.label
    assert " ".join(told["sentences"]["large"].split()) in text_of(reader.get(PAGE))
    assert {one["group"] for one in lines if one["span"] == "13 weeks"} >= {"AI-assisted", "Manual"}


def test_no_reviewer_and_no_pseudonym_is_in_any_answer(reader: Client, form: ReviewForm) -> None:
    flows = a_quarter(form)
    settled(form)
    pages = [PAGE, reverse("analytics:review_reviewing_csv"), reverse("analytics:review_reviewing_json")]
    pages += [
        f"{reverse('analytics:review_reviewing_changes')}?weeks=13&of={name}" for name in ("merged", "bare")
    ]
    for address in pages:
        answer = reader.get(address)
        assert answer.status_code == 200
        assert b"reviewer 0" not in answer.content
        assert b"reviewer_on_day" not in answer.content
    assert len(flows) == 24


def test_lists_hold_the_changes_that_were_counted(reader: Client, form: ReviewForm) -> None:
    flows = a_quarter(form)
    settled(form)
    address = reverse("analytics:review_reviewing_changes")
    for which, expected in (("too_large", 5), ("bare", 3), ("excused", 2), ("merged", 24), ("unreviewed", 0)):
        found = reader.get(address, {"of": which, "weeks": "13"}).context["found"]
        assert found.total == len(found.rows) == expected, which
    excused = text_of(reader.get(address, {"of": "excused", "weeks": "13"}))
    assert "A rename of everything at once" in excused
    assert "in its description" in excused
    assisted = reader.get(address, {"of": "merged", "weeks": "13", "group": "origin:assisted"}).context[
        "found"
    ]
    assert assisted.total == 12
    week = reader.get(address, {"of": "merged"}).context["found"]
    assert {row["change_id"] for row in week.rows} == {one.pk for one in flows[::6]}
    assert reader.get(address, {"of": "reviewers"}).status_code == 404
    assert reader.get(address, {"group": "reviewer:1"}).status_code == 404


def test_a_long_list_goes_on_and_keeps_its_scope(reader: Client, form: ReviewForm) -> None:
    service = make.service("Checkout")
    for _ in range(53):
        merged(noon(form), scopes=["", f"service:{service.pk}"])
    merged(noon(form))
    address = reverse("analytics:review_reviewing_changes")
    asked = {"of": "merged", "scope": f"service:{service.pk}"}
    first = reader.get(address, asked)
    assert (first.context["found"].total, len(first.context["found"].rows)) == (53, 50)
    assert b"page=2" in first.content
    assert len(reader.get(address, asked | {"page": "2"}).context["found"].rows) == 3


def test_numbers_lead_to_lists_of_as_many(reader: Client, form: ReviewForm) -> None:
    a_quarter(form)
    settled(form)
    html = reader.get(PAGE).content.decode()
    links = re.findall(r'<a href="([^"]*reviewing/changes/[^"]*)">([\d\u202f]+)</a>', html)
    assert len(links) > 20
    for address, number in set(links):
        found = reader.get(address.replace("&amp;", "&")).context["found"]
        if "of=timed" not in address:
            assert found.total == int(number.replace("\u202f", "")), address


def test_seniors_and_voices_have_their_states(reader: Client, form: ReviewForm) -> None:
    repository = make.repository()
    for _ in range(6):
        merged(noon(form), is_high_risk=True, repository=repository)
    flow_row = merged(noon(form), is_high_risk=True, repository=repository, by_senior=True)
    ReviewCare.objects.create(change_id=flow_row.pk, answer="no", on=form.week)
    settled(form)
    words = text_of(reader.get(PAGE))
    assert "No senior is designated: 7 high-risk changes merged, and no share can be told." in words
    assert "fewer than 5 people answered: too few voices to be shown" in words
    SeniorReviewer.objects.create(account="octocat", added_at=noon(form, 20))
    for answer in ("yes", "yes", "not_really", "yes"):
        ReviewCare.objects.create(change_id=flow_row.pk, answer=answer, on=form.week)
    settled(form)
    words = text_of(reader.get(PAGE))
    assert "1 of 7 high-risk changes had a review by a senior" in words
    assert "3 of 5 answers said yes, 1 not really and 1 no" in words


def test_a_bad_week_is_refused_with_words(reader: Client) -> None:
    for name in (
        "review_reviewing",
        "review_reviewing_csv",
        "review_reviewing_json",
        "review_reviewing_changes",
    ):
        assert reader.get(reverse(f"analytics:{name}"), {"week": "2026-77"}).status_code == 400


def test_gaps_are_gaps_in_the_pictures(form: ReviewForm) -> None:
    for _ in range(5):
        merged(noon(form, 2))
    merged(noon(form, 1))
    settled(form)
    report = reviewing.report_of(form)
    paces, remarks, large, *_ = panels(report.weeks, report.limit)
    by_week = {week.span.begins_on: place for place, week in enumerate(report.weeks)}
    full, few, none = (by_week[form.week - timedelta(weeks=number)] for number in (2, 1, 3))
    assert [paces.marks[place].is_gap for place in (full, few, none)] == [False, True, True]
    assert [large.marks[place].is_gap for place in (full, few, none)] == [False, False, True]
    assert "1 changes, too few for a median" in paces.marks[few].words
    assert paces.marks[full].is_few
    assert remarks.marks[full].y is not None


def test_every_number_of_the_spread_has_its_row() -> None:
    found = columns([(0, 6), (5, 2)], 3, 10)
    assert [one.label for one in found] == ["0", "1", "2", "3", "4", "5"]
    assert [one.is_over for one in found] == [False] * 4 + [True] * 2
    assert found[0].width == 150
    assert columns([], 3, 10) == ()
    assert columns([(10, 1)], 3, 10)[-1].label == "10 or more"


def shape(serializer: serializers.BaseSerializer[Any], value: Any, at: str = "") -> None:
    """What is sent has the fields that the schema tells of, and no other."""
    if isinstance(serializer, serializers.ListSerializer):
        for one in value:
            shape(cast("Any", serializer.child), one, at)
    elif isinstance(serializer, serializers.Serializer):
        assert set(serializer.fields) == set(value), at
        for name, field in serializer.fields.items():
            if isinstance(field, serializers.BaseSerializer):
                shape(field, value[name], f"{at}/{name}")


def test_the_api_sends_what_the_page_shows(form: ReviewForm, client: Client) -> None:
    flows = a_quarter(form)
    ReviewCare.objects.bulk_create(
        ReviewCare(change_id=flows[0].pk, answer="yes", on=form.week) for _ in range(6)
    )
    settled(form)
    owner = make.user()
    _, text = make.token(owner, ["read"])
    sent = client.get("/api/v1/reviewing/", headers={"authorization": f"Bearer {text}"})
    assert sent.status_code == 200, sent.content
    client.force_login(owner)
    shown = client.get(reverse("analytics:review_reviewing_json")).json()
    assert sent.json() | {"reckoned_at": ""} == shown | {"reckoned_at": ""}
    shape(ReviewingSerializer(), sent.json())
    assert sent.json()["now"]["care"]["all"][0]["yes"] == 6
    refused = client.get("/api/v1/reviewing/?week=never")
    assert (refused.status_code, b"A week is written as" in refused.content) == (400, True)
