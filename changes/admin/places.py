"""Repositories, services, environments and marking policies."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone

from accounts import days
from accounts.admin_cells import NamedCells
from changes.admin.terms import person
from changes.models import (
    AreaRule,
    Change,
    Deployment,
    Environment,
    MarkingPolicy,
    PathClassRule,
    Repository,
    Service,
)
from changes.services import policies
from changes.services.placing import ask_to_place
from changes.services.shipping import declare_merged_is_shipped
from intake import ledger

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
    Inline = admin.TabularInline[Any, Any]
    PolicyModelForm = forms.ModelForm[MarkingPolicy]
else:
    Base, Inline, PolicyModelForm = admin.ModelAdmin, admin.TabularInline, forms.ModelForm


def _total(rows: QuerySet[Any], column: str) -> Any:
    counted = rows.filter(**{column: OuterRef("pk")}).order_by().values(column).annotate(total=Count("*"))
    return Coalesce(Subquery(counted.values("total")), 0)


class AreaRuleInline(NamedCells, Inline):
    model = AreaRule
    extra = 1
    fields = ("position", "glob", "area")
    ordering = ("position", "id")


class PathClassRuleInline(NamedCells, Inline):
    """What class of file paths are, where the repository differs from the habits of many."""

    model = PathClassRule
    extra = 1
    fields = ("position", "glob", "path_class")
    ordering = ("position", "id")


@admin.register(Repository)
class RepositoryAdmin(Base):
    list_display = ("name", "host", "default_branch", "merged_is_shipped", "change_total", "is_demo")
    list_filter = ("is_demo", "merged_is_shipped", "host")
    search_fields = ("name", "origin_address", "past_names")
    list_select_related = ("default_area",)
    inlines = (AreaRuleInline, PathClassRuleInline)
    readonly_fields = ("forge_id", "past_names", "imported_to", "is_demo", "created_at")
    fieldsets = (
        (None, {"fields": ("name", "past_names", "host", "origin_address", "forge_id")}),
        ("Reading it", {"fields": ("default_branch", "merged_is_shipped", "default_area")}),
        ("Record", {"fields": ("imported_to", "is_demo", "created_at")}),
    )
    actions = ("place_changes",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Repository]:
        rows: QuerySet[Repository] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(changes_n=_total(Change.objects.all(), "repository"))
        return counted

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="changes", ordering="changes_n")
    def change_total(self, repository: Any) -> int:
        return int(repository.changes_n)

    def save_model(self, request: HttpRequest, obj: Repository, form: Any, change: bool) -> None:
        with transaction.atomic():
            obj.save()
            ledger.touch(
                ledger.Kind.REPOSITORY,
                obj.pk,
                verb="edited",
                repository_id=obj.pk,
                actor_id=person(request).pk,
            )
            if change and "merged_is_shipped" in form.changed_data:
                declare_merged_is_shipped(repository=obj, is_so=obj.merged_is_shipped, by=person(request))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if change and any(one.has_changed() for one in formsets):
            self._ask(request, form.instance)

    @admin.action(description="Apply path rules to all changes again", permissions=["change"])
    def place_changes(self, request: HttpRequest, queryset: QuerySet[Repository]) -> None:
        for repository in queryset:
            self._ask(request, repository)

    def _ask(self, request: HttpRequest, repository: Repository) -> None:
        run = ask_to_place(repository=repository, by=person(request))
        messages.success(
            request, f"{repository}: {run.total} changes get their sizes, areas and services anew by and by."
        )


@admin.register(Service)
class ServiceAdmin(Base):
    list_display = ("name", "slug", "team", "repository", "area", "shown_globs", "shown_aliases", "is_demo")
    list_filter = ("is_demo", "team", "area")
    list_select_related = ("team", "repository", "area")
    search_fields = ("name", "slug", "aliases")
    prepopulated_fields = {"slug": ("name",)}  # noqa: RUF012
    readonly_fields = ("is_demo", "created_at")
    fields = (
        "name", "slug", "team", "repository", "path_globs", "aliases", "area", "reports_incidents",
        "exposure_days", "is_demo", "created_at",
    )  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        used = obj is not None and (obj.deployments.exists() or obj.changes.exists())
        return super().has_delete_permission(request, obj) and not used

    def save_model(self, request: HttpRequest, obj: Service, form: Any, change: bool) -> None:
        with transaction.atomic():
            obj.save()
            ledger.touch(ledger.Kind.SERVICE, obj.pk, verb="edited", actor_id=person(request).pk)
            if obj.repository and {"path_globs", "area", "repository"} & set(form.changed_data):
                ask_to_place(repository=obj.repository, by=person(request))

    @admin.display(description="paths")
    def shown_globs(self, service: Service) -> str:
        return ", ".join(service.path_globs) or "all of it"

    @admin.display(description="also called")
    def shown_aliases(self, service: Service) -> str:
        return ", ".join(service.aliases)


@admin.register(Environment)
class EnvironmentAdmin(NamedCells, Base):
    """Mapped once: is it production? Unmapped ones stand first."""

    list_display = ("name", "source", "is_production", "deployment_total")
    list_editable = ("is_production",)
    list_filter = ("is_production", "source")
    list_select_related = ("source",)
    search_fields = ("name",)
    ordering = ("-is_production", "name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Environment]:
        rows: QuerySet[Environment] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(deployments_n=_total(Deployment.objects.all(), "environment"))
        return counted

    @admin.display(description="deployments", ordering="deployments_n")
    def deployment_total(self, environment: Any) -> int:
        return int(environment.deployments_n)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PolicyForm(PolicyModelForm):
    class Meta:
        model = MarkingPolicy
        fields = ("repository", "since", "how")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        repository = cleaned.get("repository")
        in_effect = MarkingPolicy.objects.filter(repository=repository, ended_on=None, revoked_at=None)
        if repository and in_effect.exists():
            self.add_error("repository", "A policy is in effect here: end or revoke it first.")
        return cleaned


@admin.register(MarkingPolicy)
class MarkingPolicyAdmin(Base):
    """Stated, ended, revoked; never edited, as verdicts rest on it."""

    form = PolicyForm
    list_display = ("repository", "since", "standing", "how", "stated_at")
    list_filter = ("repository",)
    list_select_related = ("repository",)
    fields = ("repository", "since", "how", "ended_on", "revoked_at", "stated_at")
    actions = ("end_today", "revoke")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.fields if obj else ("repository", "since", "how")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: MarkingPolicy, form: Any, change: bool) -> None:
        stated = policies.state_policy(
            repository=obj.repository, since=obj.since, by=person(request), now=timezone.now(), how=obj.how
        )
        obj.pk = stated.pk

    @admin.display(description="standing")
    def standing(self, policy: MarkingPolicy) -> str:
        if policy.revoked_at:
            return f"revoked on {policy.revoked_at:%Y-%m-%d}"
        return f"ended on {policy.ended_on}" if policy.ended_on else "in effect"

    @admin.action(description="End today", permissions=["change"])
    def end_today(self, request: HttpRequest, queryset: QuerySet[MarkingPolicy]) -> None:
        for policy in queryset.filter(ended_on=None, revoked_at=None):
            self._end(request, policy, days.today())

    def _end(self, request: HttpRequest, policy: MarkingPolicy, day: date) -> None:
        try:
            policies.end_policy(policy=policy, on=day, by=person(request))
        except ValueError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{policy}: ended.")

    @admin.action(description="Revoke, as if it never was", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[MarkingPolicy]) -> None:
        for policy in queryset.filter(revoked_at=None):
            policies.revoke_policy(policy=policy, by=person(request), now=timezone.now())
            messages.success(request, f"{policy}: revoked.")
