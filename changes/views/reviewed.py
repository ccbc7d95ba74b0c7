"""What people say of a review: why a change was so large, and whether it could be read with care."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from changes.models import Change
from changes.services.care import CareRefused, Shut, opened, record_care
from changes.services.size_exceptions import (
    ExceptionRefused,
    say_size_exception,
    withdraw_size_exception,
)
from changes.views.who import decider

ANSWERED = "care_answered"  # in the session: changes that this browser has answered for
MOST_KEPT = 300
STATUS = {Shut.UNKNOWN: 404, Shut.EXPIRED: 410}


def has_answered(request: HttpRequest, change: Change) -> bool:
    return change.pk in request.session.get(ANSWERED, [])


def _record(request: HttpRequest, change: Change) -> None:
    """Raises: CareRefused. A second tap in the same browser changes nothing."""
    if not has_answered(request, change):
        record_care(change_id=change.pk, answer=request.POST.get("answer", ""), now=timezone.now())
        request.session[ANSWERED] = [*request.session.get(ANSWERED, []), change.pk][-MOST_KEPT:]


@require_POST
def answer_care(request: HttpRequest, pk: int) -> HttpResponse:
    """Anyone signed in."""
    change = get_object_or_404(Change.objects.current(), pk=pk)
    try:
        _record(request, change)
    except CareRefused as refusal:
        messages.error(request, f"{refusal} Nothing was kept.")
    else:
        messages.success(request, "Thank you. The answer was kept without your name and without the hour.")
    return redirect("changes:detail", pk=pk)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def care(request: HttpRequest, token: str) -> HttpResponse:
    """The link is the proof: GET shows three buttons and alters nothing, whoever opens it."""
    found = opened(token, timezone.now())
    context: dict[str, object] = {"token": token, "found": None}
    status = 200
    if isinstance(found, Shut):
        context["words"], status = found.value, STATUS[found]
    else:
        context["found"] = found
        context["number"] = found.identities.filter(space="number").first()
        if request.method == "POST":
            try:
                _record(request, found)
            except CareRefused as refusal:
                context["refused"], status = str(refusal), 422
        context["is_answered"] = has_answered(request, found)
    response = render(request, "changes/care.html", context, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@require_POST
def size_exception(request: HttpRequest, pk: int) -> HttpResponse:
    """`reason` says why it is so large; `withdraw` takes it back."""
    someone = decider(request)
    change = get_object_or_404(Change.objects.current(), pk=pk)
    if request.POST.get("withdraw"):
        if withdraw_size_exception(change_id=change.pk, by=someone):
            messages.success(request, "Taken back. The words stay in the history.")
        return redirect("changes:detail", pk=pk)
    try:
        say_size_exception(
            change_id=change.pk, reason=request.POST.get("reason", ""), by=someone, now=timezone.now()
        )
    except ExceptionRefused as refusal:
        messages.error(request, f"{refusal} Nothing was kept.")
    else:
        messages.success(
            request, "Kept. The weekly review counts it as a change that was large for a reason."
        )
    return redirect("changes:detail", pk=pk)
