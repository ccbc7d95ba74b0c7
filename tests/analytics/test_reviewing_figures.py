"""What reviewing asks of people, from rows made by hand: every number worked out beside them."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import count
from math import exp, log
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from analytics.flow_weeks import Span
from analytics.metrics import large_assisted_days, reading_load, review_care, reviewing
from analytics.metrics.reading_load import verdict
from analytics.metrics.reviewing_words import Care, Days, Group, Middle, Voices, middle
from analytics.models.flow import ChangeFlow, ReviewRules
from analytics.queries.reviewing import Answers, DayOfReviewers
from analytics.stats import median_interval
from changes.models import Review, ReviewCare, SeniorReviewer
from tests import make
from tests.analytics.flow_rows import MONDAY, NOW, at

WEEK = timedelta(days=7)
_numbers = count(1)


def merged(when: datetime | None = None, **over: Any) -> ChangeFlow:
    """A change of 100 lines, read in 10 minutes by somebody who remarked twice."""
    change = make.change(repository=over.pop("repository", None) or make.repository())
    values: dict[str, Any] = {
        "change_id": change.pk, "repository_id": change.repository_id, "is_demo": False, "scopes": [""],
        "type": "code", "state": "shipped", "is_draft": False, "automation": False, "origin": "unknown",
        "size_band": "medium", "lines": 100, "is_high_risk": False, "merged_at": when or at(1),
        "is_first_known": False, "reviews": 1, "rounds": 1, "remarks": 2, "by_senior": False,
        "active_seconds": 600, "has_exception": False,
    }  # fmt: skip
    return ChangeFlow.objects.create(**(values | over))


def reviewed(flow: ChangeFlow, when: datetime, who: str, **over: Any) -> Review:
    """The pseudonym is of the day, as intake makes it."""
    values = {
        "external_id": str(next(_numbers)), "state": "approved", "submitted_at": when, "told_at": when,
        "reviewer_in_change": who.encode(), "reviewer_on_day": f"{who} {when.date()}".encode(),
    } | over  # fmt: skip
    return Review.objects.create(change_id=flow.pk, **values)


def reckoned(weeks: int = 1, begins_on: date = MONDAY, **rules: Any) -> dict[str, dict[str, Any]]:
    return reviewing.reckon(Span(begins_on, weeks), False, ReviewRules(**rules), NOW)


def group(key: str = "", scope: str = "", **asked: Any) -> Group:
    return Group.read(key, reckoned(**asked).get(scope, {}).get("groups", {}).get(key))


@pytest.mark.django_db
def test_lines_and_minutes_stand_apart_and_the_median_is_of_changes() -> None:
    for lines in (10, 100, 400, 1000, 90_000):
        merged(lines=lines)
    found = group()
    assert (found.pace.n, found.pace.median, found.pace.low) == (5, 40, None)
    assert (found.lines, found.minutes) == (91_510, 50)
    # Neither the mean of the ratios nor the ratio of the sums.
    assert found.pace.median != pytest.approx(found.lines / found.minutes)


@pytest.mark.django_db
def test_a_review_of_one_moment_is_in_no_median_but_in_a_share() -> None:
    for _ in range(3):
        merged()
    merged(active_seconds=None)
    merged(reviews=0, remarks=0, active_seconds=None)
    merged(lines=None, size_band="unknown")
    merged(reviews=None, rounds=None, remarks=None, by_senior=None, active_seconds=None)
    found = group()
    assert (found.merged, found.told, found.reviewed, found.pace.n) == (7, 6, 5, 3)
    assert (found.moments.k, found.moments.n) == (1, 5)
    assert (found.alone.k, found.alone.n) == (1, 6)
    assert (found.large.k, found.large.n) == (0, 6)
    assert (found.pace.state, found.pace.shown) == ("few", None)


@pytest.mark.django_db
def test_nothing_is_known_where_nobody_tells_of_reviews() -> None:
    merged(reviews=None, rounds=None, remarks=None, by_senior=None, active_seconds=None, is_high_risk=True)
    found = group()
    assert (found.alone.k, found.alone.n, found.senior_state) == (None, 0, "not_told")
    assert found.remarked.state == "empty"


@pytest.mark.django_db
def test_remarks_count_for_every_100_lines_of_a_reviewed_change() -> None:
    for remarks, lines in ((0, 50), (1, 50), (2, 100), (6, 100), (40, 100)):
        merged(remarks=remarks, lines=lines)
    merged(reviews=0, remarks=0, lines=10, active_seconds=None)
    found = group()
    assert (found.remarked.n, found.remarked.median) == (5, 2)
    assert (found.remarks, found.remarked_lines) == (49, 400)


@pytest.mark.django_db
def test_too_large_is_told_with_and_without_an_exception_by_origin() -> None:
    merged(lines=200)
    merged(lines=201, origin="assisted", size_band="large")
    merged(lines=5000, origin="assisted", size_band="large", has_exception=True)
    merged(lines=5000, origin="unknown", automation=True, size_band="large")
    merged(lines=300, origin="autonomous", automation=True, size_band="large")
    everything = group()
    assert (everything.large.k, everything.large.n, everything.unexcused.k) == (3, 4, 2)
    assert (group("origin:assisted").too_large, group("origin:assisted").excused) == (2, 1)
    # Evidence of AI help makes an automation assisted; else it is in its own row alone.
    assert (group("origin:autonomous").merged, group("origin:automation").merged) == (1, 1)
    assert group("size:large").merged == 3
    assert group(reviewable_lines=250).too_large == 2


@pytest.mark.django_db
def test_a_week_ends_at_midnight_of_its_zone_and_holds_only_what_merged() -> None:
    merged(at(-0.5))
    merged(at(-0.51))
    merged(at(6.49))
    merged(at(6.5))
    merged(state="open", merged_at=None)
    merged(is_demo=True)
    assert group().merged == 2


@pytest.mark.django_db
def test_a_change_counts_in_each_of_its_scopes_and_once_in_everything() -> None:
    merged(scopes=["", "service:1", "service:2", "team:1"])
    merged(scopes=["", "service:2"])
    assert [group(scope=scope).merged for scope in ("", "service:1", "service:2", "team:1")] == [2, 1, 2, 1]
    assert set(reckoned()) == {"", "service:1", "service:2", "team:1"}


@pytest.mark.django_db
def test_no_senior_is_a_state_and_no_share_of_zero() -> None:
    repository, other = make.repository(), make.repository()
    merged(is_high_risk=True, repository=repository, by_senior=False)
    assert group().senior_state == "not_designated"
    assert (group().senior.k, group().senior.n) == (None, 0)
    senior = SeniorReviewer.objects.create(account="octocat", repository=repository, added_at=at(0))
    merged(is_high_risk=True, repository=repository, by_senior=True)
    merged(is_high_risk=True, repository=other, by_senior=False)
    merged(at(-2), is_high_risk=True, repository=repository, by_senior=False)
    assert (group().high_risk, group().senior.k, group().senior.n) == (3, 1, 2)
    assert (group(weeks=2, begins_on=MONDAY - WEEK).senior.n) == 2
    SeniorReviewer.objects.create(account="hubot", added_at=at(0))
    assert (group().senior.k, group().senior.n) == (1, 3)
    SeniorReviewer.objects.all().delete()
    assert group().senior_state == "not_designated"
    assert senior.account == "octocat"


@pytest.mark.django_db
def test_seniors_of_one_list_stay_designated_when_another_takes_their_place() -> None:
    repository = make.repository()
    first = SeniorReviewer.objects.create(account="octocat", repository=repository, added_at=at(-30))
    merged(is_high_risk=True, repository=repository, by_senior=False)
    first.delete()
    SeniorReviewer.objects.create(account="hubot", repository=repository, added_at=at(30))
    assert (group().senior.k, group().senior.n) == (0, 1)


@pytest.mark.django_db
def test_reviewer_days_count_large_assisted_changes_and_follow_nobody() -> None:
    large = [merged(lines=300, origin="assisted") for _ in range(4)]
    small = merged(lines=10, origin="assisted")
    manual = merged(lines=900, origin="manual")
    for flow in large:
        reviewed(flow, at(1), "ann")
        reviewed(flow, at(1.01), "ann")
    for flow in large[:2]:
        reviewed(flow, at(2), "ann")
    reviewed(small, at(1), "bob")
    reviewed(manual, at(1), "cas")
    reviewed(large[0], at(1), "the author", is_self=True)
    reviewed(large[0], at(1), "a bot", is_bot=True)
    reviewed(large[0], at(1), "of old", reviewer_on_day=None)
    reviewed(large[0], at(9), "dan")
    found = Days.read(reckoned(large_assisted_a_day=3)[""]["days"])
    assert found.spread == ((0, 2), (2, 1), (4, 1))
    assert (found.over, found.reviewers, found.limit) == (1, 4, 3)
    assert Days.read(reckoned(large_assisted_a_day=4)[""]["days"]).over == 0
    # Three on one day, one on the other: that one is not left alone.
    assert [(day.on, day.reviewers, day.over) for day in found.each] == [(None, 4, 1)]
    assert Days.read(reckoned(weeks=13)[""]["days"]).each == ()
    week_after = Days.read(reckoned(begins_on=MONDAY + WEEK)[""]["days"])
    assert (week_after.state, week_after.reviewers, week_after.spread) == ("hidden", None, ())


def test_days_of_few_reviewers_are_pooled_until_they_are_enough() -> None:
    days = {MONDAY: (5, 2), MONDAY + timedelta(1): (1, 1), MONDAY + timedelta(2): (3, 0)}
    assert large_assisted_days.pooled(days) == [("2026-03-02", 5, 2), ("", 4, 1)]
    alone = {MONDAY: (2, 1), MONDAY + timedelta(1): (2, 0)}
    assert large_assisted_days.pooled(alone) == [("", 4, 1)]
    assert large_assisted_days.pooled({MONDAY: (3, 3)}) == [("2026-03-02", 3, 3)]


@given(some.dictionaries(some.integers(0, 6), some.integers(1, 8), max_size=7))
def test_no_row_of_days_is_of_fewer_than_three_when_the_week_has_three(reviewers: dict[int, int]) -> None:
    lines = [DayOfReviewers("", MONDAY + timedelta(day), 0, people) for day, people in reviewers.items()]
    found = Days.read(large_assisted_days.part(lines, limit=3, by_day=True))
    if found.reviewers is None:
        assert sum(reviewers.values()) < 3
        return
    assert all(day.reviewers >= 3 for day in found.each)
    assert sum(day.reviewers for day in found.each) == sum(reviewers.values()) == found.reviewers


@pytest.mark.django_db
def test_answers_are_told_by_size_and_origin_and_small_voices_together() -> None:
    flows = {band: merged(size_band=band, origin="assisted") for band in ("small", "medium", "large")}
    answers = {"small": ["yes"] * 9 + ["no"], "medium": ["not_really"] * 6, "large": ["no"] * 2}
    for band, said in answers.items():
        for answer in said:
            ReviewCare.objects.create(change_id=flows[band].pk, answer=answer, on=MONDAY + timedelta(3))
    ReviewCare.objects.create(change_id=flows["small"].pk, answer="no", on=MONDAY + WEEK)
    found = Care.read(reckoned()[""]["care"])
    assert found.total == Voices((), 9, 6, 3)
    assert found.by_size == (Voices(("size:small",), 9, 0, 1), Voices(("size:large", "size:medium"), 0, 6, 2))
    assert found.by_origin == (Voices(("origin:assisted",), 9, 6, 3),)
    assert (found.state, found.total.share.rate) == ("few", None)
    assert Care.read(reckoned(begins_on=MONDAY + WEEK)[""]["care"]).total is None
    assert Care.read(reckoned(weeks=2)[""]["care"]).total == Voices((), 9, 6, 4)


@given(some.dictionaries(some.sampled_from(["small", "medium", "large", "unknown"]), some.integers(1, 9)))
def test_no_shown_voice_is_smaller_than_five(sizes: dict[str, int]) -> None:
    found = Care.read(review_care.part(Answers("", "manual", size, "yes", n) for size, n in sizes.items()))
    assert all(one.n >= 5 for one in (*found.by_size, *found.by_origin))
    assert sum(one.n for one in found.by_size) in (0, sum(sizes.values()))
    assert (found.total is None) == (0 < sum(sizes.values()) < 5)


@given(some.lists(some.floats(0.01, 1e6), min_size=1, max_size=60))
def test_a_middle_has_the_values_of_the_median_interval(values: list[float]) -> None:
    found, exact = Middle.read(middle(values)), median_interval(values, 0)
    assert found.median == pytest.approx(exact.median, abs=1e-4)
    for one, other in ((found.low, exact.low), (found.high, exact.high)):
        assert one is other is None or one == pytest.approx(other, abs=1e-4)
    logs = median(log(value) for value in values)
    assert Middle.read(middle(values, of_ratios=True)).median == pytest.approx(exp(logs), rel=1e-6, abs=1e-4)


def test_the_weeks_that_are_tested_move_on_every_four_weeks() -> None:
    ends = [reading_load.tested(Span(MONDAY + number * WEEK, 13)).ends_on for number in range(8)]
    assert len(set(ends)) in (2, 3)
    for number, end in enumerate(ends):
        last = Span(MONDAY + number * WEEK, 13).ends_on
        assert timedelta(0) <= last - end < timedelta(weeks=4)
        assert (end.toordinal() - 1) % 28 == 0
    assert reading_load.tested(Span(MONDAY, 13)).weeks == 26


def course(values: Sequence[float | None], *, of_ratios: bool = True) -> reading_load.LoadVerdict:
    span = Span(MONDAY, 26)
    return verdict(span, dict(zip(span.each(), values, strict=False)), of_ratios=of_ratios)


def test_a_doubling_is_a_trend_and_up_and_down_is_none() -> None:
    rising = course([4 * 2 ** (week / 25) for week in range(26)])
    assert (rising.direction, rising.name) == ("up", "Going up")
    assert rising.factor == pytest.approx(2)
    assert course([8 / 2 ** (week / 25) for week in range(26)]).direction == "down"
    flat = course([5.0 + week % 2 for week in range(26)])
    assert (flat.direction, flat.is_tested) == ("", True)
    assert "a slow change could still be hidden" in flat.words


def test_gaps_keep_their_place_when_the_slope_is_taken() -> None:
    values: list[float | None] = [None if week % 2 else 4 * 2 ** (week / 25) for week in range(26)]
    found = course(values)
    assert (found.weeks, found.direction) == (13, "up")
    assert found.factor == pytest.approx(2)
    few = course([*values[:24], None, None])
    assert (few.is_tested, few.direction, few.p) == (False, "", None)
    assert "12 of the 26 weeks" in few.words


def test_remarks_of_zero_are_values_where_no_logarithm_is_taken() -> None:
    assert course([0.0] * 26, of_ratios=False).is_tested
    assert course([0.0] * 10 + [1.0 + week for week in range(16)], of_ratios=False).direction == "up"


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(3))
def test_all_figures_are_those_of_a_slow_recount(seed: int) -> None:
    draw = random.Random(seed)
    flows = [_random_flow(draw) for _ in range(40)]
    for flow in flows:
        for _ in range(draw.randrange(3)):
            who = draw.choice(["ann", "bob", "cas", "dan"])
            reviewed(flow, at(draw.uniform(-1, 8)), who, is_bot=draw.random() < 0.1)
    found = reckoned()
    for scope in {scope for flow in flows for scope in flow.scopes}:
        for key in ("", "origin:assisted", "origin:automation", "size:large"):
            own = [flow for flow in flows if scope in flow.scopes and _is_in(flow, key)]
            got = Group.read(key, found.get(scope, {}).get("groups", {}).get(key))
            assert _numbers_of(got) == _recount(own), (scope, key)
        days = Days.read(found.get(scope, {}).get("days"))
        assert dict(days.spread) == _recounted_days(flows, scope) or days.reviewers is None


def _random_flow(draw: random.Random) -> ChangeFlow:
    told = draw.random() < 0.8
    reviews = draw.randrange(3) if told else None
    lines = draw.choice([None, 0, 5, 80, 201, 900])
    return merged(
        at(draw.uniform(-1, 8)), lines=lines, automation=draw.random() < 0.2, reviews=reviews,
        origin=draw.choice(["assisted", "autonomous", "manual", "unknown"]),
        size_band=draw.choice(["small", "large", "unknown"]), remarks=draw.randrange(4) if told else None,
        active_seconds=draw.choice([None, 60, 700]) if reviews else None, has_exception=draw.random() < 0.3,
        scopes=["", *draw.sample(["team:1", "service:1", "service:2"], draw.randrange(3))],
    )  # fmt: skip


def _is_in(flow: ChangeFlow, key: str) -> bool:
    if not at(-0.5) <= (flow.merged_at or at(99)) < at(6.5):
        return False
    is_bot = flow.automation and flow.origin not in ("assisted", "autonomous")
    if key == "origin:automation":
        return is_bot
    return not is_bot and key in ("", f"origin:{flow.origin}", f"size:{flow.size_band}")


def _recount(flows: list[ChangeFlow]) -> dict[str, Any]:
    sizes = [(flow.lines, flow.has_exception) for flow in flows if flow.lines is not None]
    paced = [
        flow.lines * 60 / flow.active_seconds for flow in flows if (flow.lines or 0) and flow.active_seconds
    ]
    remarked = [
        flow.remarks * 100 / flow.lines
        for flow in flows
        if (flow.lines or 0) and flow.remarks is not None and (flow.reviews or flow.remarks)
    ]
    return {
        "merged": len(flows),
        "large": (sum(lines > 200 for lines, _ in sizes), len(sizes)),
        "excused": sum(lines > 200 and is_excused for lines, is_excused in sizes),
        "alone": sum(flow.reviews == 0 for flow in flows),
        "told": sum(flow.reviews is not None for flow in flows),
        "one_moment": sum(bool(flow.reviews) and flow.active_seconds is None for flow in flows),
        "pace": (len(paced), pytest.approx(exp(median(map(log, paced))), abs=1e-4) if paced else None),
        "remarked": (len(remarked), pytest.approx(median(remarked), abs=1e-4) if remarked else None),
    }


def _numbers_of(found: Group) -> dict[str, Any]:
    return {
        "merged": found.merged, "large": (found.too_large, found.sized), "excused": found.excused,
        "alone": found.unreviewed, "told": found.told, "one_moment": found.one_moment,
        "pace": (found.pace.n, found.pace.median), "remarked": (found.remarked.n, found.remarked.median),
    }  # fmt: skip


def _recounted_days(flows: list[ChangeFlow], scope: str) -> dict[int, int]:
    seen: defaultdict[bytes, set[int]] = defaultdict(set)
    for flow in (one for one in flows if scope in one.scopes):
        is_large = flow.origin in ("assisted", "autonomous") and (flow.lines or 0) > 200
        for review in Review.objects.filter(change_id=flow.pk, is_bot=False):
            if at(-0.5) <= review.submitted_at < at(6.5):
                seen[bytes(review.reviewer_on_day or b"")].update({flow.pk} if is_large else set())
    return dict(Counter(len(large) for large in seen.values()))
