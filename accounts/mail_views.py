"""What a person has by mail and in their calendar, where it goes, and the link in a mail that stops it."""

from __future__ import annotations

import smtplib
from calendar import day_name

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts import calendar_keys, mail_sending, mail_wishes
from accounts.forms import AddressForm
from accounts.mail import is_held, is_set_up, read_stop
from accounts.models import CalendarKey, Mail, Role, Topic, User
from accounts.services import Refused


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 -- the middleware lets only people in
    return request.user


@require_http_methods(["GET", "HEAD", "POST"])
def wishes(request: HttpRequest) -> HttpResponse:
    """GET shows what is wanted; POST asks for another address, which gets a link first."""
    user = _person(request)
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _ask(form, user):
        messages.success(
            request, f"A link is on its way to {form.cleaned_data['address']}. Open it within a day."
        )
        return redirect("accounts:mail")
    return _page(request, form, 422 if form.errors else 200)


def _page(
    request: HttpRequest, form: AddressForm, status: int = 200, calendar_secret: str = ""
) -> HttpResponse:
    """With the address of the calendar, where one was made by this very request."""
    user = _person(request)
    is_admin, offered = user.at_least(Role.ADMIN), mail_wishes.scopes()
    troubled = mail_sending.troubled() if is_admin else Mail.objects.none()
    calendar_path = reverse("incidents:calendar", args=[calendar_secret]) if calendar_secret else ""
    context = {
        "form": form,
        "wishes": mail_wishes.wishes(user, offered),
        "scopes": offered,
        "weekday": day_name[settings.MAIL_WEEKDAY],
        "hour": f"{settings.MAIL_HOUR:02}:00",
        "zone": settings.ORGANISATION_TIME_ZONE,
        "is_set_up": is_set_up(),
        "is_held": is_held(),
        "is_admin": is_admin,
        "troubled": troubled.count(),
        "last_trouble": troubled.select_related("user").order_by("-pk").first(),
        "calendar_address": settings.SITE_URL + calendar_path if calendar_secret else "",
        "calendar_key": CalendarKey.objects.filter(user=user).first(),
    }
    return render(request, "accounts/mail.html", context, status=status)


@sensitive_variables("secret")
@never_cache
@require_POST
def calendar(request: HttpRequest) -> HttpResponse:
    """`want` is 1 or 0. The answer to the making of an address is the only page that ever shows it."""
    user = _person(request)
    if request.POST.get("want") == "1":
        secret = calendar_keys.make(user=user, now=timezone.now())
        return _page(request, AddressForm(), calendar_secret=secret)
    if calendar_keys.revoke(user=user):
        messages.success(request, "Revoked: the address of your calendar opens nothing any more.")
    return redirect("accounts:mail")


def _ask(form: AddressForm, user: User) -> bool:
    """What cannot be sent is an error of the form, in words."""
    if not is_set_up():
        form.add_error(
            "address", "Mail is not set up here, so no link can be sent. An admin can set the address."
        )
        return False
    try:
        mail_wishes.ask_address(user=user, address=form.cleaned_data["address"], now=timezone.now())
    except Refused as refusal:
        form.add_error("address", str(refusal))
    except (OSError, smtplib.SMTPException) as error:
        form.add_error("address", f"The mail server did not take it ({mail_sending.words(error)}).")
    return form.is_valid()


@require_POST
def wish(request: HttpRequest, topic: str) -> HttpResponse:
    """`want` is 1 or 0; `scope` narrows a topic that can be narrowed."""
    if topic not in Topic.values:
        raise Http404
    user, chosen = _person(request), Topic(topic)
    if request.POST.get("want") != "1":
        mail_wishes.stop(user=user, topic=chosen, now=timezone.now())
        messages.success(request, "Stopped: no more of these come.")
        return redirect("accounts:mail")
    try:
        scope = request.POST.get("scope", "")
        mail_wishes.subscribe(user=user, topic=chosen, now=timezone.now(), scope=scope)
        messages.success(request, "Noted. Every mail carries a link that stops it.")
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("accounts:mail")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest, token: str) -> HttpResponse:
    """GET only shows a button: scanners of mail follow links."""
    user = _person(request)
    found = mail_wishes.read_address(user=user, token=token)
    if found and request.method == "POST":
        mail_wishes.take_address(user=user, address=found)
        messages.success(request, f"Mail goes to {found} from now on.")
        return redirect("accounts:mail")
    return render(request, "accounts/mail_address.html", {"address": found}, status=200 if found else 410)


# The link itself is the proof, and a mail program that stops for its reader (RFC 8058) has no cookie.
@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button and changes nothing; POST stops, once or many times, whoever is signed in."""
    found = read_stop(token)
    if found is None:
        return render(request, "accounts/mail_stop.html", {"topic": None}, status=404)
    user, topic = found
    if request.method == "POST":
        mail_wishes.stop(user=user, topic=topic, now=timezone.now(), by_link=True)
    is_wanted = user.subscriptions.filter(topic=topic, stopped_at=None).exists()
    return render(request, "accounts/mail_stop.html", {"topic": topic, "is_wanted": is_wanted})
