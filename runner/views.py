"""Two questions a load balancer asks: is the process up, and can it do its work?"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from runner.models import Heartbeat


@require_safe
@never_cache
@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    reasons = _reasons()
    answer = {
        "status": "unavailable" if reasons else "ok",
        "reasons": reasons,
        "embedded": not settings.DATABASE_URL,
    }
    return JsonResponse(answer, status=503 if reasons else 200)


def _reasons() -> list[str]:
    """Why not, in words for an operator; nothing here may tell a stranger more than that."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if pending:
            return [f"{len(pending)} migrations are not applied"]
        return _worker_reasons()
    except OperationalError:
        return ["the database does not answer"]


def _worker_reasons() -> list[str]:
    heartbeat = Heartbeat.objects.filter(name="worker").first()
    if heartbeat is None:
        return ["no worker has run yet"]
    if heartbeat.age > settings.HEARTBEAT_AGE:
        return [f"the worker was last seen {heartbeat.age.total_seconds():.0f} seconds ago"]
    return []
