"""Controls: drawn by lot, asked the same, kept apart from every rate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from changes.models import (
    Assistance,
    AssistanceKind,
    Change,
    ChangeLink,
    Decision,
    DomainArea,
    Origin,
    Repository,
    SizeBand,
)
from changes.services.origin import say_origin
from incidents.models import Cause, Control, Incident
from incidents.queries.controls import controls_of, stands, unfailed
from incidents.services import controls
from incidents.services.refusals import Refused
from intake.models import LedgerEntry
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 20, 9, 0, tzinfo=UTC)
SHIPPED = datetime(2026, 4, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def person() -> User:
    return make.user(username="ana")


@pytest.fixture
def area() -> DomainArea:
    return make.area("till")


@pytest.fixture
def shop() -> Repository:
    return make.repository()


@pytest.fixture
def culprit(area: DomainArea, shop: Repository) -> Change:
    return like(area, shop, title="The culprit", origin="assisted")


@pytest.fixture
def cause(culprit: Change) -> Cause:
    incident = make.incident(impact_started_at=SHIPPED + timedelta(days=1))
    return Cause.objects.create(incident=incident, change=culprit, status="confirmed")


def like(area: DomainArea, shop: Repository, /, **over: Any) -> Change:
    """Of the culprit's area, size and quarter."""
    values = {"area": area, "repository": shop, "size_band": SizeBand.SMALL, "shipped_at": SHIPPED}
    return make.change(**(values | over))


def draw(cause: Cause, by: User | None = None) -> list[int]:
    return [one.change_id for one in controls.draw(cause_id=cause.pk, by=by, now=NOW)]


def test_two_alike_are_drawn_when_the_stratum_has_more(
    cause: Cause, area: DomainArea, shop: Repository, person: User
) -> None:
    pool = {like(area, shop).pk for _ in range(9)}
    elsewhere = like(make.area("cellar"), shop)
    drawn = draw(cause, person)
    assert len(set(drawn)) == 2
    assert set(drawn) <= pool
    assert elsewhere.pk not in drawn
    assert {(one.pool, one.area_id, one.size_band) for one in Control.objects.all()} == {
        (9, area.pk, "small")
    }
    assert LedgerEntry.objects.filter(kind="incident", verb="controls_drawn", actor_id=person.pk).exists()


def test_the_lot_is_the_same_when_it_is_drawn_again_from_the_same(
    cause: Cause, area: DomainArea, shop: Repository
) -> None:
    for _ in range(12):
        like(area, shop)
    first = draw(cause)
    Control.objects.all().delete()
    assert draw(cause) == first
    assert draw(cause) == [], "two stand already"


def test_other_causes_draw_other_lots(cause: Cause, area: DomainArea, shop: Repository) -> None:
    for _ in range(40):
        like(area, shop)
    lots = set()
    for _ in range(6):
        incident = make.incident(impact_started_at=SHIPPED)
        change = like(area, shop, origin="manual")
        other = Cause.objects.create(incident=incident, change=change, status="confirmed")
        lots.add(tuple(draw(other)))
    assert len(lots) > 3


NOT_ALIKE: dict[str, dict[str, Any]] = {
    "another quarter": {"shipped_at": datetime(2026, 3, 30, tzinfo=UTC)},
    "another size": {"size_band": SizeBand.LARGE},
    "no area": {"area": None},
    "too young": {"shipped_at": NOW - timedelta(days=29)},
    "no code": {"type": Change.Type.CONFIGURATION},
    "an automation": {"automation": True},
    "reverted": {"undone_at": SHIPPED + timedelta(days=2)},
    "merged, not shipped": {"state": Change.State.MERGED, "shipped_basis": ""},
}


@pytest.mark.parametrize("why", NOT_ALIKE)
def test_a_change_is_not_drawn_when_it_is(why: str, cause: Cause, area: DomainArea, shop: Repository) -> None:
    like(area, shop, **NOT_ALIKE[why])
    assert draw(cause) == []


def test_a_change_is_drawn_on_the_day_it_is_old_enough(
    cause: Cause, area: DomainArea, shop: Repository
) -> None:
    old = like(area, shop, shipped_at=NOW - timedelta(days=30))
    assert draw(cause) == [old.pk]


@pytest.mark.parametrize(
    ("status", "drawn"), [("confirmed", 0), ("suspected", 0), ("suggested", 1), ("ruled_out", 1)]
)
def test_a_change_that_had_a_hand_in_any_incident_is_not_drawn(
    status: str, drawn: int, cause: Cause, area: DomainArea, shop: Repository
) -> None:
    other = like(area, shop)
    hidden = make.incident(is_restricted=True)
    Cause.objects.create(incident=hidden, change=other, status=status)
    assert len(draw(cause)) == drawn


def test_a_change_is_drawn_when_its_incident_was_a_false_alarm(
    cause: Cause, area: DomainArea, shop: Repository
) -> None:
    other = like(area, shop)
    alarm = make.incident(status="closed", closing_reason="false_alarm")
    Cause.objects.create(incident=alarm, change=other, status="confirmed")
    assert draw(cause) == [other.pk]


def test_a_change_that_a_fix_names_and_one_whose_double_failed_are_not_drawn(
    cause: Cause, area: DomainArea, shop: Repository
) -> None:
    repaired, survivor = like(area, shop), like(area, shop)
    fix = make.change(repository=shop)
    ChangeLink.objects.create(change=fix, kind="fixes", names="#1", target=repaired, rule="fixes")
    double = like(area, shop, merged_into=survivor)
    Cause.objects.create(incident=make.incident(), change=double, status="confirmed")
    assert draw(cause) == []


def test_demonstration_changes_are_never_drawn_for_a_real_incident(cause: Cause, area: DomainArea) -> None:
    like(area, make.repository(is_demo=True))
    assert draw(cause) == []
    assert unfailed(demo=True, now=NOW).count() == 1


def test_an_area_merged_into_another_is_the_same_stratum(
    cause: Cause, area: DomainArea, shop: Repository
) -> None:
    old = make.area("old-till", merged_into=area, merged_at=NOW)
    inside = like(old, shop)
    assert draw(cause) == [inside.pk]
    assert Control.objects.get().area == area


def test_one_is_asked_when_the_stratum_has_only_one(cause: Cause, area: DomainArea, shop: Repository) -> None:
    only = like(area, shop)
    assert draw(cause) == [only.pk]
    later = like(area, shop)
    assert draw(cause) == [later.pk], "looked at again, when there are more"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "suspected": ({"cause": {"status": "suspected"}}, "once this one is confirmed"),
    "not shipped": ({"change": {"state": "merged", "shipped_at": None}}, "quarter is unknown"),
    "configuration": ({"change": {"type": "configuration"}}, "over code changes"),
    "automation": ({"change": {"automation": True}}, "automation"),
    "unknown": ({"change": {"origin": "unknown"}}, "Say first"),
    "late": ({"change": {"shipped_at": SHIPPED - timedelta(days=31)}}, "outside its first 30 days"),
    "duplicate": ({"incident": {"status": "closed", "closing_reason": "duplicate"}}, "does not count"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_no_control_is_asked_for_when_it_is(why: str, cause: Cause) -> None:
    rows, words = REFUSED[why]
    Cause.objects.update(**rows.get("cause", {}))
    Change.objects.filter(pk=cause.change_id or 0).update(**rows.get("change", {}))
    Incident.objects.update(**rows.get("incident", {}))
    with pytest.raises(Refused, match=words):
        draw(cause)
    assert controls.draw_where_due(incident_id=cause.incident_id, by=None, now=NOW) == 0
    assert Control.objects.count() == 0


def test_nothing_is_drawn_when_the_answer_was_that_nobody_knows(cause: Cause, person: User) -> None:
    said = {"by": person, "prompted_by": "postmortem", "now": NOW}
    say_origin(change_id=cause.change_id or 0, origin="unknown", **said)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="nothing could be compared"):
        draw(cause)


@pytest.fixture
def control(cause: Cause, area: DomainArea, shop: Repository) -> Control:
    like(area, shop)
    draw(cause)
    return Control.objects.get()


@pytest.fixture
def kind() -> AssistanceKind:
    return AssistanceKind.objects.get(slug="refactoring")


def answer(control: Control, by: User, origin: str, *kinds: AssistanceKind, later: int = 0) -> None:
    now = NOW + timedelta(minutes=later)
    controls.answer(control_id=control.pk, origin=origin, kinds=kinds, by=by, now=now)


def test_an_answer_is_a_decision_that_counts_in_no_rate(
    control: Control, person: User, kind: AssistanceKind
) -> None:
    answer(control, person, "assisted", kind)
    control.refresh_from_db()
    assert (control.origin, control.answered_by, control.answered_at) == ("assisted", person, NOW)
    change = Change.objects.get(pk=control.change_id)
    assert change.origin == Origin.ASSISTED
    assert change.origin_counted == Origin.UNKNOWN
    said = Assistance.objects.get(change=change)
    assert (said.status, said.counted) == ("confirmed", False)
    assert {one.prompted_by for one in Decision.objects.all()} == {"control"}
    assert not Decision.objects.filter(reason__contains=str(control.cause.incident)).exists()


def test_cannot_say_is_kept_and_says_nothing_of_the_change(control: Control, person: User) -> None:
    answer(control, person, "unknown")
    control.refresh_from_db()
    assert (control.origin, control.answered_at) == ("unknown", NOW)
    assert Decision.objects.count() == 0


def test_the_later_answer_stands_when_it_is_answered_again(
    control: Control, person: User, kind: AssistanceKind
) -> None:
    answer(control, person, "assisted", kind)
    answer(control, person, "assisted", kind, later=1)
    assert Decision.objects.count() == 2, "the same again is no answer"
    answer(control, person, "manual", later=2)
    change = Change.objects.get(pk=control.change_id)
    assert change.origin == Origin.MANUAL
    assert not Assistance.objects.filter(change=change, status="confirmed").exists()
    assert Decision.objects.filter(withdrawn_at=None).count() == 1


def test_what_was_said_elsewhere_stays_when_an_answer_is_taken_back(control: Control, person: User) -> None:
    say_origin(change_id=control.change_id, origin="manual", by=person, prompted_by="queue", now=NOW)
    answer(control, person, "assisted", later=1)
    controls.take_back(control_id=control.pk, by=person, now=NOW)
    control.refresh_from_db()
    assert (control.origin, control.answered_at) == ("", None)
    assert Change.objects.get(pk=control.change_id).origin == Origin.MANUAL


@pytest.mark.parametrize(
    ("origin", "with_kind", "words"), [("guessed", False, "Say manual"), ("manual", True, "needs AI help")]
)
def test_an_answer_is_refused_when_it_makes_no_sense(
    origin: str, with_kind: bool, words: str, control: Control, person: User, kind: AssistanceKind
) -> None:
    with pytest.raises(Refused, match=words):
        answer(control, person, origin, *([kind] if with_kind else []))
    assert Decision.objects.count() == 0


def test_another_is_drawn_when_one_is_passed_over(
    control: Control, area: DomainArea, shop: Repository, person: User
) -> None:
    answer(control, person, "assisted")
    others = {like(area, shop).pk for _ in range(3)}
    controls.pass_over(control_id=control.pk, by=person, now=NOW)
    control.refresh_from_db()
    assert (control.passed_over_at, control.origin) == (NOW, "")
    standing = [one for one in controls_of(control.cause.incident) if stands(one)]
    assert len(standing) == 2
    assert {one.change_id for one in standing} <= others
    assert {one.pool for one in standing} == {4}, "what was drawn before counts in the pool"
    with pytest.raises(Refused, match="passed over"):
        answer(control, person, "manual")


CORRECTIONS: dict[str, Any] = {
    "failed since": lambda one: Cause.objects.create(
        incident=make.incident(), change=one.change, status="suspected"
    ),
    "reverted since": lambda one: Change.objects.filter(pk=one.change_id).update(undone_at=NOW),
    "its area corrected": lambda one: Change.objects.filter(pk=one.change_id).update(area=make.area("attic")),
    "the cause's area corrected": lambda one: Change.objects.filter(pk=one.cause.change_id).update(
        area=make.area("attic")
    ),
    "its size told": lambda one: Change.objects.filter(pk=one.change_id).update(size_band="large"),
}


@pytest.mark.parametrize("what", CORRECTIONS)
def test_a_control_stands_no_more_when(what: str, control: Control, person: User) -> None:
    answer(control, person, "manual")
    CORRECTIONS[what](control)
    (one,) = controls_of(control.cause.incident)
    assert not stands(one)
    assert one.origin == "manual", "the answer is kept"


@pytest.fixture
def client(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_the_api_draws_lists_and_answers(
    cause: Cause, area: DomainArea, shop: Repository, kind: AssistanceKind, client: Client
) -> None:
    for _ in range(3):
        like(area, shop)
    drawn = client.post("/api/v1/controls/draw/", {"cause": cause.pk}, content_type="application/json")
    assert drawn.status_code == 200, drawn.content
    first, second = drawn.json()
    assert (first["pool"], first["origin"], first["quarter_begins_on"]) == (3, "", "2026-04-01")
    told = client.post(
        f"/api/v1/controls/{first['id']}/answer/",
        {"origin": "assisted", "kinds": [kind.slug]},
        content_type="application/json",
    ).json()
    assert (told["origin"], told["kinds"]) == ("assisted", [kind.slug])
    passed = client.post(f"/api/v1/controls/{second['id']}/pass-over/").json()
    assert passed["passed_over_at"]
    listed = client.get(f"/api/v1/controls/?incident={cause.incident.number}&answered=true").json()
    assert [one["id"] for one in listed["results"]] == [first["id"]]
    back = client.post(f"/api/v1/controls/{first['id']}/take-back/").json()
    assert (back["origin"], back["answered_at"]) == ("", None)


def test_the_api_says_why_none_is_drawn(cause: Cause, client: Client) -> None:
    Cause.objects.update(status="suspected")
    told = client.post("/api/v1/controls/draw/", {"cause": cause.pk}, content_type="application/json")
    assert told.status_code == 422
    assert "once this one is confirmed" in told.json()["detail"]


def test_a_cause_of_a_restricted_incident_does_not_exist_for_others(cause: Cause, client: Client) -> None:
    Incident.objects.update(is_restricted=True)
    told = client.post("/api/v1/controls/draw/", {"cause": cause.pk}, content_type="application/json")
    assert told.status_code == 400
    assert Control.objects.count() == 0


# The step of the postmortem.


def step(cause: Cause) -> str:
    return reverse("incidents:step", args=[cause.incident.number, "causes"])


def send(client: Client, cause: Cause, **typed: Any) -> Any:
    context = client.get(step(cause)).context
    return client.post(step(cause), {"version": context["version"], "page": context["page"]} | typed)


def test_two_are_drawn_when_the_step_is_saved_with_the_origin_answered(
    cause: Cause, area: DomainArea, shop: Repository, client: Client
) -> None:
    others = [like(area, shop, title=f"Like it {n}", shipped_at=SHIPPED) for n in range(5)]
    Change.objects.filter(pk=cause.change_id or 0).update(origin="unknown")
    page = client.get(step(cause)).content.decode()
    assert "Say first where this change came from" in page
    fields = {"status": "confirmed", "role": "trigger", "origin": "manual"}
    sent = send(
        client, cause, do="save", **{f"cause-{cause.pk}-{name}": value for name, value in fields.items()}
    )
    assert sent.status_code == 302, sent.content
    drawn = list(Control.objects.values_list("change_id", flat=True))
    assert len(drawn) == 2
    page = client.get(step(cause)).content.decode()
    assert page.count('class="control"') == 2
    assert "drawn by lot from 5 like it (Till, up to 50 lines, April to June 2026)" in page
    assert sum(other.title in page for other in others if other.pk in drawn) == 2


def test_answers_are_kept_with_the_step_and_rows_without_a_choice_are_not(
    cause: Cause, area: DomainArea, shop: Repository, client: Client, kind: AssistanceKind
) -> None:
    for _ in range(2):
        like(area, shop)
    draw(cause)
    first, second = Control.objects.order_by("pk")
    typed = {f"control-{first.pk}-origin": "assisted", f"control-{first.pk}-kinds": [str(kind.pk)]}
    assert send(client, cause, do="control.save", **typed).status_code == 302
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.origin, list(first.kinds.all())) == ("assisted", [kind])
    assert second.answered_at is None
    row, _ = client.get(step(cause)).context["control_sets"][0].rows
    assert (row.is_answered, row.kinds) == (True, {str(kind.pk)})
    # Kinds stay checked, unseen, when somebody chooses "manual" after all.
    typed[f"control-{first.pk}-origin"] = "manual"
    send(client, cause, do="save", **typed)
    first.refresh_from_db()
    assert (first.origin, first.kinds.count()) == ("manual", 0)
    send(client, cause, do=f"control.back:{first.pk}", **typed)
    first.refresh_from_db()
    assert first.answered_at is None


def test_one_is_passed_over_and_another_stands_in_the_step(
    cause: Cause, area: DomainArea, shop: Repository, client: Client
) -> None:
    for _ in range(3):
        like(area, shop)
    draw(cause)
    first, second = Control.objects.order_by("pk")
    send(client, cause, do=f"control.pass:{first.pk}")
    rows = client.get(step(cause)).context["control_sets"][0].rows
    assert first.pk not in {row.control.pk for row in rows}
    assert len(rows) == 2
    sent = send(client, cause, do=f"control.pass:{second.pk}")
    assert sent.status_code == 302
    assert b"Only one of this area" in client.get(step(cause)).content
    told = send(client, cause, do=f"control.draw:{cause.pk}")
    assert told.status_code == 422
    assert b"Look again later" in told.content


def test_a_control_of_another_incident_is_not_touched(
    cause: Cause, control: Control, area: DomainArea, shop: Repository, client: Client
) -> None:
    incident = make.incident(impact_started_at=SHIPPED)
    change = like(area, shop, origin="manual")
    other = Cause.objects.create(incident=incident, change=change, status="confirmed")
    assert send(client, other, do=f"control.pass:{control.pk}").status_code == 422
    send(client, other, do="save", **{f"control-{control.pk}-origin": "manual"})
    control.refresh_from_db()
    assert (control.passed_over_at, control.origin) == (None, "")


def test_the_two_answers_of_a_pull_request_stand_beside_the_change(cause: Cause, client: Client) -> None:
    told = {"production": "The tax <table> may be stale.", "integration": "Against the sandbox."}
    Change.objects.filter(pk=cause.change_id or 0).update(answers=told)
    page = client.get(step(cause)).content.decode()
    assert "What could break in production?" in page
    assert "The tax &lt;table&gt; may be stale." in page
    assert "Against the sandbox." in page


def test_the_step_asks_the_database_once_more_for_any_number_of_controls(
    cause: Cause, area: DomainArea, shop: Repository, client: Client
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(step(cause)).status_code == 200
        return len(captured)

    for number in range(6):
        like(area, shop)
        change = like(area, shop, origin="manual", title=f"Cause {number}")
        Cause.objects.create(incident=cause.incident, change=change, status="confirmed")
    Cause.objects.update(status="suspected")
    without = queries()
    Cause.objects.update(status="confirmed")
    assert controls.draw_where_due(incident_id=cause.incident_id, by=None, now=NOW) == 14
    assert queries() == without + 1
