"""The page behind a weekly mail: its ten decisions, without signing in; and how the mail would look now.

The link is the proof of who asks, so no cookie is looked at or needed: each form carries a seal that only
this page gives out. Nothing is altered by GET or HEAD, which scanners and previews of mail programs send.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.mail import is_held, is_set_up, writer
from accounts.models import Mail, Topic, User
from analytics.mails.links import LIFETIME, Closed, is_sealed, opened, seal
from analytics.queries.by_mail import lines
from analytics.services import by_mail as services
from analytics.services import queue
from analytics.views.people import reader
from changes.models import AssistanceKind
from incidents.services.refusals import Refused

OTHERS = (
    "This mail was sent to somebody else, and you are signed in. What you can decide is in the confirm queue."
)
ANSWERS = {queue.SUGGESTED, queue.AI, queue.MANUAL, queue.NOT}
STATUS = {Closed.UNKNOWN: 404, Closed.EXPIRED: 410, Closed.ENDED: 410}

Page = Callable[..., HttpResponse]


def _of_mail(view: Callable[..., HttpResponse]) -> Page:
    """Gives the view the mail of the link; else says why nothing opens. No cookie, no index, no cache."""

    @wraps(view)
    def checked(request: HttpRequest, token: str, **which: int) -> HttpResponse:
        found = opened(token, timezone.now())
        if isinstance(found, Closed):
            response = _shut(request, found.value, STATUS[found])
        elif isinstance(request.user, User) and request.user.pk != found.user_id:
            response = _shut(request, OTHERS, 403)
        else:
            response = view(request, token, found, **which)
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return csrf_exempt(login_not_required(never_cache(checked)))


def _shut(request: HttpRequest, words: str, status: int) -> HttpResponse:
    return render(request, "analytics/by_mail_shut.html", {"words": words}, status=status)


def _page(
    request: HttpRequest, token: str, mail: Mail, status: int = 200, refused: tuple[int, str] = (0, "")
) -> HttpResponse:
    found = [
        (
            line,
            seal(mail, "decide", line.pk),
            seal(mail, "undo", line.pk),
            refused[1] * (line.pk == refused[0]),
        )
        for line in lines(mail)
    ]
    context = {
        "mail": mail,
        "token": token,
        "lines": found,
        "left": sum(line.waits for line, *_ in found),
        "kinds": AssistanceKind.objects.offered(),
        "until": mail.made_at + LIFETIME,
    }
    return render(request, "analytics/by_mail.html", context, status=status)


@require_safe
@_of_mail
def page(request: HttpRequest, token: str, mail: Mail) -> HttpResponse:
    return _page(request, token, mail)


def _checked(request: HttpRequest, mail: Mail, verb: str, pk: int) -> None:
    if pk not in mail.content["changes"]:
        raise Http404
    if not is_sealed(mail, verb, pk, request.POST.get("seal", "")):
        raise BadRequest("This was not sent from the page of the mail: open that, and press its button.")


def _answer(text: str) -> tuple[str, AssistanceKind | None]:
    """Raises: BadRequest for what no button of the page says."""
    word, _, slug = text.partition(":")
    if word in ANSWERS and not slug:
        return word, None
    kind = AssistanceKind.objects.offered().filter(slug=slug).first()
    if word != queue.KIND or kind is None:
        raise BadRequest("say must be kind:<a kind on offer>, suggested, assisted, manual or not")
    return word, kind


@require_POST
@_of_mail
def decide(request: HttpRequest, token: str, mail: Mail, pk: int) -> HttpResponse:
    _checked(request, mail, "decide", pk)
    word, kind = _answer(request.POST.get("say", ""))
    try:
        services.decide(mail_id=mail.pk, change_id=pk, say=word, kind=kind, now=timezone.now())
    except Refused as refusal:
        return _page(request, token, mail, 409, (pk, refusal.reason))
    return _back(token, pk)


@require_POST
@_of_mail
def undo(request: HttpRequest, token: str, mail: Mail, pk: int) -> HttpResponse:
    """A second time finds nothing left to take back, and shows how it stands."""
    _checked(request, mail, "undo", pk)
    services.undo(mail_id=mail.pk, change_id=pk, now=timezone.now())
    return _back(token, pk)


def _back(token: str, pk: int) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('analytics:by_mail', args=[token])}#change-{pk}", status=303)


# ------------------------------------------------------------------ how it would look


def _topic(request: HttpRequest) -> Topic:
    asked = request.GET.get("topic", Topic.DECISIONS.value)
    if asked not in Topic.values:
        raise Http404
    return Topic(asked)


@csp_update({"frame-src": ["'self'"]})
@require_safe
def preview(request: HttpRequest) -> HttpResponse:
    """Of the topic that is asked for, else of the decisions. Nothing is sent by looking."""
    topic = _topic(request)
    context = {
        "topic": topic,
        "topics": Topic,
        "letter": writer(topic).preview(user=reader(request), now=timezone.now()),
        "is_set_up": is_set_up(),
        "is_held": is_held(),
        "sender": settings.DEFAULT_FROM_EMAIL if is_set_up() else "",
    }
    return render(request, "analytics/mail_preview.html", context)


# A mail carries its style on its elements, which the policy of the pages forbids; it still loads nothing.
@csp_replace(
    {
        "default-src": ["'none'"],
        "script-src": None,
        "style-src": ["'unsafe-inline'"],
        "img-src": ["data:"],
        "font-src": None,
        "connect-src": None,
        "form-action": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'self'"],
    }
)
@xframe_options_sameorigin
@require_safe
def preview_html(request: HttpRequest) -> HttpResponse:
    letter = writer(_topic(request)).preview(user=reader(request), now=timezone.now())
    if letter is None:
        return HttpResponse("Nothing waits, so no mail would be sent.", content_type="text/plain")
    return HttpResponse(letter.html_alone)
