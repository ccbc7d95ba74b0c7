"""What people do with a week: notes and decisions, and closing it, after which its numbers never change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.days import day_of
from accounts.models import Role, User
from accounts.services import audit
from analytics.flow_weeks import QUARTER, WEEK, Span, label, last_full
from analytics.models import DirtySpan, FrozenWeek, ReviewRules, SpanFigures, WeekNote
from analytics.queries.spans import rules_in_force
from analytics.services import flow
from analytics.stats.decision import RULE_VERSION
from incidents.services.refusals import Refused
from intake import ledger

LONGEST = 4000
PATIENCE = 5.0  # seconds that whoever closes a week waits for what was recorded since


@transaction.atomic
def add_note(*, week: date, demo: bool, kind: str, text: str, by: User, now: datetime) -> WeekNote:
    """Raises: Refused for nothing said, too much, a week to come, or a role that only reads."""
    if not by.at_least(Role.AUTHOR):
        raise Refused("Notes are written by authors.", code="forbidden")
    words = text.strip()
    if not words:
        raise Refused("Write what is to be kept.", field="text")
    if len(words) > LONGEST:
        raise Refused(f"A note has at most {LONGEST} characters; this one has {len(words)}.", field="text")
    if kind not in WeekNote.Kind.values:
        raise Refused("It is a note or a decision.", field="kind")
    if week > day_of(now):
        raise Refused("Nothing is known of weeks to come.", field="week")
    note = WeekNote.objects.create(
        begins_on=Span(week).begins_on, is_demo=demo, kind=kind, text=words, written_by=by, written_at=now
    )
    audit(verb="note_week", target=note, actor=by, detail={"week": label(week), "kind": kind})
    return note


@transaction.atomic
def take_back_note(*, note_id: int, by: User, now: datetime) -> WeekNote:
    """One's own, or any for a curator; a second time changes nothing.

    Raises: Refused for somebody else's; WeekNote.DoesNotExist.
    """
    note = WeekNote.objects.select_for_update(of=("self",)).get(pk=note_id)
    if note.written_by_id != by.pk and not by.at_least(Role.CURATOR):
        raise Refused("Only its writer or a curator takes a note back.", code="forbidden")
    if note.taken_back_at is not None:
        return note
    note.taken_back_at = now
    note.save(update_fields=["taken_back_at"])
    audit(verb="take_back_note", target=note, actor=by, detail={"week": label(note.begins_on)})
    return note


def lacking(*, span: Span, demo: bool) -> list[tuple[str, Span]]:
    """Figures that a closed week keeps and that do not stand, or are to be reckoned anew, by page."""
    quarter = Span(span.begins_on - (QUARTER - 1) * WEEK, QUARTER)
    wanted = [(page, one) for page in flow.PAGES for one in (span, quarter, quarter.before())]
    begins = [one.begins_on for _, one in wanted]
    have = set(
        SpanFigures.objects.filter(is_demo=demo, scope="", begins_on__in=begins)
        .values_list("page", "begins_on", "weeks")
    )  # fmt: skip
    dirty = set(
        DirtySpan.objects.filter(is_demo=demo, begins_on__in=begins).values_list("page", "begins_on", "weeks")
    )
    return [(page, one) for page, one in wanted if (page, one.begins_on, one.weeks) not in have - dirty]


def may_close(*, span: Span, demo: bool, by: User, now: datetime) -> None:
    """Raises: Refused with the reason; what is still to be reckoned is asked for."""
    if not by.at_least(Role.CURATOR):
        raise Refused("Weeks are closed by curators.", code="forbidden")
    if span.begins_on > last_full(day_of(now)).begins_on:
        raise Refused("The week is not over yet.", code="not_over")
    if FrozenWeek.objects.filter(begins_on=span.begins_on, is_demo=demo).exists():
        raise Refused("This week is closed already.", code="closed")
    stands = flow.read_ledger(now=now) and flow.refresh(now=now, seconds=PATIENCE)
    missing = lacking(span=span, demo=demo)
    for page, one in missing:
        flow.ask(page=page, span=one, demo=demo, now=now)
    if missing or not stands:
        raise Refused("Its figures are still being reckoned. Close it in a moment.", code="waiting")


@transaction.atomic
def close_week(*, span: Span, demo: bool, content: Mapping[str, Any], by: User, now: datetime) -> FrozenWeek:
    """Keeps its numbers for good. Raises: Refused where `may_close` does, or somebody was quicker."""
    may_close(span=span, demo=demo, by=by, now=now)
    versions = {
        "rules": rules_in_force().pk,
        "pages": {page: module.VERSION for page, module in flow.PAGES.items()},
        "signals": RULE_VERSION,
        "made_by": flow.made_by(),
    }
    try:
        with transaction.atomic():
            week = FrozenWeek.objects.create(
                begins_on=span.begins_on, is_demo=demo, closed_at=now, closed_by=by, figures=dict(content),
                versions=versions, generation=ledger.generation(),
            )  # fmt: skip
    except IntegrityError:
        raise Refused("This week is closed already.", code="closed") from None
    audit(verb="close_week", target=week, actor=by, detail={"week": label(span.begins_on)})
    return week


@transaction.atomic
def put_in_force(*, rules: ReviewRules, by: User) -> ReviewRules:
    """A new version: figures are reckoned anew with it, closed weeks keep theirs.

    Raises: Refused for a role below curator, or a version that stands already.
    """
    if not by.at_least(Role.CURATOR):
        raise Refused("Review rules are kept by curators.", code="forbidden")
    if not rules._state.adding:
        raise Refused("A version is never altered: add another.", code="stands")
    rules.said_by = by
    rules.save()
    audit(verb="put_rules_in_force", target=rules, actor=by)
    return rules
