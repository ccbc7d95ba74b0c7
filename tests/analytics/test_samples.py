"""Sampled checks: drawn by lot, answered on one page, taken back, and said where comparisons are made."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, Team, User
from analytics import comparisons
from analytics.forms import BaselineForm
from analytics.metrics.recall import hidden_work
from analytics.models import Sample, SampledChange
from analytics.queries import samples as queries
from analytics.queries.samples import Scope
from analytics.services import samples
from analytics.services.demo import remove_demo
from changes.models import Change, Decision, OriginEvidence, Prompt, Repository, Service
from changes.services.origin import set_first_incident, withdraw_decision
from changes.services.policies import state_policy
from incidents.models import Cause
from incidents.services.refusals import Refused
from tests import make
from tests.analytics import histories

pytestmark = pytest.mark.django_db
SCOPE = Scope(date(2026, 1, 1), date(2026, 12, 31), demo=False)
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def by() -> User:
    return make.user()


@pytest.fixture
def where() -> Repository:
    return make.repository()


def untold(where: Repository, count: int = 20, **over: object) -> list[Change]:
    return [make.change(repository=where, **over) for _ in range(count)]


def draw(size: int = 5, scope: Scope = SCOPE, seed: int = 7) -> Sample:
    return samples.draw(scope=scope, size=size, by=None, now=timezone.now(), seed=seed)


def first(sample: Sample) -> SampledChange:
    row = sample.drawn.order_by("position").first()
    assert row
    return row


def marked(where: Repository, **over: object) -> Change:
    change = make.change(repository=where, origin="assisted", origin_basis="evidence", **over)
    OriginEvidence.objects.create(
        change=change, rule_key="t", rule_version=1, place="trailer", origin="assisted",
        strength="strong", excerpt="x",
    )  # fmt: skip
    return change


def test_same_seed_draws_the_same_and_another_one_others(where: Repository) -> None:
    untold(where, 30)
    one, again, other = (draw(10, seed=seed).drawn.values_list("change_id", flat=True) for seed in (1, 1, 2))
    assert list(one) == list(again) != list(other)
    assert len(set(one)) == 10


def test_what_is_known_is_counted_and_never_drawn(where: Repository) -> None:
    told = [
        marked(where),
        make.change(repository=where, origin="manual", origin_basis="person"),
        make.change(repository=where, origin="assisted", origin_basis="person"),
    ]
    make.change(repository=where, automation=True)
    make.change(repository=where, type="configuration")
    make.change(repository=where, shipped_at=AT - timedelta(days=400))
    rest = untold(where, 6)
    sample = draw(50)
    assert {one.change_id for one in sample.drawn.all()} == {one.pk for one in rest}
    assert (sample.drawn_from, sample.population) == (len(rest) + len(told), len(rest))
    names = ("marked", "declared", "said", "manual", "unknown", "by_policy")
    assert [sample.known[name] for name in names] == [1, 0, 1, 1, 6, 0]


def test_what_is_manual_on_a_policys_word_alone_is_drawn_too(where: Repository) -> None:
    untold(where, 4)
    state_policy(repository=where, since=date(2026, 1, 1), by=None, now=AT)
    sample = draw(4)
    assert (sample.known["by_policy"], sample.population) == (4, 4)
    assert queries.line_of(sample).answered == 0, "a policy's word is no answer"


def test_only_the_scope_is_drawn_from_when_a_team_or_repository_is_named(where: Repository) -> None:
    team = Team.objects.create(name="Tills", slug="tills")
    service = Service.objects.create(name="Till", slug="till", repository=where, team=team)
    mine, other = untold(where, 3), untold(make.repository(), 3)
    mine[0].services.add(service)
    of_team = draw(scope=Scope(SCOPE.since, SCOPE.until, demo=False, team=team))
    of_repository = draw(scope=Scope(SCOPE.since, SCOPE.until, demo=False, repository=other[0].repository))
    assert [one.change_id for one in of_team.drawn.all()] == [mine[0].pk]
    assert {one.change_id for one in of_repository.drawn.all()} == {one.pk for one in other}


@pytest.mark.parametrize("size", [0, 501])
def test_drawing_is_refused_for_a_size_that_is_none(where: Repository, size: int) -> None:
    untold(where, 1)
    with pytest.raises(Refused, match="Draw 1 to 500"):
        draw(size)


def test_drawing_is_refused_when_nothing_is_unknown(where: Repository) -> None:
    marked(where)
    with pytest.raises(Refused, match="nothing is left"):
        draw()


def test_answer_is_a_word_on_the_change_prompted_by_the_sample(where: Repository, by: User) -> None:
    untold(where)
    row = first(draw())
    samples.answer(drawn_id=row.pk, say="assisted", by=by, now=AT)
    row.refresh_from_db()
    assert row.decision is not None
    assert (row.decision.prompted_by, row.decision.said_by, row.decision.origin) == (
        Prompt.SAMPLE, by, "assisted",
    )  # fmt: skip
    row.change.refresh_from_db()
    assert (row.change.origin, row.change.origin_basis, row.change.origin_counted) == (
        "assisted", "person", "assisted",
    )  # fmt: skip


def test_answer_after_a_failure_is_kept_and_never_counts_as_said_before(where: Repository, by: User) -> None:
    untold(where)
    row = first(draw())
    set_first_incident(change_id=row.change_id, at=AT + timedelta(days=1))
    samples.answer(drawn_id=row.pk, say="assisted", by=by, now=AT + timedelta(days=2))
    row.change.refresh_from_db()
    assert (row.change.origin, row.change.origin_counted) == ("assisted", "unknown")
    assert queries.line_of(row.sample).estimate.answers.assisted == 1


@pytest.mark.parametrize("is_named", [False, True])
def test_page_tells_of_a_restricted_incident_to_those_named_on_it_alone(
    where: Repository, by: User, is_named: bool
) -> None:
    (change,) = untold(where, 1, first_incident_at=AT)
    outage = make.incident(is_restricted=True, people=[by] if is_named else [])
    Cause.objects.create(incident=outage, change=change, status="confirmed")
    client = Client()
    client.force_login(by)
    page = client.get(reverse("analytics:sample", args=[draw(1).pk])).content.decode()
    assert change.title in page
    assert ("Said after its incident" in page) == is_named


def test_cannot_say_is_an_answer_and_says_nothing_of_the_change(where: Repository, by: User) -> None:
    untold(where)
    sample = draw()
    samples.answer(drawn_id=first(sample).pk, say="cannot_say", by=by, now=AT)
    line = queries.line_of(sample)
    assert (line.answered, line.estimate.answers.cannot_say) == (1, 1)
    assert not Decision.objects.exists()


def test_second_answer_is_refused_and_the_first_stays(where: Repository, by: User) -> None:
    untold(where)
    row = first(draw())
    samples.answer(drawn_id=row.pk, say="manual", by=by, now=AT)
    with pytest.raises(Refused, match="meanwhile"):
        samples.answer(drawn_id=row.pk, say="assisted", by=make.user(), now=AT)
    row.change.refresh_from_db()
    assert row.change.origin == "manual"


@pytest.mark.parametrize("say", ["manual", "cannot_say"])
def test_undo_takes_the_answer_back(where: Repository, by: User, say: str) -> None:
    untold(where)
    row = first(draw())
    samples.answer(drawn_id=row.pk, say=say, by=by, now=AT)
    samples.undo(drawn_id=row.pk, by=by, now=AT)
    row.refresh_from_db()
    assert queries.answer_of(row) is None
    assert row.change.origin == "unknown"
    samples.answer(drawn_id=row.pk, say="assisted", by=by, now=AT)


def test_undo_of_anothers_word_is_refused(where: Repository, by: User) -> None:
    untold(where)
    row = first(draw())
    samples.answer(drawn_id=row.pk, say="manual", by=make.user(), now=AT)
    with pytest.raises(Refused, match="Somebody else"):
        samples.undo(drawn_id=row.pk, by=by, now=AT)


def test_word_withdrawn_elsewhere_is_open_again(where: Repository, by: User) -> None:
    untold(where)
    row = samples.answer(drawn_id=first(draw()).pk, say="manual", by=by, now=AT)
    assert row.decision_id
    withdraw_decision(decision_id=row.decision_id, by=by, now=AT)
    assert queries.line_of(row.sample).answered == 0
    samples.answer(drawn_id=row.pk, say="assisted", by=by, now=AT)


def test_what_evidence_tells_meanwhile_counts_as_an_answer(where: Repository) -> None:
    untold(where)
    sample = draw()
    Change.objects.filter(pk=first(sample).change_id).update(origin="assisted", origin_basis="evidence")
    assert queries.line_of(sample).estimate.answers.assisted == 1


def test_nothing_is_answered_or_undone_when_the_check_is_closed(where: Repository, by: User) -> None:
    untold(where)
    sample = draw()
    samples.close(sample=sample, now=AT)
    with pytest.raises(Refused, match="closed"):
        samples.answer(drawn_id=first(sample).pk, say="manual", by=by, now=AT)
    samples.reopen(sample=sample)
    samples.answer(drawn_id=first(sample).pk, say="manual", by=by, now=AT)


def test_checks_of_demonstration_data_go_with_it_and_real_ones_stay(by: User) -> None:
    made_up, real = make.repository(is_demo=True), make.repository()
    untold(made_up, 3)
    untold(real, 3)
    draw(scope=Scope(SCOPE.since, SCOPE.until, demo=True))
    kept = draw()
    assert [one.pk for one in queries.samples(False)] == [kept.pk]
    remove_demo(by=by)
    assert list(Sample.objects.all()) == [kept]


# ---------------------------------------------------------------- pages


def signed_in(role: Role = Role.AUTHOR) -> Client:
    client = Client()
    client.force_login(make.user(role))
    return client


def near(where: Repository, count: int = 12) -> list[Change]:
    """Shipped within the default window of the pages."""
    return untold(where, count, shipped_at=timezone.now() - timedelta(days=40))


def test_page_draws_what_it_counted(where: Repository) -> None:
    near(where)
    client = signed_in()
    text = client.get(reverse("analytics:samples")).content.decode()
    assert "Draw 12 of these 12 by lot" in text
    answer = client.post(reverse("analytics:samples"), {"size": "4"})
    sample = Sample.objects.get()
    assert answer.headers["Location"] == reverse("analytics:sample", args=[sample.pk])
    assert sample.drawn.count() == 4


def test_page_says_what_is_wrong_and_draws_nothing(where: Repository) -> None:
    near(where)
    answer = signed_in().post(reverse("analytics:samples"), {"size": "0"})
    assert answer.status_code == 400
    assert not Sample.objects.exists()


def test_viewers_read_and_do_not_draw(where: Repository) -> None:
    near(where)
    client = signed_in(Role.VIEWER)
    assert "by lot</button>" not in client.get(reverse("analytics:samples")).content.decode()
    assert client.post(reverse("analytics:samples"), {"size": "4"}).status_code == 403


def test_check_is_answered_one_after_the_other_without_scripts(where: Repository) -> None:
    near(where)
    sample = draw(3)
    client = signed_in()
    for row, say in zip(sample.drawn.order_by("position"), ("assisted", "manual", "cannot_say"), strict=True):
        page = client.get(reverse("analytics:sample", args=[sample.pk])).content.decode()
        assert reverse("analytics:sample_answer", args=[sample.pk, row.pk]) in page
        client.post(reverse("analytics:sample_answer", args=[sample.pk, row.pk]), {"say": say})
    page = client.get(reverse("analytics:sample", args=[sample.pk])).content.decode()
    assert "All are answered" in page
    assert "1 with AI help, 1 manual, 1 that nobody could say" in page


def test_part_alone_is_answered_when_a_script_asks(where: Repository) -> None:
    near(where)
    sample = draw(3)
    one, two, _ = sample.drawn.order_by("position")
    answer = signed_in().post(
        reverse("analytics:sample_answer", args=[sample.pk, one.pk]), {"say": "manual"},
        headers={"HX-Request": "true"},
    )  # fmt: skip
    text = answer.content.decode()
    assert "<html" not in text
    assert f'data-pk="{two.pk}"' in text
    assert "Manual: kept. 2 left." in text


def test_undo_without_a_name_takes_back_the_last_of_this_person(where: Repository) -> None:
    near(where)
    sample = draw(3)
    client = signed_in()
    rows = list(sample.drawn.order_by("position"))
    for row in rows[:2]:
        client.post(reverse("analytics:sample_answer", args=[sample.pk, row.pk]), {"say": "manual"})
    client.post(reverse("analytics:sample_undo", args=[sample.pk]))
    assert [queries.answer_of(one) for one in queries.drawn_of(sample)] == ["no_ai", None, None]


def test_undo_takes_back_cannot_say_first_when_it_was_said_last(where: Repository) -> None:
    near(where)
    sample = draw(3)
    client = signed_in()
    for row, say in zip(sample.drawn.order_by("position"), ("manual", "cannot_say"), strict=False):
        client.post(reverse("analytics:sample_answer", args=[sample.pk, row.pk]), {"say": say})
    undo = reverse("analytics:sample_undo", args=[sample.pk])
    client.post(undo)
    assert [queries.answer_of(one) for one in queries.drawn_of(sample)] == ["no_ai", None, None]
    client.post(undo)
    client.post(undo)
    assert [queries.answer_of(one) for one in queries.drawn_of(sample)] == [None, None, None]


def test_drawn_change_of_another_check_is_not_found(where: Repository) -> None:
    near(where)
    one, other = draw(3), draw(3, seed=8)
    address = reverse("analytics:sample_answer", args=[one.pk, first(other).pk])
    assert signed_in().post(address, {"say": "manual"}).status_code == 404


def test_list_asks_as_many_questions_for_many_checks_as_for_one(where: Repository) -> None:
    near(where)
    client = signed_in(Role.VIEWER)
    draw(3)
    client.get(reverse("analytics:samples"))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("analytics:samples"))
    for seed in range(4):
        draw(5, seed=seed)
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("analytics:samples"))
    assert len(many) == len(few)


def test_files_hold_the_answers_and_the_estimate(where: Repository, by: User) -> None:
    near(where)
    sample = draw(4)
    samples.answer(drawn_id=first(sample).pk, say="assisted", by=by, now=timezone.now())
    client = signed_in(Role.VIEWER)
    lines = client.get(reverse("analytics:sample_csv", args=[sample.pk])).content.decode().splitlines()
    assert len(lines) == 5
    assert ",ai," in lines[1]
    told = client.get(reverse("analytics:sample_json", args=[sample.pk])).json()
    assert (told["drawn"], told["answered"], told["seed"]) == (4, 1, sample.seed)
    assert told["hidden"]["low"] <= told["hidden"]["value"] <= told["hidden"]["high"]


# ---------------------------------------------------------------- where comparisons are made


def answered(sample: Sample, by: User, assisted: int) -> None:
    for row in sample.drawn.order_by("position"):
        say = "assisted" if row.position < assisted else "manual"
        samples.answer(drawn_id=row.pk, say=say, by=by, now=AT)


def test_sample_serves_only_with_enough_answers_and_in_its_own_place(where: Repository, by: User) -> None:
    untold(where, 40)
    window: dict[str, Any] = {"demo": False, "start": SCOPE.since, "end": SCOPE.until}
    thin = draw(9)
    answered(thin, by, 3)
    assert queries.serving(**window, team_id=None, repository_id=None) is None
    of_one = samples.draw(
        scope=Scope(SCOPE.since, SCOPE.until, demo=False, repository=where), size=12, by=None, now=AT
    )
    answered(of_one, by, 3)
    assert queries.serving(**window, team_id=None, repository_id=None) is None
    found = queries.serving(**window, team_id=None, repository_id=where.pk)
    assert found is not None
    assert found.sample == of_one
    whole = draw(12)
    answered(whole, by, 6)
    found = queries.serving(**window, team_id=None, repository_id=None)
    assert found is not None
    assert found.sample == whole


def test_baseline_page_says_how_much_is_hidden_and_what_the_ratio_would_be(
    where: Repository, by: User
) -> None:
    at = timezone.now() - timedelta(days=60)
    kind = histories.kind("code-generation")
    for number in range(40):
        failed = at if number < 10 else None
        helped = marked(where, shipped_at=at, origin_counted="assisted", undone_at=failed)
        histories.touched(helped)
        histories.help_in(helped, kind)
    for number in range(80):
        failed = at if number < 10 else None
        histories.touched(make.change(repository=where, shipped_at=at, undone_at=failed))
    scope = Scope(at.date() - timedelta(days=1), timezone.now().date(), demo=False)
    sample = samples.draw(scope=scope, size=20, by=None, now=timezone.now(), seed=3)
    client = signed_in(Role.VIEWER)
    histories.settled()
    address = reverse("analytics:baseline") + "?basis=undone"
    assert "How much is hidden here is not known" in client.get(address).content.decode()
    answered(sample, by, 5)
    histories.settled()
    text = client.get(address).content.decode()
    assert "Differences shrink: about" in text
    assert "of the unmarked are estimated to be assisted" in text
    form = BaselineForm({"basis": "undone"})
    assert form.is_valid()
    report = comparisons.against_baseline(form.filters(), "", histories.settled())
    found = hidden_work(report.filters, report.rows)
    assert found is not None
    assert found.share.value == pytest.approx(0.25)
    (row, *_) = found.rows
    assert row.value is not None
    assert row.high is None or row.low < row.value < row.high
    assert row.value > row.ratio > 1
    csv_of = reverse("analytics:baseline_csv") + "?basis=undone"
    told, *_ = [one for one in csv.DictReader(StringIO(client.get(csv_of).content.decode())) if one["ratio"]]
    assert float(told["hidden_share"]) == found.share.value
    assert float(told["ratio_without_hidden"]) == row.value
    for place in (reverse("analytics:baseline_json"), "/api/v1/baseline/"):
        both = client.get(f"{place}?basis=undone").json()["hidden_work"]
        assert (both["sampled_check"], both["share_of_unmarked"]["value"]) == (sample.pk, found.share.value)
        assert both["rows"][0]["value"] == row.value
