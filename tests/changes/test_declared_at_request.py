"""Declarations at the request, through the door: edited, out of order, twice, after an incident."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from changes.declared_template import template
from changes.models import Assistance, AssistanceKind, Change, DetectionRule, OriginEvidence
from changes.services.origin import say_origin, set_first_incident
from changes.services.rereading import ask_to_read_again, read_some
from intake import processing
from intake.models import Delivery, Source
from tests import make
from tests.intake.letters import send

pytestmark = pytest.mark.django_db
PAYLOADS = Path(__file__).parent.parent / "payloads" / "github"
USED = "Totals.\n\n- [x] AI was used\n  - [x] Refactoring\n- [ ] AI was not used\n"
NOT_USED = "Totals.\n\n- [ ] AI was used\n- [x] AI was not used\n"
OPEN = "Totals.\n\n- [ ] AI was used\n- [ ] AI was not used\n"
BOTH = "Totals.\n\n- [x] AI was used\n- [x] AI was not used\n"


@pytest.fixture
def source() -> Source:
    return make.source("github")


def at(hour: int) -> datetime:
    return datetime(2026, 3, 2, hour, tzinfo=UTC)


def request(body: str, hour: int, action: str = "edited", **over: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((PAYLOADS / "pull_request__opened.json").read_text())
    document["action"] = action
    document["pull_request"] |= {"body": body, "updated_at": at(hour).isoformat(), **over}
    return document


def tell(source: Source, document: dict[str, Any]) -> None:
    answer = send(source, document, {"X-GitHub-Event": "pull_request"})
    assert answer.status_code in (200, 202)
    while processing.process_next(now=timezone.now()):
        pass
    assert not Delivery.objects.exclude(state="done").exists()


def change() -> Change:
    return Change.objects.current().get()


def evidence() -> set[tuple[str, str, str]]:
    rows = OriginEvidence.objects.filter(place="declaration")
    return set(rows.values_list("rule_key", "excerpt", "origin"))


def kinds() -> list[tuple[str, str, bool]]:
    return list(Assistance.objects.order_by("kind").values_list("kind__slug", "status", "counted"))


def test_boxes_of_a_new_request_decide_and_give_its_kinds(source: Source) -> None:
    tell(source, request(USED, 9, "opened"))
    one = change()
    assert (one.origin, one.origin_basis, one.origin_said_at) == ("assisted", "declaration", at(9))
    assert kinds() == [("refactoring", "declared", True)]
    assert evidence() == {
        ("declared-origin", "AI helped", "assisted"), ("declared-kind", "kind: refactoring", "assisted"),
    }  # fmt: skip


def test_an_edit_replaces_what_the_earlier_text_declared(source: Source) -> None:
    tell(source, request(USED, 9, "opened"))
    tell(source, request(NOT_USED, 10))
    one = change()
    assert (one.origin, one.origin_counted, one.origin_said_at) == ("manual", "manual", at(10))
    assert evidence() == {("declared-origin", "no AI was used", "manual")}
    assert kinds() == []
    tell(source, request(OPEN, 11))
    assert (change().origin, evidence()) == ("unknown", set())


def test_other_events_of_the_same_text_move_nothing(source: Source) -> None:
    tell(source, request(USED, 9, "opened"))
    tell(source, request(USED, 12, "synchronize"))
    tell(
        source,
        request(USED, 13, "closed", state="closed", merged_at=at(13).isoformat(), merge_commit_sha="c" * 40),
    )
    assert (change().state, change().origin_said_at) == ("merged", at(9))


def test_both_boxes_decide_nothing_and_wait_for_a_person(source: Source) -> None:
    tell(source, request(BOTH, 9, "opened"))
    assert (change().origin, kinds()) == ("unknown", [])
    assert evidence() == {("declared-unclear", "both are ticked: AI was used, and was not", "unknown")}


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_any_order_of_edits_ends_alike(source: Source, order: tuple[int, ...]) -> None:
    told = [request(body, hour) for body, hour in ((USED, 9), (OPEN, 10), (USED, 11), (USED, 12))]
    for index in (*order, order[0]):
        tell(source, told[index])
    one = change()
    assert (one.origin, one.origin_said_at, kinds()) == (
        "assisted",
        at(11),
        [("refactoring", "declared", True)],
    )
    assert set(OriginEvidence.objects.values_list("said_at", flat=True)) == {at(11)}


def test_what_is_said_after_the_first_incident_does_not_count(source: Source) -> None:
    tell(source, request(OPEN, 9, "opened"))
    set_first_incident(change_id=change().pk, at=at(10))
    tell(source, request(USED, 11))
    assert (change().origin, change().origin_counted) == ("assisted", "unknown")
    assert kinds() == [("refactoring", "declared", False)]


def test_what_was_said_before_counts_on_only_while_it_stands(source: Source) -> None:
    tell(source, request(USED, 9, "opened"))
    set_first_incident(change_id=change().pk, at=at(10))
    tell(source, request(USED + "\nTool named later: AI tool used: Cursor\n", 11))
    assert (change().origin_counted, kinds()) == ("assisted", [("refactoring", "declared", True)])
    tell(source, request(NOT_USED, 12))
    assert (change().origin, change().origin_counted) == ("manual", "unknown")


def test_a_pattern_finds_where_no_box_is_and_goes_with_its_text(source: Source) -> None:
    tell(source, request("This change was written with Claude Code.", 9, "opened"))
    assert change().origin == "assisted"
    assert {key for key, _, _ in evidence()} == {"declared-written-with"}
    tell(source, request("Totals.", 10))
    assert (change().origin, evidence()) == ("unknown", set())


def test_a_box_decides_alone_where_a_pattern_finds_it_too(source: Source) -> None:
    tell(source, request("- [x] AI was used (Claude Code)\n", 9, "opened"))
    assert {key for key, _, _ in evidence()} == {"declared-origin"}
    assert str(change().assistant) == "Claude Code"


def test_an_empty_template_is_no_evidence(source: Source) -> None:
    body = "AI assistance\n\n- [ ] AI was used\n- [ ] AI was not used\n<!-- Claude, Copilot or another -->\n"
    tell(source, request(body, 9, "opened"))
    assert (change().origin, evidence()) == ("unknown", set())


def test_both_answers_are_kept_without_names_and_follow_edits(source: Source) -> None:
    body = "## What could break in production?\n\nAsk @grace-example or ada@example.org: the cache.\n"
    tell(source, request(body, 9, "opened"))
    assert change().answers == {"production": "Ask @<person> or <person>: the cache."}
    tell(source, request(body + "\n## How did we test the integration points?\nIn the sandbox.", 10))
    assert change().answers["integration"] == "In the sandbox."
    tell(source, request("Totals.", 11))
    assert change().answers == {}


def test_a_person_is_not_overruled_by_an_edit(source: Source) -> None:
    tell(source, request(OPEN, 9, "opened"))
    say_origin(change_id=change().pk, origin="manual", by=make.user(), prompted_by="queue", now=at(10))
    tell(source, request(USED, 11))
    assert (change().origin, change().origin_basis) == ("manual", "person")


def test_the_page_of_a_change_shows_both_answers(source: Source, client: Client) -> None:
    tell(source, request("## What could break in production?\n\nThe <b>cache</b>.\n", 9, "opened"))
    client.force_login(make.user())
    page = client.get(change().get_absolute_url()).content.decode()
    assert "Answered at the request" in page
    assert "The &lt;b&gt;cache&lt;/b&gt;." in page
    assert "How did we test the integration points?" not in page


def test_the_page_of_a_repository_offers_the_template_with_its_own_kinds(client: Client) -> None:
    AssistanceKind.objects.create(slug="prompt-tuning", name="Prompt tuning", position=5)
    client.force_login(make.user())
    page = client.get(reverse("changes:repository", args=[make.repository().pk])).content.decode()
    offered = unescape(page[page.index('id="template-text">') :])
    assert "- [ ] Prompt tuning <!-- kind:prompt-tuning -->\n- [ ] Code generation" in offered


def test_the_template_in_the_documents_is_the_one_of_a_fresh_installation() -> None:
    kinds = AssistanceKind.objects.offered().values_list("slug", "name")
    assert (Path(__file__).parents[2] / "docs" / "pull_request_template.md").read_text() == template(kinds)


# What a sender declares, over the source for any JSON.


def declare(source: Source, hour: int, **said: Any) -> None:
    document = {
        "repository": {"name": "acme/till"},
        "change": {"number": "41", "at": at(hour).isoformat(), **said},
    }
    assert send(source, document).status_code in (200, 202)
    while processing.process_next(now=timezone.now()):
        pass


def test_a_sender_declares_origin_and_kinds_and_the_same_twice_alters_nothing() -> None:
    source = make.source("generic-change")
    declare(source, 9, origin="assisted", assistances=[{"kind": "test-writing"}])
    version = change().version
    declare(source, 9, origin="assisted", assistances=[{"kind": "test-writing"}])
    assert (change().version, change().origin, kinds()) == (
        version,
        "assisted",
        [("test-writing", "declared", True)],
    )


def test_a_senders_later_word_replaces_the_earlier_and_silence_keeps_it() -> None:
    source = make.source("generic-change")
    declare(source, 11, assistances=[{"kind": "refactoring"}])
    declare(source, 9, origin="assisted", assistances=[{"kind": "test-writing"}, {"kind": "design"}])
    declare(source, 12, title="Round totals once")
    assert (change().origin, kinds()) == ("assisted", [("refactoring", "declared", True)])
    declare(source, 13, origin="manual", assistances=[])
    assert (change().origin, kinds()) == ("manual", [])
    assert evidence() == {("declared-by-sender", "origin: manual", "manual")}


def test_a_text_read_again_under_another_rule_still_follows_its_edits(source: Source) -> None:
    tell(source, request("Our robot wrote it.", 9, "opened"))
    Delivery.objects.update(body=b"", body_purged_at=timezone.now())
    values = {
        "place": "declaration",
        "pattern": "(?i)our robot wrote",
        "origin": "assisted",
        "proves": "It says so.",
    }
    DetectionRule.objects.create(key="our-robot", **values)
    ask_to_read_again(places=["declaration"], by=None)
    while read_some():
        pass
    assert (change().origin, evidence()) == ("assisted", {("our-robot", "Our robot wrote", "assisted")})
    tell(source, request("Totals.", 10))
    assert (change().origin, evidence()) == ("unknown", set())
