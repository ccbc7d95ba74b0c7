"""The first page, and what its numbers mean."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Role, User
from analytics import metrics
from analytics.forms import MatrixForm
from analytics.metrics.failure_rate import STATES
from analytics.metrics.words import WORDS
from analytics.queries import home as queries
from analytics.services import demo
from analytics.views.matrix import report_context


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)  # noqa: S101 -- the middleware lets only people in
    user = request.user
    form = MatrixForm({})
    form.is_valid()
    opening = queries.opening(user, form.filters(), form.as_of)
    context = report_context(form, opening.incident_known)
    report = context["report"]
    progress = opening.progress
    context |= {
        **vars(queries.listed(user, form.demo)),
        "untested_count": opening.untested,
        "figures": opening.figures,
        "today": form.as_of,
        "assisted": report.row("assisted").total,
        "manual": report.row("manual").total,
        "total": report.total,
        "progress": progress,
        "guide": not progress.finished and (form.demo or report.is_empty or not progress.incident),
        "may_write": user.at_least(Role.AUTHOR),
        **_guide(progress, user),
    }
    return render(request, "analytics/home.html", context)


def _guide(progress: queries.SetupProgress, user: User) -> dict[str, Any]:
    """The exact addresses and lines of this installation."""
    pager, forge = progress.pager_slug or "pagerduty", progress.forge_slug or "github"
    return {
        "site_url": settings.SITE_URL,
        "pager_url": f"{settings.SITE_URL}{reverse('intake:receive', args=[pager])}",
        "forge_url": f"{settings.SITE_URL}{reverse('intake:receive', args=[forge])}",
        "pager_slug": pager,
        "forge_slug": forge,
        "may_connect": user.at_least(Role.ADMIN),
    }


@require_POST
def remove_demo(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)  # noqa: S101 -- the middleware lets only people in
    if not request.user.at_least(Role.ADMIN):
        raise PermissionDenied("Only admins remove the demonstration data.")
    demo.remove_demo(by=request.user)
    messages.success(request, "The demonstration data is gone.")
    return redirect("analytics:home")


@require_safe
def definitions(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "analytics/definitions.html",
        {"definitions": metrics.definitions(), "words": WORDS, "states": STATES.values()},
    )
