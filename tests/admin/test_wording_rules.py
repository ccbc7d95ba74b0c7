"""The wording list in the admin: checked when saved, tried out before that; defaults and edits kept apart."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from incidents.models import WordingRule
from incidents.queries.wording import current_book, remarks
from incidents.services.wording import take_default
from incidents.starter_wording import RULES
from incidents.wording_defaults import take_defaults
from intake.models import LedgerEntry
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def curator() -> Client:
    client = Client()
    client.force_login(make.user(Role.CURATOR, is_staff=True), backend="accounts.backends.RoleBackend")
    return client


def rule(slug: str = "human-error") -> WordingRule:
    return WordingRule.objects.get(slug=slug)


def form_of(row: WordingRule, **over: Any) -> dict[str, Any]:
    fields = {
        "is_active": "on" if row.is_active else "", "position": row.position, "pattern": row.pattern,
        "of_people": "on" if row.of_people else "", "reason": row.reason, "offer": row.offer,
        "rewrite": row.rewrite, "flagged": "\n".join(row.flagged), "left_alone": "\n".join(row.left_alone),
    }  # fmt: skip
    return fields | over


def saved(curator: Client, row: WordingRule, **over: Any) -> str:
    address = reverse("admin:incidents_wordingrule_change", args=[row.pk])
    return curator.post(address, form_of(row, **over), follow=True).content.decode()


def test_start_has_the_whole_list_and_everything_in_it_is_sound(curator: Client) -> None:
    assert list(WordingRule.objects.values_list("slug", flat=True)) == [one.slug for one in RULES]
    assert not WordingRule.objects.filter(is_edited=True).exists()
    for row in WordingRule.objects.all():
        assert "was changed successfully" in saved(curator, row), row.slug
    assert not WordingRule.objects.filter(is_edited=True).exists()


def test_edit_is_seen_at_once_and_noted(curator: Client) -> None:
    assert remarks("a blunder") == []
    saved(curator, rule(), pattern="human error|operator error|blunders?")
    assert [hint.phrase for hint in remarks("a blunder")] == ["blunder"]
    assert rule().is_edited
    entry = LedgerEntry.objects.order_by("-pk").first()
    assert entry is not None
    assert entry.verb == "wording rule edited"


def test_list_is_made_ready_once_for_as_long_as_nobody_edits_it(curator: Client) -> None:
    first = current_book()
    assert current_book() is first
    saved(curator, rule(), offer="Something else.")
    assert current_book() is not first


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"pattern": "(human"}, "missing )"),
        ({"pattern": r"(?<=x)human error"}, "invalid"),
        ({"pattern": "x*"}, "matches nothing at all"),
        ({"rewrite": r"\3"}, "names a group that the pattern lacks"),
        ({"flagged": "In the end it was slow."}, "Not flagged: “In the end it was slow.”"),
        ({"left_alone": "A human error in the log."}, "Flagged for “human error”"),
    ],
)
def test_edit_is_refused_with_the_reason_and_changes_nothing(
    curator: Client, over: dict[str, Any], words: str
) -> None:
    before = rule().pattern
    page = saved(curator, rule(), **over)
    assert words in page
    assert "was changed successfully" not in page
    assert rule().pattern == before


def test_rule_of_ones_own_is_added_and_no_default_touches_it(curator: Client) -> None:
    fields = form_of(WordingRule(position=5, pattern="oops", reason="r", offer="o"), slug="oops")
    curator.post(reverse("admin:incidents_wordingrule_add"), fields)
    assert rule("oops").is_edited
    assert [hint.slug for hint in remarks("Oops, it went.")] == ["oops"]


def test_switched_off_rule_says_nothing(curator: Client) -> None:
    address = reverse("admin:incidents_wordingrule_changelist")
    curator.post(address, {"action": "switch_off", "_selected_action": [rule().pk]})
    assert remarks("human error") == []
    assert not rule().is_edited
    curator.post(address, {"action": "switch_on", "_selected_action": [rule().pk]})
    assert remarks("human error")


def test_list_is_put_in_order_on_its_own_page(curator: Client) -> None:
    rows = list(WordingRule.objects.order_by("position", "slug"))
    data: dict[str, Any] = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows), "_save": "Save"}
    for place, row in enumerate(rows):
        data |= {f"form-{place}-id": row.pk, f"form-{place}-is_active": "on"}
        data[f"form-{place}-position"] = 1 if row.slug == "luckily" else row.position
    curator.post(reverse("admin:incidents_wordingrule_changelist"), data)
    assert WordingRule.objects.first() == rule("luckily")


def test_newer_defaults_reach_what_nobody_edited_and_nothing_else(curator: Client) -> None:
    saved(curator, rule(), offer="Ours.")
    WordingRule.objects.update(version=0)
    WordingRule.objects.filter(slug="luckily").update(offer="Of an older version.")
    WordingRule.objects.filter(slug="fault").delete()
    take_defaults(WordingRule)
    assert rule().offer == "Ours."
    assert rule("luckily").offer == next(one.offer for one in RULES if one.slug == "luckily")
    assert rule("fault").pattern


def test_default_is_taken_back_on_request(curator: Client) -> None:
    saved(curator, rule(), offer="Ours.")
    address = reverse("admin:incidents_wordingrule_changelist")
    curator.post(address, {"action": "take_the_default", "_selected_action": [rule().pk]})
    assert (rule().offer, rule().is_edited) == ("What made this action easy, or look right?", False)
    with pytest.raises(ValueError, match="of your own"):
        take_default(rule=WordingRule(slug="mine"), by=None)


def test_rule_is_tried_as_it_is_edited_before_it_is_saved(curator: Client) -> None:
    address = reverse("admin:incidents_wordingrule_try_one", args=[rule().pk])
    fields = form_of(
        rule(), pattern="blunders?", flagged="A blunder.", sample="A blunder, and luckily no more."
    )
    page = curator.post(address, fields).content.decode()
    assert "2 hints" in page
    assert "<mark>blunder</mark>" in page
    assert "(as edited)" in page
    assert "blunder" not in rule().pattern


def test_new_rule_is_tried_before_there_is_one(curator: Client) -> None:
    fields = form_of(
        WordingRule(position=5, pattern="oops", reason="r", offer="o"), slug="oops", sample="Oops."
    )
    page = curator.post(reverse("admin:incidents_wordingrule_try"), fields).content.decode()
    assert "<mark>Oops</mark>" in page
    assert not WordingRule.objects.filter(slug="oops").exists()


def test_rule_that_cannot_be_used_says_why_when_it_is_tried(curator: Client) -> None:
    address = reverse("admin:incidents_wordingrule_try_one", args=[rule().pk])
    page = curator.post(address, form_of(rule(), pattern="(", sample="human error")).content.decode()
    assert "missing )" in page
    assert "<mark>" not in page


def test_whole_list_is_tried_on_pasted_text(curator: Client) -> None:
    address = reverse("admin:incidents_wordingrule_try")
    assert curator.get(address).status_code == 200
    page = curator.post(address, {"sample": "<b>It was human error.</b>"}).content.decode()
    assert "&lt;b&gt;It was <mark>human error</mark>" in page
    assert "No hint" in curator.post(address, {"sample": "All well."}).content.decode()


def test_only_curators_may_try() -> None:
    client = Client()
    client.force_login(make.user(Role.AUTHOR, is_staff=True), backend="accounts.backends.RoleBackend")
    assert client.get(reverse("admin:incidents_wordingrule_try")).status_code == 403
