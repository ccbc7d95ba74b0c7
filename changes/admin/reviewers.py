"""Whose reviews count as a senior's: accounts are people's names, so that only admins see the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.services import audit
from changes.admin.terms import person
from changes.models import SeniorReviewer

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
    SeniorForm = forms.ModelForm[SeniorReviewer]
else:
    Base, SeniorForm = admin.ModelAdmin, forms.ModelForm


class SeniorReviewerForm(SeniorForm):
    def clean_account(self) -> str:
        """As forges write it; a leading @ and capitals make no other account."""
        account = str(self.cleaned_data["account"]).strip().removeprefix("@").lower()
        if not account or any(sign.isspace() for sign in account):
            raise forms.ValidationError("One account as the forge writes it, such as octocat.")
        return account


@admin.register(SeniorReviewer)
class SeniorReviewerAdmin(Base):
    """Looked at when a review comes in, never after: taking somebody off alters no review that is kept."""

    form = SeniorReviewerForm
    list_display = ("account", "repository", "added_at")
    list_select_related = ("repository",)
    search_fields = ("account",)
    readonly_fields = ("added_at",)

    def save_model(self, request: HttpRequest, obj: SeniorReviewer, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit(verb="list_senior_reviewer", target=obj, actor=person(request))

    def delete_model(self, request: HttpRequest, obj: SeniorReviewer) -> None:
        audit(verb="unlist_senior_reviewer", target=obj, actor=person(request))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[SeniorReviewer]) -> None:
        for row in queryset:
            self.delete_model(request, row)
