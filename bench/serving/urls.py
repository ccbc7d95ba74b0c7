"""The product's doors, and a bare view that stores the same columns of a body, unproved and unnamed."""

from __future__ import annotations

import hashlib

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from config.urls import urlpatterns as doors
from intake.models import Delivery


@csrf_exempt
@login_not_required
def bare(request: HttpRequest, source_id: int) -> HttpResponse:
    digest = hashlib.sha256(request.body).digest()
    now = timezone.now()
    Delivery.objects.create(
        source_id=source_id,
        key=digest.hex(),
        event="incident.triggered",
        body=request.body,
        body_sha256=digest,
        headers={"content-type": request.headers["Content-Type"]},
        received_at=now,
        next_attempt_at=now,
        state=Delivery.State.DONE,  # nothing is to follow
    )
    return JsonResponse({"status": "accepted"}, status=202)


urlpatterns = [path("bare/<int:source_id>/", bare), *doors]
