"""Test scenarios and what was shown when, to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin_cells import NamedCells
from analytics.models import ReviewRules, Safeguard, SignalShown, TestScenario, WorkLimit
from analytics.queries import scope_choices
from analytics.queries.figures import shows_demo
from analytics.queries.spans import rules_in_force
from analytics.services import limits, weeks
from changes.admin.facts import FactAdmin
from changes.admin.terms import person

if TYPE_CHECKING:
    LimitBase = admin.ModelAdmin[WorkLimit]
    LimitForm = forms.ModelForm[WorkLimit]
    RulesBase = admin.ModelAdmin[ReviewRules]
else:
    LimitBase = admin.ModelAdmin
    LimitForm = forms.ModelForm
    RulesBase = admin.ModelAdmin


@admin.register(TestScenario)
class TestScenarioAdmin(FactAdmin):
    list_display = ("number", "title", "area", "state", "is_demo")
    list_filter = ("state", "area", "is_demo")
    list_select_related = ("area",)
    search_fields = ("number", "title", "given", "when", "then")
    exclude = ("lessons", "merged_into")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TestScenario]:
        return TestScenario.objects.visible_to(person(request)).order_by("-number")


@admin.register(SignalShown)
class SignalShownAdmin(FactAdmin):
    list_display = ("on", "kind", "area", "state", "rule_version")
    list_filter = ("state", "kind", "area")
    list_select_related = ("kind", "area")


@admin.register(Safeguard)
class SafeguardAdmin(FactAdmin):
    list_display = ("title", "kind", "area", "starts_on", "ends_on")
    list_filter = ("kind", "area")
    list_select_related = ("kind", "area")


class WorkLimitForm(LimitForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scope"] = forms.ChoiceField(
            choices=self._choices, required=False, help_text="What it is a limit of."
        )

    def clean(self) -> dict[str, Any]:
        """Whether it is of demonstration data is no field, so that no constraint is checked for it."""
        super().clean()
        cleaned: dict[str, Any] = self.cleaned_data
        if self.instance._state.adding:
            self.instance.is_demo = shows_demo()
        same = WorkLimit.objects.filter(
            sort=cleaned.get("sort"), scope=cleaned.get("scope") or "", is_demo=self.instance.is_demo
        )
        if same.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("There is a limit of this already: alter that one.")
        return cleaned

    def _choices(self) -> list[Any]:
        """With what it is of now, should that be offered no more."""
        groups: list[Any] = list(scope_choices.offered())
        offered = {scope for _, choices in groups for scope, _ in choices}
        own = self.instance.scope
        return groups if own in offered else [*groups, (own, scope_choices.label(own) or own)]


@admin.register(WorkLimit)
class WorkLimitAdmin(NamedCells, LimitBase):
    """Crossing one is told once to the people of the team, else to curators."""

    form = WorkLimitForm
    list_display = ("sort", "of", "most", "oldest_days", "crossed_since", "looked_at")
    list_filter = ("sort",)
    fields = ("sort", "scope", "most", "oldest_days", "crossed_since", "looked_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkLimit]:
        """Those of what is shown: demonstration data has its own."""
        return super().get_queryset(request).filter(is_demo=shows_demo())

    readonly_fields = ("crossed_since", "looked_at")

    @admin.display(description="of", ordering="scope")
    def of(self, limit: WorkLimit) -> str:
        return scope_choices.label(limit.scope) or f"{limit.scope}, which is no more"

    def save_model(self, request: HttpRequest, obj: WorkLimit, form: Any, change: bool) -> None:
        limits.save_limit(limit=obj, by=person(request))

    def delete_model(self, request: HttpRequest, obj: WorkLimit) -> None:
        limits.remove_limit(limit=obj, by=person(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[WorkLimit]) -> None:
        for limit in queryset:
            limits.remove_limit(limit=limit, by=person(request))


@admin.register(ReviewRules)
class ReviewRulesAdmin(NamedCells, RulesBase):
    """What the weekly review is reckoned with. A version is never altered: adding one puts it in force.

    Figures are reckoned anew with it, the newest weeks first; closed weeks keep those of their version.
    """

    list_display = (
        "version",
        "reviewable_lines",
        "exposure_days",
        "large_assisted_a_day",
        "reason",
        "said_at",
    )
    fields = ("reviewable_lines", "exposure_days", "large_assisted_a_day", "reason")
    ordering = ("-pk",)

    @admin.display(description="Version")
    def version(self, rules: ReviewRules) -> str:
        return str(rules.pk)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """As they are now: whoever alters one number keeps the others."""
        now = rules_in_force()
        return {name: getattr(now, name) for name in self.fields[:-1]}

    def save_model(self, request: HttpRequest, obj: ReviewRules, form: Any, change: bool) -> None:
        weeks.put_in_force(rules=obj, by=person(request))

    def has_change_permission(self, request: HttpRequest, obj: ReviewRules | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ReviewRules | None = None) -> bool:
        return False
