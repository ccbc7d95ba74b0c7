"""Marking policies: their effect before they are stated, what broke them, pages, API and the CI check."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Role, Team
from changes.facts import ChangeFact
from changes.models import (
    AssistanceKind,
    Change,
    Decision,
    MarkingPolicy,
    OriginEvidence,
    Prompt,
    Repository,
    Service,
)
from changes.queries import policies as queries
from changes.queries.policies import Why
from changes.services.origin import say_kind, say_origin
from changes.services.policies import PolicyRefused, end_policy, revoke_policy, state_policy
from changes.services.recording import record_changes
from intake.models import LedgerEntry
from tests import make

pytestmark = pytest.mark.django_db
T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)
SINCE = date(2026, 3, 1)
TICKED_NO = "## AI\n- [ ] AI was used\n- [x] AI was not used\n"
TICKED_YES = "## AI\n- [x] AI was used\n- [ ] AI was not used\n"
OPEN = "## AI\n- [ ] AI was used\n- [ ] AI was not used\n"
BOTH = "## AI\n- [x] AI was used\n- [x] AI was not used\n"


@pytest.fixture
def where() -> Repository:
    return make.repository(merged_is_shipped=True)


def stated(where: Repository, since: date = SINCE) -> MarkingPolicy:
    return state_policy(repository=where, since=since, by=None, now=T0 - timedelta(days=1))


def merged(where: Repository, number: int, **over: Any) -> Change:
    """A request told open at first with this description, then merged."""
    told = {"number": str(number), "title": f"Request {number}", "told_at": T0, "state": "merged"}
    fact = ChangeFact(**{**told, "merged_at": T0, "message": "Because of it.", **over})
    (change,) = record_changes(repository=where, facts=[fact])
    change.refresh_from_db()
    return change


def evidence(change: Change, said_at: datetime | None, **over: Any) -> OriginEvidence:
    values = {
        "change": change, "rule_key": "late", "rule_version": 1, "place": "label", "origin": "assisted",
        "strength": "strong", "excerpt": "ai-assisted", "said_at": said_at,
    }  # fmt: skip
    Change.objects.filter(pk=change.pk).update(origin="assisted", origin_basis="evidence")
    return OriginEvidence.objects.create(**{**values, **over})


def reasons(policy: MarkingPolicy) -> dict[int, Why]:
    return {one.change.pk: one.why for one in queries.check(policy).broken}


def test_days_are_the_organisations_when_whoever_states_it_lives_elsewhere(where: Repository) -> None:
    late = datetime(2026, 2, 28, 20, tzinfo=UTC)  # 1 March in Auckland
    before, covered = (make.change(repository=where, merged_at=at) for at in (late, T0))
    with timezone.override("Pacific/Auckland"):
        stated(where)
    before.refresh_from_db()
    covered.refresh_from_db()
    assert (before.origin, covered.origin) == ("unknown", "manual")


# ---------------------------------------------------------------- the effect, before it is stated


def test_effect_is_what_stating_it_does(where: Repository) -> None:
    area = make.area("ledgers")
    untold = [make.change(repository=where, merged_at=T0, area=area) for _ in range(3)]
    make.change(repository=where, merged_at=T0 - timedelta(days=30))
    say_origin(
        change_id=make.change(repository=where, merged_at=T0).pk, origin="assisted", by=None,
        prompted_by=Prompt.QUEUE, now=T0,
    )  # fmt: skip
    found = queries.effect(where, SINCE, T0)
    assert (found.changes, found.manual) == (4, 3)
    assert {one.name: (one.now, one.manual) for one in found.areas} == {
        "Ledgers": (3, 3),
        "": (1, 0),
    }
    assert not MarkingPolicy.objects.exists(), "looking writes nothing"
    state_policy(repository=where, since=SINCE, by=None, now=T0)
    became = Change.objects.filter(repository=where, origin="manual", origin_by_policy=True)
    assert {one.pk for one in became} == {one.pk for one in untold}
    assert became.count() == found.manual


def test_effect_leaves_what_a_person_left_open(where: Repository) -> None:
    change = make.change(repository=where, merged_at=T0)
    say_origin(
        change_id=change.pk, origin="assisted", by=None, prompted_by=Prompt.QUEUE, now=T0,
        verdict=Decision.Verdict.DISMISSED,
    )  # fmt: skip
    found = queries.effect(where, SINCE, T0)
    assert found.manual == 0
    state_policy(repository=where, since=SINCE, by=None, now=T0)
    change.refresh_from_db()
    assert change.origin == "unknown"


def test_effect_on_baselines_reads_the_year_and_every_repository_of_the_area(where: Repository) -> None:
    area, now = make.area("ledgers"), T0 + timedelta(days=10)
    for number in range(10):
        make.change(repository=where if number < 8 else make.repository(), area=area, shipped_at=T0)
    make.change(repository=where, area=area, shipped_at=T0 - timedelta(days=400))
    make.change(repository=make.repository(), area=make.area("other"), shipped_at=T0)
    (share,) = queries.effect(where, SINCE, now).shares
    assert (share.area, share.changes, share.now, share.then) == ("Ledgers", 10, 1.0, 0.2)


# ---------------------------------------------------------------- stating, ending, revoking


def test_second_one_is_refused_while_one_is_in_effect_or_covers_its_days(where: Repository) -> None:
    policy = stated(where)
    with pytest.raises(PolicyRefused, match="already in effect"):
        stated(where)
    end_policy(policy=policy, on=date(2026, 4, 1), by=None, reason="The template went")
    with pytest.raises(PolicyRefused, match="covers the days until"):
        stated(where, date(2026, 3, 15))
    stated(where, date(2026, 4, 1))
    policy.refresh_from_db()
    assert policy.end_reason == "The template went"


def test_ended_one_is_not_ended_again_and_revoked_one_is_over(where: Repository) -> None:
    policy = stated(where)
    with pytest.raises(PolicyRefused, match="before it began"):
        end_policy(policy=policy, on=date(2026, 2, 1), by=None)
    end_policy(policy=policy, on=date(2026, 4, 1), by=None, reason="why")
    with pytest.raises(PolicyRefused, match="already ended"):
        end_policy(policy=policy, on=date(2026, 5, 1), by=None)
    revoke_policy(policy=policy, by=None, now=T0, reason="It never held")
    with pytest.raises(PolicyRefused, match="was revoked"):
        end_policy(policy=policy, on=date(2026, 5, 1), by=None)
    with pytest.raises(PolicyRefused, match="was revoked"):
        revoke_policy(policy=policy, by=None, now=T0)
    policy.refresh_from_db()
    assert policy.end_reason == "It never held"
    assert LedgerEntry.objects.filter(kind="policy", object_id=policy.pk).count() == 3


# ---------------------------------------------------------------- which changes broke it


def test_marker_at_the_merge_keeps_it_and_one_that_came_later_shows_it_broken(where: Repository) -> None:
    policy = stated(where)
    for number, minutes in enumerate((-5, 9, 11, 60 * 24)):
        evidence(merged(where, number), T0 + timedelta(minutes=minutes))
    timeless = merged(where, 9)
    evidence(timeless, None)
    found = queries.check(policy)
    assert [one.change.title for one in found.broken] == ["Request 3", "Request 2"]
    assert {one.why for one in found.broken} == {Why.UNMARKED}
    assert found.broken[0].shown_by == "label: ai-assisted"
    assert found.covered == 5


def test_weak_hint_alone_breaks_nothing(where: Repository) -> None:
    policy = stated(where)
    change = merged(where, 1)
    evidence(change, T0 + timedelta(days=1), strength="weak")
    Change.objects.filter(pk=change.pk).update(origin="unknown", origin_basis="")
    assert reasons(policy) == {}


@pytest.mark.parametrize("prompt", [Prompt.SAMPLE, Prompt.POSTMORTEM])
def test_later_word_shows_it_broken_and_says_what_prompted_it(where: Repository, prompt: Prompt) -> None:
    policy = stated(where)
    change = merged(where, 1)
    say_origin(
        change_id=change.pk, origin="assisted", by=None, prompted_by=prompt, now=T0 + timedelta(days=3)
    )
    (one,) = queries.check(policy).broken
    assert (one.change.pk, one.why) == (change.pk, Why.UNMARKED)
    assert str(prompt.label).lower() in one.shown_by


def test_word_before_the_merge_keeps_it(where: Repository) -> None:
    policy = stated(where)
    one, other = merged(where, 1), merged(where, 2)
    early: dict[str, Any] = {"by": None, "prompted_by": Prompt.API, "now": T0 - timedelta(hours=1)}
    say_origin(change_id=one.pk, origin="assisted", **early)
    say_kind(change_id=other.pk, kind=AssistanceKind.objects.get(slug="code-generation"), **early)
    assert reasons(policy) == {}


def test_only_days_in_effect_are_looked_at(where: Repository) -> None:
    policy = stated(where)
    for number, days in enumerate((-2, 0, 5)):
        at = T0 + timedelta(days=days)
        change = merged(where, number, merged_at=at, told_at=at)
        evidence(change, at + timedelta(days=1))
    assert len(reasons(policy)) == 2
    policy = end_policy(policy=policy, on=(T0 + timedelta(days=5)).date(), by=None)
    assert [one.change.title for one in queries.check(policy).broken] == ["Request 1"]


def test_boxes_left_open_break_it_only_where_boxes_are_answered(where: Repository) -> None:
    policy = stated(where)
    left_open = merged(where, 1, message=OPEN)
    assert reasons(policy) == {}
    merged(where, 2, message=TICKED_NO)
    merged(where, 3, message=TICKED_YES)
    both = merged(where, 4, message=BOTH)
    assert reasons(policy) == {left_open.pk: Why.UNANSWERED, both.pk: Why.BOTH}


def test_marker_keeps_it_where_the_boxes_are_open(where: Repository) -> None:
    policy = stated(where)
    merged(where, 1, message=TICKED_NO)
    change = merged(where, 2, message=OPEN)
    evidence(change, T0)
    assert reasons(policy) == {}


def test_answer_that_came_after_the_merge_does_not_mend_it(where: Repository) -> None:
    policy = stated(where)
    merged(where, 1, message=TICKED_NO)
    change = merged(where, 2, message=OPEN)
    merged(where, 2, message=TICKED_NO, told_at=T0 + timedelta(days=1))
    assert reasons(policy) == {change.pk: Why.UNANSWERED}


def test_changes_whose_description_nobody_told_are_counted_apart(where: Repository) -> None:
    policy = stated(where)
    merged(where, 1, message=TICKED_NO)
    make.change(repository=where, merged_at=T0)
    found = queries.check(policy)
    assert (found.covered, found.unread, found.broken) == (2, 1, ())


def test_automations_have_nothing_to_mark(where: Repository) -> None:
    policy = stated(where)
    merged(where, 1, message=TICKED_NO)
    make.change(repository=where, merged_at=T0, automation=True)
    assert queries.check(policy).covered == 1


# ---------------------------------------------------------------- who may speak for a repository


def test_team_of_a_service_and_curators_speak_for_it(where: Repository) -> None:
    team = Team.objects.create(name="Tills", slug="tills")
    Service.objects.create(name="Till", slug="till", repository=where, team=team)
    mate, viewer = make.user(), make.user(Role.VIEWER)
    team.members.add(mate, viewer)
    people = {"mate": mate, "viewer": viewer, "other": make.user(), "curator": make.user(Role.CURATOR)}
    assert {name for name, one in people.items() if queries.may_state(one, where)} == {"mate", "curator"}


# ---------------------------------------------------------------- pages


def signed_in(role: Role = Role.CURATOR) -> Client:
    client = Client()
    client.force_login(make.user(role, is_staff=role in {Role.CURATOR, Role.ADMIN}))
    return client


def test_page_shows_the_effect_and_states_only_when_it_is_posted(where: Repository) -> None:
    make.change(repository=where, shipped_at=timezone.now() - timedelta(days=3))
    client, address = signed_in(), reverse("changes:policy_new", args=[where.pk])
    since = (timezone.now() - timedelta(days=9)).date().isoformat()
    text = client.get(address, {"since": since, "how": "CI"}).content.decode()
    assert "1 of 1 changes would become manual" in text
    assert "<strong>manual</strong>" in text
    assert "it counts for no signal" in text
    assert not MarkingPolicy.objects.exists()
    client.post(address, {"since": since, "how": "CI"})
    policy = MarkingPolicy.objects.get()
    assert (policy.since.isoformat(), policy.how) == (since, "CI")
    assert "in effect" in client.get(reverse("changes:policies", args=[where.pk])).content.decode()
    assert "Marking policy" in client.get(reverse("changes:repository", args=[where.pk])).content.decode()


@pytest.mark.parametrize("since", ["yesterday", "0001-01-01", "2026-13-01"])
def test_page_says_what_is_wrong_with_a_day_and_writes_nothing(where: Repository, since: str) -> None:
    answer = signed_in().post(reverse("changes:policy_new", args=[where.pk]), {"since": since})
    assert answer.status_code == 400
    assert "Give a day" in answer.content.decode()
    assert not MarkingPolicy.objects.exists()


def test_page_refuses_a_second_one_in_words(where: Repository) -> None:
    stated(where)
    answer = signed_in().post(reverse("changes:policy_new", args=[where.pk]), {"since": "2026-05-01"})
    assert answer.status_code == 400
    assert "already in effect" in answer.content.decode()


def test_page_lists_what_broke_it_with_share_and_interval(where: Repository) -> None:
    policy = stated(where)
    evidence(merged(where, 1, title="=late"), T0 + timedelta(days=1))
    merged(where, 2)
    client = signed_in(Role.VIEWER)
    text = client.get(reverse("changes:policy", args=[where.pk, policy.pk])).content.decode()
    assert "50\u202f% (9.5\u202f% to 91\u202f%)" in text
    assert "Ending or revoking it takes" in text
    lines = client.get(reverse("changes:policy_csv", args=[where.pk, policy.pk])).content.decode()
    assert "'=late" in lines
    assert ",unmarked," in lines


def test_ending_and_revoking_need_a_reason_and_keep_it(where: Repository) -> None:
    policy = stated(where)
    client = signed_in()
    end, revoke = (
        reverse(f"changes:policy_{verb}", args=[where.pk, policy.pk]) for verb in ("end", "revoke")
    )
    client.post(end, {"on": "2026-04-01"})
    client.post(revoke)
    policy.refresh_from_db()
    assert (policy.ended_on, policy.revoked_at) == (None, None)
    client.post(end, {"on": "2026-04-01", "reason": "The check went"})
    policy.refresh_from_db()
    assert (policy.ended_on, policy.end_reason) == (date(2026, 4, 1), "The check went")
    client.post(revoke, {"reason": "It never held"})
    policy.refresh_from_db()
    assert policy.revoked_at is not None
    text = client.get(reverse("changes:policy", args=[where.pk, policy.pk])).content.decode()
    assert "It never held" in text


def test_policy_of_another_repository_is_not_found(where: Repository) -> None:
    policy, other = stated(where), make.repository()
    assert signed_in().get(reverse("changes:policy", args=[other.pk, policy.pk])).status_code == 404


# ---------------------------------------------------------------- API


@pytest.fixture
def api() -> APIClient:
    client = APIClient()
    client.force_login(make.user(Role.CURATOR))
    return client


def test_policy_is_stated_ended_and_revoked_over_the_api(api: APIClient, where: Repository) -> None:
    body = {"repository": where.pk, "since": "2026-03-01", "how": "CI"}
    made = api.post("/api/v1/policies/", body, format="json")
    assert (made.status_code, made.json()["standing"]) == (201, "in_effect")
    again = api.post("/api/v1/policies/", body, format="json")
    assert (again.status_code, again.json()["code"]) == (422, "in_effect")
    assert again.headers["Content-Type"].startswith("application/problem+json")
    address = f"/api/v1/policies/{made.json()['id']}/"
    early = api.post(f"{address}end/", {"on": "2026-01-01", "reason": "x"}, format="json")
    assert early.json()["errors"][0]["pointer"] == "#/on"
    assert api.post(f"{address}end/", {"on": "2026-04-01"}, format="json").status_code == 400
    ended = api.post(f"{address}end/", {"on": "2026-04-01", "reason": "x"}, format="json").json()
    assert (ended["standing"], ended["end_reason"]) == ("ended", "x")
    assert api.post(f"{address}revoke/", {"reason": "y"}, format="json").json()["standing"] == "revoked"
    listed = api.get("/api/v1/policies/", {"repository": str(where.pk), "in_effect": "false"}).json()[
        "results"
    ]
    assert [one["id"] for one in listed] == [made.json()["id"]]
    assert api.get("/api/v1/policies/", {"ended": "false"}).json()["results"] == []
    assert len(api.get("/api/v1/policies/", {"revoked": "true"}).json()["results"]) == 1


def test_author_of_another_team_is_refused_over_the_api(where: Repository) -> None:
    client = APIClient()
    client.force_login(make.user())
    answer = client.post("/api/v1/policies/", {"repository": where.pk, "since": "2026-03-01"}, format="json")
    assert answer.status_code == 403
    assert not MarkingPolicy.objects.exists()


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_end_of_the_calendar_is_refused_over_the_api(api: APIClient, where: Repository, day: str) -> None:
    answer = api.post("/api/v1/policies/", {"repository": where.pk, "since": day}, format="json")
    assert answer.status_code == 400
    policy = stated(where)
    said = {"on": day, "reason": "Done."}
    assert api.post(f"/api/v1/policies/{policy.pk}/end/", said, format="json").status_code == 400


def test_breaches_over_the_api(api: APIClient, where: Repository) -> None:
    policy = stated(where)
    evidence(merged(where, 1), T0 + timedelta(days=1))
    told = api.get(f"/api/v1/policies/{policy.pk}/breaches/").json()
    assert (told["covered"], told["broken"]) == (1, 1)
    assert told["changes"][0]["why"] == "unmarked"
    assert (told["share"], told["high"]) == (1.0, 1.0)
    assert 0 < told["low"] < 0.5


def test_share_is_null_over_the_api_when_nothing_is_covered(api: APIClient, where: Repository) -> None:
    told = api.get(f"/api/v1/policies/{stated(where).pk}/breaches/").json()
    assert (told["covered"], told["share"], told["low"], told["high"]) == (0, None, 0.0, 1.0)


def ask(api: APIClient, where: Repository, **asked: str) -> Any:
    return api.get("/api/v1/policies/check/", {"repository": str(where.pk), **asked})


def test_check_of_one_change_says_whether_it_keeps_the_policy(api: APIClient, where: Repository) -> None:
    assert merged(where, 1, message=TICKED_NO).origin == "manual"
    assert ask(api, where, number="1").json()["keeps"] is None
    state_policy(repository=where, since=SINCE, by=None, now=T0)
    merged(where, 2, message=OPEN)
    merged(where, 3, message=TICKED_YES)
    answers = {number: ask(api, where, number=number).json() for number in "123"}
    assert {number: one["keeps"] for number, one in answers.items()} == {"1": True, "2": False, "3": True}
    failed = ask(api, where, number="2", fail="true")
    assert (failed.status_code, failed.json()["code"]) == (409, "policy_broken")
    assert "not answered" in failed.json()["detail"]
    assert ask(api, where, number="3", fail="true").status_code == 200
    named = api.get("/api/v1/policies/check/", {"repository": where.name, "number": "#3"})
    assert named.json()["keeps"] is True


def test_check_of_an_open_request_reads_todays_policy_and_its_description(
    api: APIClient, where: Repository
) -> None:
    state_policy(repository=where, since=SINCE, by=None, now=T0)
    merged(where, 1, message=TICKED_NO)
    open_ = {"state": "open", "merged_at": None}
    merged(where, 2, message=OPEN, shas=(("head", "a" * 40),), **open_)
    assert ask(api, where, sha="a" * 12).json()["keeps"] is False
    merged(where, 2, message=TICKED_YES, told_at=T0 + timedelta(hours=1), **open_)
    assert ask(api, where, sha="A" * 12).json()["keeps"] is True


@pytest.mark.parametrize(
    ("asked", "status"),
    [({}, 400), ({"number": "1", "sha": "a" * 9}, 400), ({"sha": "abc"}, 400), ({"number": "77"}, 404),
     ({"number": "1", "fail": "perhaps"}, 400), ({"number": "1", "repository": "no/where"}, 404),
     ({"number": "1", "nmber": "1"}, 400)],
)  # fmt: skip
def test_check_says_what_is_wrong_with_the_question(
    api: APIClient, where: Repository, asked: dict[str, str], status: int
) -> None:
    answer = ask(api, where, **asked)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("application/problem+json")
