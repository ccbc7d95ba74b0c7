"""People, teams and keys for administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts import mail_sending, services, views
from accounts.models import ApiToken, AuditEntry, Mail, Team, User

if TYPE_CHECKING:
    from django.forms import ModelForm

# Rights come from the role; groups would promise what nothing honours.
admin.site.unregister(Group)
admin.site.site_header = admin.site.site_title = "Hindcast administration"
admin.site.index_title = "Administration"
admin.site.login = views.admin_door  # type: ignore[method-assign]


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    list_display = ("username", "first_name", "last_name", "role", "is_active", "last_login")
    list_filter = ("role", "is_active", "teams")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "role_title", "time_zone")}),
        ("Rights", {"fields": ("role", "is_active")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "role", "usable_password", "password1", "password2")}),)
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()
    actions = ["make_sign_in_link"]

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool) -> None:
        services.save_user(user=obj, by=_person(request))

    @admin.action(description="Make a one-time sign-in link", permissions=["change"])
    def make_sign_in_link(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset.filter(is_active=True):
            secret = services.open_sign_in_link(user=user, by=_person(request))
            address = request.build_absolute_uri(reverse("accounts:link", args=[secret]))
            messages.success(request, f"For {user.username}, once and within 15 minutes: {address}")


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("the admin was reached by nobody")
    return request.user


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    list_display = ("name", "slug", "member_count")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    filter_horizontal = ("members",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        teams: QuerySet[Team] = super().get_queryset(request)
        return teams.annotate(member_total=Count("members"))

    @admin.display(description="members", ordering="member_total")
    def member_count(self, team: Team) -> int:
        return int(team.member_total)  # type: ignore[attr-defined]


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that only services write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Tokens are made by their owners; an admin can stop one."""

    list_display = ("name", "identifier", "user", "scopes", "last_used_at", "expires_at", "revoked_at")
    list_filter = ("user", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("user",)
    search_fields = ("name", "identifier", "user__username")
    exclude = ("digest",)
    actions = ["revoke"]

    @admin.action(description="Revoke", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        stopped = list(queryset.filter(revoked_at=None))
        for token in stopped:
            services.revoke_token(token=token, by=_person(request))
        messages.success(request, f"{len(stopped)} revoked.")


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    """What was sent, and what was not and why; the words of a mail are kept nowhere."""

    list_display = ("made_at", "topic", "key", "user", "standing", "attempts", "error")
    list_filter = ("topic", ("sent_at", admin.EmptyFieldListFilter), ("error", admin.EmptyFieldListFilter))
    list_select_related = ("user",)
    search_fields = ("user__username", "key", "error")
    exclude = ("content",)
    actions = ["try_again"]

    @admin.display(description="standing")
    def standing(self, mail: Mail) -> str:
        if mail.sent_at:
            return f"sent {timezone.localtime(mail.sent_at):%Y-%m-%d %H:%M}"
        if mail.closed_at:
            return "given up" if mail.error else "nothing to say"
        return f"next attempt {timezone.localtime(mail.next_attempt_at):%Y-%m-%d %H:%M}"

    @admin.action(description="Try again those that failed", permissions=["view"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Mail]) -> None:
        count = mail_sending.try_again(mails=queryset, now=timezone.now())
        messages.success(request, f"{count} will be tried again with the next tick.")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor", "verb", "target_kind", "target_id")
    list_filter = ("verb", "target_kind")
    list_select_related = ("actor",)
    date_hierarchy = "at"
