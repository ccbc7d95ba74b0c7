"""The list of changes, and one change with what is known of it."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from changes.filters import ChangeFilter
from changes.forms import offer
from changes.models import (
    Assistance,
    AssistanceKind,
    Change,
    CheckRun,
    Decision,
    DetectionRule,
    DomainArea,
    Feature,
    Origin,
    PathClassRule,
    SizeException,
)
from changes.paths import UNCOUNTED, PathClasses
from changes.queries import attested, chains
from changes.queries.places import classes_by
from changes.queries.together import together
from changes.services.care import care_token
from changes.services.size_exceptions import reason_in
from changes.views.reviewed import has_answered
from changes.views.who import person
from design.listing import listing
from intake.queries import in_view

# The number of changes is told up to here: beyond it nobody reads the last digits, and all are slow to count.
MOST_COUNTED = 10_000
MOST_CHECKS = 20
ASSISTANCES = Prefetch("assistances", Assistance.objects.select_related("kind"))
# What a list is ordered by: the last thing that happened to a change; there is an index for it.
LATEST = Coalesce("shipped_at", "merged_at", "closed_at", "opened_at")


def change_list(request: HttpRequest) -> HttpResponse:
    found = ChangeFilter(request.GET, queryset=in_view(Change.objects.for_list(), "repository__is_demo"))
    offer(found.form)
    changes = found.qs.prefetch_related(ASSISTANCES).order_by(LATEST.desc(nulls_last=True), "-id")
    return render(request, "changes/list.html", listing(request, found, changes, most=MOST_COUNTED))


def change_detail(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Change.objects.select_related("repository", "area", "assistant", "undone_by", "feature")
    change = get_object_or_404(rows, pk=pk)
    if change.merged_into_id:
        return redirect("changes:detail", pk=change.merged_into_id, permanent=True)
    may_decide = person(request).at_least(Role.AUTHOR)
    context = {
        "change": change,
        "may_decide": may_decide,
        "origins": [(value, label) for value, label in Origin.choices if value != Origin.UNKNOWN],
        "verdicts": Decision.Verdict,
        "care_link": request.build_absolute_uri(
            reverse("changes:care", args=[care_token(change.pk, timezone.now())])
        ),
        "has_answered": has_answered(request, change),
        "described_exception": reason_in(change.message),
    }
    return render(request, "changes/detail.html", context | _parts(change, may_decide))


def _parts(change: Change, may_decide: bool) -> dict[str, Any]:
    """What hangs on a change, in one statement besides what lies further along its chain."""
    wanted: dict[str, QuerySet[Any]] = {
        "identities": change.identities.all(),
        "decisions": change.decisions.select_related("kind", "said_by").order_by("-said_at"),
        "assistances": change.assistances.select_related("kind", "assistant"),
        "reviews": change.reviews.all(),
        "remarks": change.remarks.filter(deleted_at=None, is_meaningful=True),
        "checks": CheckRun.objects.all().of_change(change).order_by("-queued_at", "-id")[:MOST_CHECKS],
        "size_exceptions": SizeException.objects.filter(change=change).select_related("said_by"),
        "deployments": change.deployments.for_list(),
        "services": change.services.all(),
        "areas_touched": change.areas_touched.exclude(pk=change.area_id or 0),
        "may_be_meant": chains.may_mean(change),
        "kinds": AssistanceKind.objects.offered() if may_decide else AssistanceKind.objects.none(),
        "areas": DomainArea.objects.offered() if may_decide else DomainArea.objects.none(),
        "features": features_for(change) if may_decide else Feature.objects.none(),
        "evidence": change.evidence.select_related("assistant", "kind"),
        "rules": DetectionRule.objects.filter(key__in=change.evidence.order_by().values("rule_key")),
        "attested": attested.attested_rows(change),
        "links": chains.links_around([change.pk]),
        "follow_ups": chains.follow_ups_of(change),
        "open_links": chains.open_links_of(change),
        "classes": PathClassRule.objects.filter(repository=change.repository_id),
    }
    found = dict(zip(wanted, together(*wanted.values()), strict=True))
    rules = {rule.key: rule for rule in found.pop("rules")}
    evidence = [(piece, rules.get(piece.rule_key)) for piece in found["evidence"]]
    return found | {
        "evidence": evidence,
        "has_newer_rules": any(rule and rule.version > piece.rule_version for piece, rule in evidence),
        "attested": attested.attested_in(found["attested"]),
        "chain": chains.chain(change, found.pop("links"), found.pop("follow_ups")),
        "questions": chains.questions(change, found.pop("open_links")),
        "classes": path_groups(change, classes_by(found["classes"])),
    }


def features_for(change: Change) -> QuerySet[Feature]:
    """Those on offer, and the one that it is in."""
    mine = Feature.objects.filter(is_demo=change.repository.is_demo)
    return mine.filter(Q(retired_on=None) | Q(pk=change.feature_id))


def path_groups(change: Change, classes: PathClasses) -> list[tuple[str, bool, list[str]]]:
    """Class of file, whether its lines count for the size, and the paths of it; largest group first."""
    groups: dict[str, list[str]] = {}
    for path in change.paths:
        groups.setdefault(classes.of(path), []).append(path)
    return [
        (name, name not in UNCOUNTED, paths)
        for name, paths in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
