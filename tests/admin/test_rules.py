"""Detection rules in the admin: refused where RE2 refuses, versioned when edited, tried on pasted text."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from changes.models import DetectionRule, HistoryRun, OriginEvidence
from changes.services.rulebook import save_rule
from tests import make

pytestmark = pytest.mark.django_db
TRY = "admin:changes_detectionrule_try"


@pytest.fixture
def curator() -> Client:
    client = Client()
    client.force_login(make.user(Role.CURATOR, is_staff=True), backend="accounts.backends.RoleBackend")
    return client


def rule(**over: Any) -> DetectionRule:
    values = {"key": "house-bot", "place": "trailer", "pattern": "^House-Bot:", "origin": "assisted"}
    return DetectionRule.objects.create(**(values | over))


def posted(one: DetectionRule, **over: Any) -> dict[str, Any]:
    values = {
        "key": one.key, "place": one.place, "pattern": one.pattern, "origin": one.origin,
        "strength": one.strength, "confidence": one.confidence, "position": one.position, "is_active": "on",
        "examples": "", "proves": "", "source_url": "",
    }  # fmt: skip
    return values | over


def edit(client: Client, one: DetectionRule, **over: Any) -> str:
    address = reverse("admin:changes_detectionrule_change", args=[one.pk])
    return client.post(address, posted(one, **over)).content.decode()


def test_pattern_is_refused_with_the_reason_when_re2_does_not_take_it(curator: Client) -> None:
    one = rule()
    page = edit(curator, one, pattern="(?=ahead)")
    assert "RE2 does not accept" in page
    one.refresh_from_db()
    assert one.pattern == "^House-Bot:"


def test_version_rises_when_what_it_proves_changes(curator: Client) -> None:
    one = rule()
    edit(curator, one, pattern="^House-Bot: yes")
    one.refresh_from_db()
    assert (one.version, one.pattern) == (2, "^House-Bot: yes")


def test_version_stays_when_only_words_change(curator: Client) -> None:
    one = rule()
    edit(curator, one, proves="That our bot helped.")
    one.refresh_from_db()
    assert (one.version, one.proves) == (1, "That our bot helped.")


def test_example_that_does_not_match_is_refused(curator: Client) -> None:
    assert "does not match its own example" in edit(curator, rule(), examples="Another-Bot: 1")


def test_rule_that_proves_nothing_is_refused(curator: Client) -> None:
    assert "Say what a match proves" in edit(curator, rule(), origin="")


def test_rule_that_has_found_something_cannot_be_deleted(curator: Client) -> None:
    one = rule()
    make.change().evidence.create(
        rule_key=one.key, rule_version=1, place="trailer", strength="strong", excerpt="House-Bot: 1"
    )
    delete = reverse("admin:changes_detectionrule_delete", args=[one.pk])
    assert curator.post(delete, {"post": "yes"}).status_code == 403


def test_trying_says_which_rules_match_and_the_verdict(curator: Client) -> None:
    message = "Retry captures\n\nAsked for by support.\n\nCo-authored-by: Claude <noreply@anthropic.com>"
    page = curator.post(reverse(TRY), {"message": message}).content.decode()
    assert "Verdict: AI-assisted" in page
    assert "claude-trailer" in page
    assert not OriginEvidence.objects.exists()


def test_trying_an_agent_as_author_is_autonomous(curator: Client) -> None:
    page = curator.post(reverse(TRY), {"author": "Cursor Agent <cursoragent@cursor.com>"}).content.decode()
    assert "Verdict: Autonomous agent" in page


def test_trying_a_new_rule_uses_it_at_once(curator: Client) -> None:
    rule()
    assert "house-bot" in curator.post(reverse(TRY), {"message": "x\n\nHouse-Bot: 1"}).content.decode()


def test_trying_nothing_known_stays_unknown(curator: Client) -> None:
    page = curator.post(reverse(TRY), {"message": "Fix a typo"}).content.decode()
    assert "Verdict: Unknown" in page
    assert "never manual" in page


def test_examples_of_all_rules_match(curator: Client) -> None:
    assert "active rules match" in curator.get(reverse(TRY)).content.decode()


def test_trying_is_closed_to_authors() -> None:
    client = Client()
    client.force_login(make.user(Role.AUTHOR), backend="accounts.backends.RoleBackend")
    assert client.get(reverse(TRY)).status_code in {302, 403}


def test_a_rule_that_takes_in_its_look_alike_is_refused(curator: Client) -> None:
    page = edit(curator, rule(), negatives="House-Bot: none")
    assert "The pattern matches its look-alike" in page


def test_examples_with_commas_stay_whole(curator: Client) -> None:
    one = rule()
    edit(curator, one, examples="House-Bot: 1, 2\r\nHouse-Bot: 3")
    one.refresh_from_db()
    assert one.examples == ["House-Bot: 1, 2", "House-Bot: 3"]


def test_the_list_says_how_far_reading_again_is(curator: Client) -> None:
    HistoryRun.objects.create(
        kind="rules", state="running", cursor="1|all|0|0", done=3400, total=12000, unreadable=210
    )
    page = curator.get(reverse("admin:changes_detectionrule_changelist")).content.decode()
    assert (
        "Reading again: 3\u202f400 of 12\u202f000; 210 changes keep the older rules since their text is gone."
        in page
    )


def test_an_edited_rule_differs_from_its_default_until_it_takes_it(curator: Client) -> None:
    one = DetectionRule.objects.get(key="aider-subject")
    before, one.pattern = one.pattern, "^helper: "
    save_rule(rule=one, by=None)
    address = reverse("admin:changes_detectionrule_changelist")
    assert "differs from the default of version" in curator.get(address, {"q": one.key}).content.decode()
    curator.post(address, {"action": "take_the_default", "_selected_action": [one.pk]})
    one.refresh_from_db()
    assert one.pattern == before
    assert "differs from the default" not in curator.get(address, {"q": one.key}).content.decode()
