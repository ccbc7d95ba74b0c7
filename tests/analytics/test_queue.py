"""The confirm queue: what waits and in what order, what a key writes, undo, many at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from analytics.queries.queue import Asked, Entry, Standing, lacking, plan, ranked, waiting
from changes.models import (
    Assistance,
    AssistanceKind,
    Change,
    Decision,
    DomainArea,
    Origin,
    Prompt,
)
from changes.services.origin import say_kind, say_origin
from incidents.models import Cause
from intake.models import Setup
from tests import make
from tests.analytics.mailed import assisted, hinted

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOTHING = Standing({}, {})


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    cache.clear()


def suggest(change: Change, slug: str) -> Assistance:
    kind = AssistanceKind.objects.get(slug=slug)
    return Assistance.objects.create(change=change, kind=kind, status="suggested", why="its paths")


def entry(pk: int, **over: Any) -> Entry:
    values: dict[str, Any] = {"pk": pk, "area": "payments", "kind": "", "in_matrix": True, "at": NOW}
    return Entry(**values | over)


def order(entries: list[Entry], standing: Standing = NOTHING) -> list[int]:
    return [one.pk for one, _ in ranked(entries, standing)]


@pytest.fixture
def author() -> User:
    return make.user()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client(author: User) -> Client:
    return signed_in(author)


def say(client: Client, change: Change, words: str, part: bool = False) -> Any:
    headers = {"HX-Request": "true"} if part else {}
    return client.post(reverse("analytics:queue_decide", args=[change.pk]), {"say": words}, headers=headers)


def undo(client: Client, **data: str) -> Any:
    return client.post(reverse("analytics:queue_undo"), data)


def current(client: Client, **data: Any) -> int | None:
    shown = client.get(reverse("analytics:queue"), data).context["entry"]
    return shown.change.pk if shown else None


def test_cell_lacks_to_the_next_threshold_when_counted() -> None:
    assert [lacking(count) for count in (0, 9, 10, 19, 20, 500)] == [10, 1, 10, 1, None, None]


def test_nearly_full_cell_comes_first_when_as_many_wait() -> None:
    near = [entry(pk, kind="refactoring") for pk in (1, 2)]
    far = [entry(pk, kind="debugging", at=NOW + timedelta(days=1)) for pk in range(10, 18)]
    standing = Standing({("refactoring", "payments"): 8, ("debugging", "payments"): 3}, {})
    assert order([*far, *near], standing)[:2] == [2, 1]
    # One more is lacking than waits: no key can bring the cell over its threshold.
    short = Standing({("refactoring", "payments"): 7, ("debugging", "payments"): 3}, {})
    assert order([*far, *near], short)[-2:] == [2, 1]


def test_full_cell_earns_no_place_when_both_thresholds_are_passed() -> None:
    lines = ranked([entry(1, kind="refactoring")], Standing({("refactoring", "payments"): 20}, {}))
    assert [lack for _, lack in lines] == [None]


def test_area_with_most_open_comes_first_when_nothing_is_lacking() -> None:
    entries = [entry(1, area="payments"), entry(2, area="search", at=NOW - timedelta(days=9))]
    assert order(entries, Standing({}, {"payments": 0.1, "search": 0.6})) == [2, 1]


def test_recent_comes_first_when_all_else_is_equal() -> None:
    assert order([entry(1, at=NOW - timedelta(days=3)), entry(2), entry(3)]) == [3, 2, 1]


def test_what_is_out_of_the_matrix_comes_last_when_its_cell_is_nearly_full() -> None:
    entries = [entry(1, kind="refactoring", in_matrix=False), entry(2)]
    assert order(entries, Standing({("refactoring", "payments"): 9}, {})) == [2, 1]


def test_order_stays_when_changes_failed() -> None:
    changes = [assisted(shipped_at=NOW - timedelta(days=40 + day)) for day in range(6)]
    before = plan(Asked(), False, NOTHING, NOW).ids
    Change.objects.filter(pk__in=[changes[1].pk, changes[4].pk]).update(first_incident_at=NOW)
    Change.objects.filter(pk=changes[3].pk).update(undone_at=NOW)
    assert plan(Asked(), False, NOTHING, NOW).ids == before == tuple(one.pk for one in changes)


def test_change_waits_when_kind_or_origin_is_open() -> None:
    unsaid, hint, both = assisted(), hinted(), assisted(state="merged")
    suggest(both, "refactoring")
    make.change()
    make.change(origin=Origin.MANUAL)
    assisted(state="open")
    declared = assisted()
    Assistance.objects.create(change=declared, kind=AssistanceKind.objects.all()[0], status="declared")
    assert set(waiting(False)) == {unsaid, hint, both}


def test_hint_waits_no_more_when_person_spoke_and_again_when_withdrawn(author: User, client: Client) -> None:
    hint = hinted()
    say(client, hint, "manual")
    assert not waiting(False).exists()
    undo(client)
    assert set(waiting(False)) == {hint}
    assert Decision.objects.get().withdrawn_at is not None


def test_key_keeps_kind_and_its_prompt_when_pressed(author: User, client: Client) -> None:
    change, following = assisted(), assisted(shipped_at=NOW - timedelta(days=400))
    response = say(client, change, "kind:refactoring")
    assert (response.status_code, response.url) == (303, f"{reverse('analytics:queue')}?at={following.pk}")
    decision = Decision.objects.get()
    assert decision.kind
    assert (decision.kind.slug, decision.prompted_by, decision.said_by) == (
        "refactoring", Prompt.QUEUE, author,
    )  # fmt: skip
    kept = change.assistances.get()
    assert (kept.status, kept.counted) == ("confirmed", True)


def test_kind_makes_it_assisted_when_origin_was_only_hinted_at(client: Client) -> None:
    change = hinted()
    say(client, change, "kind:debugging")
    change.refresh_from_db()
    assert (change.origin, change.origin_counted) == (Origin.ASSISTED, Origin.ASSISTED)
    assert Decision.objects.count() == 1


def test_entry_stays_for_its_kind_when_only_assisted_was_said(client: Client) -> None:
    change = hinted(shipped_at=NOW - timedelta(days=9))
    hinted()
    response = say(client, change, "assisted", part=True)
    assert response.context["entry"].change.pk == change.pk
    assert not response.context["entry"].asks_origin


def test_hint_is_dismissed_when_not_is_said(client: Client) -> None:
    change = hinted()
    say(client, change, "not")
    decision = Decision.objects.get()
    assert (decision.origin, decision.verdict) == (Origin.ASSISTED, "dismissed")
    change.refresh_from_db()
    assert change.origin == Origin.UNKNOWN
    assert not waiting(False).exists()


def test_suggested_kind_is_dismissed_and_kind_still_asked_when_not_is_said(client: Client) -> None:
    change = assisted(paths=["tests/test_retries.py"])
    suggest(change, "test-writing")
    response = say(client, change, "not", part=True)
    assert change.assistances.get(kind__slug="test-writing").status == "dismissed"
    assert response.context["entry"].change.pk == change.pk
    assert response.context["entry"].suggested == []


def test_nothing_is_kept_when_it_was_said_meanwhile(author: User, client: Client) -> None:
    change = assisted()
    kind = AssistanceKind.objects.get(slug="refactoring")
    say_kind(change_id=change.pk, kind=kind, by=author, prompted_by=Prompt.CHANGE_PAGE, now=NOW)
    response = say(client, change, "kind:debugging", part=True)
    assert "somebody has said it meanwhile" in response.content.decode()
    assert Decision.objects.count() == 1


def test_answer_is_refused_and_nothing_kept_when_it_is_not_on_offer(client: Client) -> None:
    change = assisted()
    AssistanceKind.objects.filter(slug="design").update(retired_at=NOW)
    for words in ("", "kind:", "kind:nonsense", "kind:design", "autonomous"):
        assert say(client, change, words).status_code == 400
    assert not Decision.objects.exists()


def test_what_is_said_after_an_incident_enters_no_rate_when_kept(client: Client) -> None:
    change = assisted(first_incident_at=NOW - timedelta(days=1))
    Cause.objects.create(incident=make.incident(), change=change, status="confirmed")
    page = client.get(reverse("analytics:queue")).content.decode()
    assert "Said after its incident or revert: kept, enters no rate." in page
    say(client, change, "kind:refactoring")
    kept = change.assistances.get()
    assert (kept.status, kept.counted) == ("confirmed", False)


def test_undecided_keeps_nothing_and_comes_back_when_undone_or_shown_again(client: Client) -> None:
    first, second = assisted(shipped_at=NOW), assisted(shipped_at=NOW - timedelta(days=2))
    assert current(client) == first.pk
    say(client, first, "skip")
    assert current(client) == second.pk
    assert undo(client).url.endswith(f"at={first.pk}")
    assert current(client) == first.pk
    say(client, first, "skip")
    say(client, second, "skip")
    assert "Only what you set aside is left" in client.get(reverse("analytics:queue")).content.decode()
    client.post(reverse("analytics:queue_again"))
    assert current(client) == first.pk
    assert not Decision.objects.exists()


def test_undo_takes_back_the_last_key_when_several_were_pressed(client: Client) -> None:
    first, second = assisted(shipped_at=NOW), assisted(shipped_at=NOW - timedelta(days=2))
    say(client, first, "kind:refactoring")
    say(client, second, "kind:debugging")
    assert undo(client).url.endswith(f"at={second.pk}")
    earlier = Decision.objects.get(kind__slug="refactoring")
    assert earlier.withdrawn_at is None
    undo(client, said_at=earlier.said_at.isoformat())
    assert set(waiting(False)) == {first, second}


def test_undo_leaves_what_others_said_and_what_was_said_elsewhere_when_asked(
    author: User, client: Client
) -> None:
    theirs, mine = assisted(), assisted()
    say(signed_in(make.user()), theirs, "kind:refactoring")
    at_page = say_origin(
        change_id=mine.pk, origin="manual", by=author, prompted_by=Prompt.CHANGE_PAGE, now=timezone.now()
    )
    others = Decision.objects.get(change=theirs)
    for one in (others, at_page):
        undo(client, said_at=one.said_at.isoformat())
    undo(client)
    assert not Decision.objects.exclude(withdrawn_at=None).exists()


def test_undo_is_refused_when_moment_cannot_be_read(client: Client) -> None:
    for words in ("yesterday", "2026-13-40T00:00:00Z", "2026-01-01T00:00:00"):
        assert undo(client, said_at=words).status_code == 400


def test_moves_go_round_when_nothing_is_decided(client: Client) -> None:
    pks = [assisted(shipped_at=NOW - timedelta(days=day)).pk for day in range(3)]
    assert [current(client, after=pk) for pk in pks] == [pks[1], pks[2], pks[0]]
    first = client.get(reverse("analytics:queue")).context
    assert (first["entry"].change.pk, first["ahead"].change.pk, first["previous"]) == (pks[0], pks[1], pks[2])
    assert current(client, at="nonsense") == pks[0]


def test_next_entry_is_not_sent_again_when_the_page_has_it(client: Client) -> None:
    first, second, third = [assisted(shipped_at=NOW - timedelta(days=day)) for day in range(3)]
    address = reverse("analytics:queue_decide", args=[first.pk])
    headers = {"HX-Request": "true"}
    context = client.post(address, {"say": "manual", "have": str(second.pk)}, headers=headers).context
    assert (context["current"], context["entry"], context["ahead"].change.pk) == (second.pk, None, third.pk)
    undone = client.post(reverse("analytics:queue_undo"), {"have": str(third.pk)}, headers=headers).context
    assert (undone["current"], undone["entry"].change.pk) == (first.pk, first.pk)


def test_only_entry_stays_when_moved_on(client: Client) -> None:
    change = assisted()
    assert current(client, after=change.pk) == change.pk


def test_queue_narrows_when_filters_are_given(client: Client) -> None:
    payments = DomainArea.objects.get(slug="payments")
    one = assisted(area=payments, size_band="small")
    suggest(one, "refactoring")
    other = hinted(size_band="large")
    asked = {
        "area": "payments", "size": "small", "kind": "refactoring", "repository": str(one.repository_id)
    }  # fmt: skip
    for name, value in asked.items():
        assert list(waiting(False).filter(Asked.of({name: value}).condition())) == [one], name
    for name, value in {"area": "none", "kind": "none", "size": "large"}.items():
        assert list(waiting(False).filter(Asked.of({name: value}).condition())) == [other], name
    assert not waiting(False).filter(Asked(repository="x").condition()).exists()
    assert current(client, size="large") == other.pk


def test_viewer_reads_without_buttons_when_role_is_too_low() -> None:
    change = assisted()
    viewer = signed_in(make.user(Role.VIEWER))
    page = viewer.get(reverse("analytics:queue")).content.decode()
    assert "needs the author role" in page
    assert 'name="say"' not in page
    assert say(viewer, change, "manual").status_code == 403
    assert not Decision.objects.exists()


def test_page_says_nothing_waits_when_all_is_said(client: Client) -> None:
    make.change()
    assert "Nothing waits" in client.get(reverse("analytics:queue")).content.decode()


def test_demonstration_data_does_not_wait_beside_real(client: Client) -> None:
    assisted(repository=make.repository(is_demo=True))
    real = assisted()
    Setup.objects.update_or_create(defaults={"first_real_fact_at": NOW})
    assert current(client) == real.pk
    assert set(waiting(False)) == {real}


def bulk(client: Client, **data: str) -> Any:
    return client.get(reverse("analytics:queue_bulk"), data)


def test_preview_writes_nothing_and_second_step_says_it_of_those_shown(client: Client) -> None:
    payments = DomainArea.objects.get(slug="payments")
    meant = [assisted(area=payments) for _ in range(7)]
    assisted()
    preview = bulk(client, area="payments", say="kind:refactoring")
    assert (preview.context["count"], len(preview.context["sample"])) == (7, 5)
    assert not Decision.objects.exists()
    late = assisted(area=payments)
    data = {"area": "payments", "say": "kind:refactoring", "ids": preview.context["ids"]}
    assert client.post(reverse("analytics:queue_bulk"), data).status_code == 303
    assert set(Decision.objects.values_list("change", flat=True)) == {one.pk for one in meant}
    assert late in waiting(False)
    presses = client.get(reverse("analytics:queue")).context["presses"]
    assert [one.changes for one in presses] == [7]
    undo(client)
    assert waiting(False).count() == 9


def test_each_gets_its_own_suggestion_when_suggested_is_confirmed_at_once(client: Client) -> None:
    area = DomainArea.objects.get(slug="payments")
    tests, docs, plain = (
        assisted(area=area, paths=["tests/test_a.py"]), assisted(area=area, paths=["docs/a.md"]),
        assisted(area=area),
    )  # fmt: skip
    suggest(tests, "test-writing")
    suggest(docs, "documentation")
    preview = bulk(client, area="payments", say="suggested")
    data = {"area": "payments", "say": "suggested", "ids": preview.context["ids"]}
    client.post(reverse("analytics:queue_bulk"), data)
    said = set(Decision.objects.values_list("change", "kind__slug"))
    assert said == {(tests.pk, "test-writing"), (docs.pk, "documentation")}
    assert set(waiting(False)) == {plain}


@pytest.mark.parametrize("name", ["repository", "area", "assistant", "kind", "size"])
@pytest.mark.parametrize("text", ["9" * 70, "😀", "٣"])
def test_page_stands_when_a_filter_is_odd(client: Client, name: str, text: str) -> None:
    assisted()
    assert client.get(reverse("analytics:queue"), {name: text}).status_code == 200


def test_bulk_is_refused_when_no_filter_is_given(client: Client) -> None:
    assisted()
    assert bulk(client, say="manual").status_code == 303
    ids = str(Change.objects.get().pk)
    client.post(reverse("analytics:queue_bulk"), {"say": "manual", "ids": ids})
    assert not Decision.objects.exists()


def test_bulk_leaves_out_what_the_filter_does_not_hold_when_ids_are_made_up(client: Client) -> None:
    outside = assisted(size_band="large")
    client.post(reverse("analytics:queue_bulk"), {"size": "small", "say": "manual", "ids": str(outside.pk)})
    assert not Decision.objects.exists()


def test_preview_says_how_many_enter_no_rate_when_some_failed(client: Client) -> None:
    failed = assisted(size_band="small", first_incident_at=NOW)
    Cause.objects.create(incident=make.incident(), change=failed, status="confirmed")
    assisted(size_band="small")
    page = bulk(client, size="small", say="manual").content.decode()
    assert "1 of them already met an incident or a revert" in page


@pytest.mark.parametrize("is_named", [False, True])
def test_restricted_incident_is_told_to_those_named_on_it_alone(is_named: bool) -> None:
    change = assisted(size_band="small", first_incident_at=NOW)
    user = make.user()
    outage = make.incident(is_restricted=True, people=[user] if is_named else [])
    Cause.objects.create(incident=outage, change=change, status="confirmed")
    client = Client()
    client.force_login(user)
    page = client.get(reverse("analytics:queue")).content.decode()
    assert ("Said after its incident" in page) == is_named
    preview = bulk(client, size="small", say="manual").content.decode()
    assert ("already met an incident" in preview) == is_named


def test_queries_stay_the_same_when_more_waits(client: Client) -> None:
    changes = [assisted(shipped_at=NOW - timedelta(days=day)) for day in range(40)]
    say(client, changes[0], "kind:refactoring", part=True)
    few = _queries(client, changes[1])
    for day in range(40, 80):
        assisted(shipped_at=NOW - timedelta(days=day))
    cache.clear()
    client.get(reverse("analytics:queue"))
    assert _queries(client, changes[2]) <= few <= 45


def _queries(client: Client, change: Change) -> int:
    with CaptureQueriesContext(connection) as found:
        assert say(client, change, "kind:debugging", part=True).status_code == 200
    return len(found)


def test_queue_says_over_when_more_wait_than_are_ranked(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analytics.queries.queue.MOST_RANKED", 2)
    for _ in range(2):
        assisted()
    assert "<dd>2</dd>" in client.get(reverse("analytics:queue")).content.decode()
    cache.clear()
    assisted()
    assert "<dd>over 2</dd>" in client.get(reverse("analytics:queue")).content.decode()
