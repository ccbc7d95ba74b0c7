"""Pages on what shipped: changes, deployments, repositories and services."""

from __future__ import annotations

from typing import cast

from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Count, Max, Q
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import Role, User
from changes.filters import ChangeFilter, DeploymentFilter, RepositoryFilter
from changes.models import (
    AssistanceKind,
    Change,
    Decision,
    Deployment,
    DomainArea,
    Origin,
    Prompt,
    Repository,
    Service,
)
from changes.services.origin import say_kind, say_origin
from changes.services.places import say_area
from design.listing import listing
from intake.queries import in_view

# What a list is ordered by: the last thing that happened to a change.
LATEST = Coalesce("shipped_at", "merged_at", "closed_at", "opened_at")


def change_list(request: HttpRequest) -> HttpResponse:
    found = ChangeFilter(request.GET, queryset=in_view(Change.objects.for_list(), "repository__is_demo"))
    changes = found.qs.prefetch_related("assistances__kind").order_by(LATEST.desc(nulls_last=True), "-id")
    return render(request, "changes/list.html", listing(request, found, changes))


def change_detail(request: HttpRequest, pk: int) -> HttpResponse:
    change = get_object_or_404(
        Change.objects.select_related("repository", "area", "assistant", "undone_by", "feature"),
        pk=pk,
    )
    if change.merged_into_id:
        return redirect("changes:detail", pk=change.merged_into_id, permanent=True)
    context = {
        "change": change,
        "identities": change.identities.all(),
        "evidence": change.evidence.select_related("assistant", "kind"),
        "decisions": change.decisions.select_related("kind", "said_by").order_by("-said_at"),
        "assistances": change.assistances.select_related("kind", "assistant"),
        "links": change.links.select_related("target"),
        "linked_from": change.linked_from.select_related("change"),
        "reviews": change.reviews.all(),
        "deployments": change.deployments.for_list(),
        "services": change.services.all(),
        "areas_touched": change.areas_touched.exclude(pk=change.area_id or 0),
        "may_decide": _person(request).at_least(Role.AUTHOR),
        "origins": [(value, label) for value, label in Origin.choices if value != Origin.UNKNOWN],
        "kinds": AssistanceKind.objects.offered(),
        "areas": DomainArea.objects.offered(),
    }
    return render(request, "changes/detail.html", context)


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)


def _decider(request: HttpRequest) -> User:
    person = _person(request)
    if not person.at_least(Role.AUTHOR):
        raise PermissionDenied("Saying how a change was made needs the author role.")
    return person


@require_POST
def decide_origin(request: HttpRequest, pk: int) -> HttpResponse:
    person = _decider(request)
    change = get_object_or_404(Change, pk=pk)
    origin = request.POST.get("origin", "")
    if origin not in Origin.values or origin == Origin.UNKNOWN:
        raise BadRequest("origin must be manual, assisted or autonomous")
    say_origin(
        change_id=change.pk, origin=origin, by=person, prompted_by=Prompt.CHANGE_PAGE, now=timezone.now()
    )
    return redirect("changes:detail", pk=pk)


@require_POST
def decide_kind(request: HttpRequest, pk: int) -> HttpResponse:
    person = _decider(request)
    change = get_object_or_404(Change, pk=pk)
    kind = AssistanceKind.objects.offered().filter(slug=request.POST.get("kind", "")).first()
    verdict = request.POST.get("verdict", "")
    if kind is None or verdict not in Decision.Verdict.values:
        raise BadRequest("a kind on offer, and confirmed or dismissed, must be given")
    say_kind(
        change_id=change.pk,
        kind=kind,
        verdict=verdict,
        by=person,
        prompted_by=Prompt.CHANGE_PAGE,
        now=timezone.now(),
    )
    return redirect("changes:detail", pk=pk)


@require_POST
def decide_area(request: HttpRequest, pk: int) -> HttpResponse:
    person = _decider(request)
    change = get_object_or_404(Change, pk=pk)
    area = DomainArea.objects.offered().filter(slug=request.POST.get("area", "")).first()
    if area is None:
        raise BadRequest("an area on offer must be given")
    say_area(change_id=change.pk, area=area, by=person)
    return redirect("changes:detail", pk=pk)


def deployment_list(request: HttpRequest) -> HttpResponse:
    found = DeploymentFilter(
        request.GET, queryset=in_view(Deployment.objects.for_list(), "repository__is_demo")
    )
    deployments = found.qs.annotate(held=Count("changes")).order_by("-finished_at", "-id")
    example = (
        f"curl -X POST {request.build_absolute_uri('/hooks/your-source/')} \\\n"
        '  -H "Authorization: Bearer $SECRET" -H "Content-Type: application/json" \\\n'
        """  -d '{"repository": {"name": "shop/checkout"},\n"""
        """       "deployment": {"id": "1042", "environment": "production", "is_production": true,\n"""
        """                      "status": "succeeded", "sha": "8c1f...", "at": "2026-03-01T10:00:00Z"}}'"""
    )
    return render(
        request, "changes/deployments.html", {**listing(request, found, deployments), "example": example}
    )


def deployment_detail(request: HttpRequest, pk: int) -> HttpResponse:
    deployment = get_object_or_404(Deployment.objects.for_list(), pk=pk)
    changes = deployment.changes.for_list().order_by("-merged_at")
    context = {"deployment": deployment, "changes": changes, "events": deployment.events.all()}
    return render(request, "changes/deployment.html", context)


def repository_list(request: HttpRequest) -> HttpResponse:
    current = Q(changes__merged_into=None)
    repositories = Repository.objects.annotate(
        shipped=Count("changes", filter=current & Q(changes__state=Change.State.SHIPPED)),
        last_shipped_at=Max("changes__shipped_at", filter=current),
    )
    found = RepositoryFilter(request.GET, queryset=in_view(repositories))
    return render(request, "changes/repositories.html", listing(request, found, found.qs.order_by("name")))


def repository_detail(request: HttpRequest, pk: int) -> HttpResponse:
    repository = get_object_or_404(Repository, pk=pk)
    shipped = Change.objects.shipped().filter(repository=repository)
    context = {
        "repository": repository,
        "services": repository.services.select_related("team"),
        "area_rules": repository.area_rules.select_related("area"),
        "policies": repository.policies.all(),
        "origins": shipped.values("origin").annotate(n=Count("id")).order_by("-n"),
        "total": shipped.count(),
        "recent": shipped.for_list().order_by("-shipped_at")[:15],
    }
    return render(request, "changes/repository.html", context)


def service_detail(request: HttpRequest, slug: str) -> HttpResponse:
    service = get_object_or_404(Service.objects.select_related("team", "repository", "area"), slug=slug)
    context = {
        "service": service,
        "recent": service.changes.shipped().for_list().order_by("-shipped_at")[:15],
        "deployments": service.deployments.for_list().order_by("-finished_at", "-id")[:15],
    }
    return render(request, "changes/service.html", context)
