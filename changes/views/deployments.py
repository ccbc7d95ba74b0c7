"""Deployments and what each held."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import AuditEntry
from changes.filters import DeploymentFilter
from changes.models import Deployment
from changes.queries.owners import may_speak_for
from changes.services.kinds import KindRefused, say_deployment_kind
from changes.views.changes import MOST_COUNTED
from changes.views.who import person
from design.listing import listing
from intake.queries import in_view


def deployment_list(request: HttpRequest) -> HttpResponse:
    found = DeploymentFilter(
        request.GET, queryset=in_view(Deployment.objects.for_list(), "repository__is_demo")
    )
    held: QuerySet[Any] = Deployment.changes.through.objects.filter(deployment=OuterRef("pk")).order_by()
    counted = held.values("deployment").annotate(n=Count("*")).values("n")
    deployments = found.qs.annotate(held=Coalesce(Subquery(counted), 0)).order_by("-finished_at", "-id")
    example = (
        f"curl -X POST {request.build_absolute_uri('/hooks/your-source/')} \\\n"
        '  -H "Authorization: Bearer $SECRET" -H "Content-Type: application/json" \\\n'
        """  -d '{"repository": {"name": "shop/checkout"},\n"""
        """       "deployment": {"id": "1042", "environment": "production", "is_production": true,\n"""
        """                      "status": "succeeded", "sha": "8c1f...", "at": "2026-03-01T10:00:00Z"}}'"""
    )
    context = listing(request, found, deployments, most=MOST_COUNTED)
    return render(request, "changes/deployments.html", context | {"example": example})


def deployment_detail(request: HttpRequest, pk: int) -> HttpResponse:
    deployment = get_object_or_404(Deployment.objects.for_list(), pk=pk)
    changes = deployment.changes.for_list().prefetch_related("assistances__kind").order_by("-merged_at")
    context = {
        "deployment": deployment,
        "changes": changes,
        "events": deployment.events.all(),
        "kinds": Deployment.Kind.choices,
        "may_say": may_speak_for(person(request), deployment.service),
        "words": words_on_kind(deployment),
    }
    return render(request, "changes/deployment.html", context)


def words_on_kind(deployment: Deployment) -> AuditEntry | None:
    """The latest that a person said of its kind, with the reason."""
    rows = AuditEntry.objects.filter(
        target_kind="deployment", target_id=deployment.pk, verb="say_deployment_kind"
    )
    return rows.select_related("actor").first()


@require_POST
def say_kind(request: HttpRequest, pk: int) -> HttpResponse:
    """`kind` is planned, rollback or hotfix, or empty to leave it to what is told and seen."""
    deployment = get_object_or_404(Deployment.objects.select_related("service"), pk=pk)
    someone = person(request)
    if not may_speak_for(someone, deployment.service):
        raise PermissionDenied("What sort of deployment it was is for the team that owns the service to say.")
    said = {name: request.POST.get(name, "") for name in ("kind", "reason")}
    try:
        row = say_deployment_kind(deployment_id=pk, by=someone, now=timezone.now(), **said)
    except KindRefused as refusal:
        messages.error(request, f"{refusal} Nothing was kept.")
    else:
        messages.success(request, f"Kept: {row.get_kind_display().lower()}.")
    return redirect("changes:deployment", pk=pk)
