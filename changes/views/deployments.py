"""Deployments and what each held."""

from __future__ import annotations

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from changes.filters import DeploymentFilter
from changes.models import Deployment
from design.listing import listing
from intake.queries import in_view


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
    changes = deployment.changes.for_list().prefetch_related("assistances__kind").order_by("-merged_at")
    context = {"deployment": deployment, "changes": changes, "events": deployment.events.all()}
    return render(request, "changes/deployment.html", context)
