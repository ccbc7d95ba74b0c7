"""The figures of the weekly review: facts kept from the ledger, then weeks reckoned anew, the newest first.

`read_ledger` notes what is new, `refresh` makes its rows anew and marks their weeks, `reckon_some` reckons
those, as far as the time goes: `follow` is all three, and every tick calls it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import date, datetime
from types import ModuleType

from django.conf import settings
from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from accounts.days import day_of
from analytics.flow_weeks import QUARTER, WEEK, Span, last_full, monday
from analytics.metrics import delivery, load, reviewing, time_spent, work
from analytics.models import (
    ChangeFlow,
    DeploymentFlow,
    DirtySpan,
    FlowRead,
    FlowTouched,
    IncidentFlow,
    SpanFigures,
)
from analytics.queries import spans as queries
from analytics.queries.figures import shows_demo
from analytics.services import flow_facts
from analytics.services.flow_spans import KEPT, RECENT, Marks, kept_quarters, mark
from changes.models import Repository
from incidents.models import Incident

# Each has VERSION and reckon(span, demo, rules, now) -> {scope: figures}; "" is everything.
PAGES: dict[str, ModuleType] = {
    "delivery": delivery,
    "time": time_spent,
    "reviewing": reviewing,
    "work": work,
    "load": load,
}
# Raise it when a narrow row holds something else than before: all are made anew then.
RULE = 3


def made_by() -> str:
    return f"{settings.ORGANISATION_TIME_ZONE} {RULE}"


@transaction.atomic
def read_ledger(*, now: datetime) -> bool:
    """Notes what was touched since the last time; False where somebody else is at it."""
    FlowRead.objects.bulk_create([FlowRead(pk=1)], ignore_conflicts=True)
    read = FlowRead.objects.select_for_update(skip_locked=True).first()
    if read is None:
        return False
    everything = read.made_by != made_by()
    entries, snapshot = queries.new_entries(read.snapshot)
    if everything:
        flow_facts.note_everything()
        SpanFigures.objects.all().delete()
    elif entries:
        flow_facts.note(entries)
    today = day_of(now)
    # A service's window, or whether its incidents are known here, alters every week and no row.
    if read.aged_on != today or any(kind == "service" for kind, _ in entries):
        _age(today, now)
    read.snapshot, read.aged_on, read.made_by = snapshot, today, made_by()
    read.save()
    return True


def _age(today: date, now: datetime) -> None:
    """Time alone alters what is pending or goes on; and on Mondays other spans are the last ones."""
    weeks = [monday(today) - number * WEEK for number in range(RECENT + 1)]
    known = [demo for demo in (False, True) if first_week(demo)]
    spans = {(page, demo, week, 1) for page in PAGES for demo in known for week in weeks}
    spans |= {
        (page, demo, begin, QUARTER)
        for (page, demo), begins in kept_quarters(PAGES, today).items()
        if demo in known
        for begin in begins
        if begin >= last_full(today, QUARTER).before().begins_on
    }
    mark(spans, now=now)


def refresh(*, now: datetime, seconds: float) -> bool:
    """Narrow rows made anew, chunk after chunk; True when none waits."""
    until = time.monotonic() + seconds
    marks = Marks(pages=PAGES, today=day_of(now))
    while flow_facts.refresh_some(marks=marks, now=now):
        if time.monotonic() > until:
            return not FlowTouched.objects.exists()
    return True


def first_week(demo: bool) -> date | None:
    """The Monday of the first week that anything is known of."""
    owners = (Repository.objects.filter(is_demo=demo), Incident.objects.filter(is_demo=demo))
    if not any(rows.exists() for rows in owners):
        return None  # else whole indexes would be read in search of one row
    found = [
        ChangeFlow.objects.filter(is_demo=demo).aggregate(at=Min("merged_at"))["at"],
        DeploymentFlow.objects.filter(is_demo=demo).aggregate(at=Min("at"))["at"],
        IncidentFlow.objects.filter(is_demo=demo).aggregate(at=Min("began_at"))["at"],
    ]
    known = [at for at in found if at]
    return monday(day_of(min(known))) if known else None


def fill_gaps(*, now: datetime) -> None:
    """A week in which nothing happened is a week all the same, once anything is known before it.

    Figures made by other rules, or by another way of reckoning, are made anew; closed weeks keep theirs.
    """
    today = day_of(now)
    rules = queries.rules_in_force()
    for demo in (False, True):
        first = first_week(demo)
        if first is None:
            continue
        first = max(first, monday(today) - KEPT * WEEK)
        wanted = Span(first, (monday(today) - first).days // 7 + 1)
        for name, page in PAGES.items():
            have = queries.reckoned_weeks(page=name, demo=demo, version=page.VERSION, rules=rules)
            lacking = {(name, demo, week, 1) for week in wanted.each() if (week, 1) not in have}
            quarters = kept_quarters([name], today)[name, demo]
            lacking |= {(name, demo, begin, QUARTER) for begin in quarters if (begin, QUARTER) not in have}
            mark(lacking, now=now)


def reckon_some(*, seconds: float, now: Callable[[], datetime]) -> bool:
    """The newest first; True when nothing waits."""
    until = time.monotonic() + seconds
    while _reckon_one(now()):
        if time.monotonic() > until:
            return not DirtySpan.objects.exists()
    return True


@transaction.atomic
def _reckon_one(now: datetime) -> bool:
    row = queries.newest_dirty()
    if row is None:
        return False
    row.delete()
    page = PAGES.get(row.page)
    if page is not None:
        reckon(page=row.page, span=Span(row.begins_on, row.weeks), demo=row.is_demo, now=now)
    return True


@transaction.atomic
def reckon(*, page: str, span: Span, demo: bool, now: datetime) -> None:
    rules = queries.rules_in_force()
    found = PAGES[page].reckon(span, demo, rules, now)
    rows = [
        SpanFigures(
            page=page, is_demo=demo, scope=scope, begins_on=span.begins_on, weeks=span.weeks,
            figures=figures, version=PAGES[page].VERSION, rules=rules, reckoned_at=now,
        )
        for scope, figures in found.items()
    ]  # fmt: skip
    kept = SpanFigures.objects.filter(page=page, is_demo=demo, begins_on=span.begins_on, weeks=span.weeks)
    kept.delete()
    SpanFigures.objects.bulk_create(rows, batch_size=1000)


@transaction.atomic
def ask(*, page: str, span: Span, demo: bool, now: datetime) -> None:
    """Has a span reckoned that is not kept; from then on it is."""
    ask_all(spans=[(page, span)], demo=demo, now=now)


@transaction.atomic
def ask_all(*, spans: Iterable[tuple[str, Span]], demo: bool, now: datetime) -> None:
    """The same of several, each of its page."""
    mark({(page, demo, span.begins_on, span.weeks) for page, span in spans}, now=now)


def follow(*, now: Callable[[], datetime], seconds: float) -> bool:
    """All of it, as far as the time goes; True when everything stands."""
    until = time.monotonic() + seconds
    if not read_ledger(now=now()):
        return False
    if not refresh(now=now(), seconds=seconds):
        return False
    fill_gaps(now=now())
    return reckon_some(seconds=max(0.0, until - time.monotonic()), now=now)


def is_behind() -> bool:
    """Whether there is anything to do, by one short look at each table."""
    read = FlowRead.objects.first()
    if read is None or read.made_by != made_by() or read.aged_on != day_of(timezone.now()):
        return True
    waits = DirtySpan.objects.exists() or FlowTouched.objects.exists()
    return waits or queries.has_new(read.snapshot) or _are_of_another_version()


def _are_of_another_version() -> bool:
    """As after an update that reckons in another way; the present week of what is shown tells for all."""
    week = monday(day_of(timezone.now()))
    newest = SpanFigures.objects.filter(is_demo=shows_demo(), scope="", weeks=1, begins_on=week)
    made = dict(newest.values_list("page", "version"))
    return any(name in made and made[name] != page.VERSION for name, page in PAGES.items())


def settle(*, now: datetime) -> None:
    """Until everything stands, however long it takes."""
    while not follow(now=lambda: now, seconds=60):
        pass


def rebuild(*, now: Callable[[], datetime]) -> None:
    """Throws all of it away and makes it anew. Closed weeks are no findings: they stay."""
    with transaction.atomic():
        for model in (ChangeFlow, DeploymentFlow, IncidentFlow, SpanFigures, DirtySpan, FlowTouched):
            model.objects.all().delete()
        FlowRead.objects.update(snapshot="", aged_on=None, made_by="")
    while not follow(now=now, seconds=60):
        pass
