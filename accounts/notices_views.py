"""A person's own list of what they were told."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, Q, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts import notices
from accounts.models import Notification, Subscription, Topic, User

A_PAGE = 50


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 -- the middleware lets only people in
    return request.user


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What is unread first, then the newest."""
    user = _person(request)
    rows = Notification.objects.filter(user=user)
    unread = Q(read_at=None)
    order = rows.order_by(Case(When(unread, then=0), default=1), "-created_at", "-pk")
    shown = Paginator(order, A_PAGE).get_page(request.GET.get("page"))
    by_mail = Subscription.objects.filter(user=user, topic=Topic.NOTICES, stopped_at=None).exists()
    context = {"page": shown, "unread": rows.filter(unread).count(), "by_mail": by_mail}
    return render(request, "accounts/notices.html", context)


@require_POST
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """Read, and on to what it is about."""
    notice = get_object_or_404(Notification, pk=pk, user=_person(request))
    notices.mark_read(user=_person(request), ids=[notice.pk], now=timezone.now())
    return HttpResponseRedirect(notice.path, status=303)


@require_POST
def read(request: HttpRequest, pk: int) -> HttpResponse:
    notice = get_object_or_404(Notification, pk=pk, user=_person(request))
    notices.mark_read(user=_person(request), ids=[notice.pk], now=timezone.now())
    return redirect("notices:list")


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    count = notices.mark_read(user=_person(request), now=timezone.now())
    messages.success(request, f"{count} marked as read." if count else "All was read before.")
    return redirect("notices:list")
