"""Who is reminded of what, and when: rows for admins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin_cells import NamedCells
from changes.admin.terms import person
from incidents.models import ReminderPolicy
from incidents.services import reminding

if TYPE_CHECKING:
    Base = admin.ModelAdmin[ReminderPolicy]
else:
    Base = admin.ModelAdmin


@admin.register(ReminderPolicy)
class ReminderPolicyAdmin(NamedCells, Base):
    """Of several rows for the same kind and people the last whose day has come decides."""

    list_display = ("kind", "when", "who", "again", "is_active")
    list_editable = ("is_active",)
    list_filter = ("kind", "who", "is_active")
    ordering = ("kind", "-side", "days", "who")
    fields = ("kind", "who", "days", "side", "repeat_every", "is_active")

    @admin.display(description="when", ordering="days")
    def when(self, policy: ReminderPolicy) -> str:
        day = "it was asked for" if policy.kind == ReminderPolicy.Kind.REVIEW else "the day"
        if not policy.days:
            return "on the day"
        return f"{policy.days} business day{'' if policy.days == 1 else 's'} {policy.side} {day}"

    @admin.display(description="again", ordering="repeat_every")
    def again(self, policy: ReminderPolicy) -> str:
        every = policy.repeat_every
        if not every:
            return "once"
        return "every business day" if every == 1 else f"every {every} business days"

    def save_model(self, request: HttpRequest, obj: ReminderPolicy, form: Any, change: bool) -> None:
        reminding.save_policy(policy=obj, by=person(request))

    def delete_model(self, request: HttpRequest, obj: ReminderPolicy) -> None:
        reminding.remove_policy(policy=obj, by=person(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ReminderPolicy]) -> None:
        for policy in queryset:
            reminding.remove_policy(policy=policy, by=person(request))
