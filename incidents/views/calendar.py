"""A person's calendar feed: the key in its address is the proof of who reads; nothing is altered by it."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_safe

from accounts import calendar_keys
from accounts.models import User
from incidents.calendar_file import Day, Weekly, written
from incidents.queries.calendar import entries


@sensitive_variables("key")
@login_not_required
@require_safe
def feed(request: HttpRequest, key: str) -> HttpResponse:
    """404 for a key that is unknown or revoked; 429 for one that is read much too often."""
    user = calendar_keys.owner(key)
    if user is None:
        raise Http404
    if not calendar_keys.may_read(user):
        wait = str(calendar_keys.WINDOW)
        return HttpResponse(
            "Read too often.\n", content_type="text/plain", status=429, headers={"Retry-After": wait}
        )
    content = _content(user)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    response["ETag"] = etag
    response["Content-Disposition"] = 'inline; filename="hindcast.ics"'
    response["X-Robots-Tag"] = "noindex, nofollow"
    patch_cache_control(response, private=True, no_cache=True)
    conditional = get_conditional_response(request, etag=etag, response=response)
    assert isinstance(conditional, HttpResponse)  # noqa: S101 (one was given)
    return conditional


def _content(user: User) -> bytes:
    days = [
        Day(
            one.uid,
            one.day,
            one.title,
            settings.SITE_URL + one.path,
            one.is_over,
            one.revision,
            one.changed_at,
        )
        for one in entries(user, now=timezone.now())
    ]
    weekly = Weekly(
        "The weekly review is ready",
        settings.SITE_URL + reverse("analytics:review"),
        settings.MAIL_WEEKDAY,
        settings.MAIL_HOUR,
        settings.ORGANISATION_TIME_ZONE,
        user.calendar_key.created_at,
    )
    host = urlsplit(settings.SITE_URL).hostname or "hindcast"
    return written(days, weekly, name="Hindcast", host=host)
