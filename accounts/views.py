"""The door, and what a person keeps about themselves."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services
from accounts.forms import ProfileForm, SignInForm, TokenForm
from accounts.models import ApiToken, User

_BACKEND = "accounts.backends.RoleBackend"


def _destination(request: HttpRequest) -> str:
    """Where the reader was going, if that is on this site."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    allowed = {request.get_host()}
    is_path = target.startswith("/")  # anything else `redirect` would take for the name of a view
    if is_path and url_has_allowed_host_and_scheme(target, allowed, require_https=request.is_secure()):
        return target
    return resolve_url(settings.LOGIN_REDIRECT_URL)


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("a view for signed-in people was reached without one")
    return request.user


@sensitive_post_parameters("password")
@sensitive_variables("form")
@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(_destination(request))
    form = SignInForm(request.POST or None, request=request)
    if request.method == "POST" and form.is_valid():
        login(request, form.user, backend=_BACKEND)
        return redirect(_destination(request))
    status = 422 if form.errors else 200
    next_page = request.POST.get("next") or request.GET.get("next") or ""
    return render(request, "accounts/sign_in.html", {"form": form, "next": next_page}, status=status)


@login_not_required
def admin_door(request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
    """In place of the admin's own sign-in page: one door for all; who may not enter is told so."""
    if request.user.is_authenticated and not _person(request).is_staff:
        raise PermissionDenied
    target = request.GET.get("next", resolve_url("admin:index"))
    return redirect(f"{resolve_url('accounts:sign_in')}?{urlencode({'next': target})}")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("accounts:sign_in")


@sensitive_variables("token")
@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """GET only shows a button: mail scanners and previews follow links, and must not spend them."""
    if request.method == "GET":
        usable = services.is_link_usable(token)
        return render(request, "accounts/link.html", {"usable": usable}, status=200 if usable else 410)
    try:
        user = services.use_sign_in_link(secret=token)
    except services.Refused:
        return render(request, "accounts/link.html", {"usable": False}, status=410)
    login(request, user, backend=_BACKEND)
    return redirect(settings.LOGIN_REDIRECT_URL)


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    # A copy: a form that is refused must not alter the person whom the rest of the page shows.
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=_person(request).pk))
    if request.method == "POST" and form.is_valid():
        services.save_profile(user=_person(request), **form.cleaned_data)
        messages.success(request, "Your profile is saved.")
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form}, status=422 if form.errors else 200)


@sensitive_post_parameters()
@sensitive_variables("form")
@never_cache
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Set the first password, or change it; whoever came by a link has none yet."""
    person = User.objects.get(pk=_person(request).pk)
    kind = PasswordChangeForm if person.has_usable_password() else SetPasswordForm
    form = kind(person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.set_password(user=person, password=form.cleaned_data["new_password1"])
        update_session_auth_hash(request, person)
        messages.success(request, "Your password is set. Other browsers are signed out.")
        return redirect("accounts:profile")
    return render(request, "accounts/password.html", {"form": form}, status=422 if form.errors else 200)


@sensitive_variables("text", "fresh")
@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The list of one's own tokens; the answer to POST is the only page that ever shows a new one."""
    person = _person(request)
    form = TokenForm(request.POST or None, user=person)
    fresh = text = None
    if request.method == "POST" and form.is_valid():
        fresh, text = services.issue_token(
            user=person,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            expires_at=form.expires_at(),
            by=person,
        )
        form = TokenForm(user=person)
    context = {
        "form": form,
        "fresh": fresh,
        "text": text,
        "site_url": settings.SITE_URL,
        "now": timezone.now(),
        "tokens": ApiToken.objects.filter(user=person).order_by("revoked_at", "-created_at"),
    }
    return render(request, "accounts/tokens.html", context, status=422 if form.errors else 200)


@require_POST
def revoke_token(request: HttpRequest, identifier: str) -> HttpResponse:
    person = _person(request)
    token = get_object_or_404(ApiToken, identifier=identifier, user=person)
    services.revoke_token(token=token, by=person)
    messages.success(request, f"The token “{token.name}” no longer opens anything.")
    return redirect("accounts:tokens")
