"""Words of the taxonomy: edited in the list, merged and taken apart again, retired, never lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin_cells import NamedCells
from accounts.models import User
from changes.models import AssistanceKind, Assistant, DomainArea, Term
from changes.queries.terms import relations, use_counts, uses
from changes.services import taxonomy
from design.spans import grouped

if TYPE_CHECKING:
    TermBase = admin.ModelAdmin[Any]
else:
    TermBase = admin.ModelAdmin


def person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("the admin was reached by nobody")
    return request.user


class StandingFilter(admin.SimpleListFilter):
    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("offered", "Offered"), ("retired", "Retired"), ("merged", "Merged into another")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "offered":
            return queryset.filter(retired_at=None, merged_into=None)
        if self.value() == "retired":
            return queryset.exclude(retired_at=None)
        if self.value() == "merged":
            return queryset.exclude(merged_into=None)
        return queryset


class MergeForm(forms.Form):
    into = forms.ModelChoiceField(queryset=AssistanceKind.objects.none(), label="Merge into")

    def __init__(self, term: Term, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Of a model that is only known at run time.
        offered: Any = type(term)._default_manager
        field: Any = self.fields["into"]
        field.queryset = offered.filter(retired_at=None, merged_into=None).exclude(pk=term.pk)


class TermAdmin(NamedCells, TermBase):
    list_display: Any = ("slug", "name", "position", "used", "standing", "care")
    list_editable: ClassVar[Any] = ("name", "position")
    search_fields = ("name", "slug", "description")
    list_per_page = 200
    ordering: ClassVar[Any] = ("position", "name")
    actions: Any = ("retire", "restore", "take_apart")
    fields: ClassVar[Any] = ("name", "slug", "description", "position", "standing", "used")
    prepopulated_fields: ClassVar[Any] = {"slug": ("name",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).select_related("merged_into")
        counted: QuerySet[Any] = rows.annotate(**use_counts(self.model))
        return counted

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("slug", "standing", "used") if obj else ("standing", "used")

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else {"slug": ("name",)}

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["widgets"] = {"name": forms.TextInput(attrs={"size": 24, "class": ""})}
        return super().get_changelist_form(request, **kwargs)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        found: dict[str, Any] = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only what nothing has ever used; the rest is retired or merged."""
        if not super().has_delete_permission(request, obj):
            return False
        return obj is None or not (uses(obj) or obj.merged_from.exists())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        taxonomy.save_term(term=obj, values={}, by=person(request))

    @admin.display(description="used by")
    def used(self, term: Any) -> str:
        counts: dict[str, int] = {}
        for position, (label, _, _) in enumerate(relations(type(term))):
            counts[label] = counts.get(label, 0) + getattr(term, f"use_{position}", 0)
        # One help in one change is a decision and an assistance: said once, as the change that it is.
        helped = counts.pop("assistances", 0)
        if helped:
            counts.pop("decisions", None)
            counts["changes"] = helped
        # Areas that are merely touched are told on the term's own page.
        most = sorted(
            (label for label in counts if counts[label] and "(" not in label),
            key=lambda label: -counts[label],
        )[:2]
        return " · ".join(f"{grouped(counts[label])} {label}" for label in most) or "nothing yet"

    @admin.display(description="standing")
    def standing(self, term: Any) -> str:
        if term.merged_into_id:
            return f"merged into {term.merged_into} on {term.merged_at:%Y-%m-%d}"
        if term.retired_at:
            return f"retired on {term.retired_at:%Y-%m-%d}"
        return "offered"

    @admin.display(description="")
    def care(self, term: Any) -> SafeString:
        address = reverse(f"admin:{self._route('care')}", args=[term.pk])
        return format_html('<a href="{}">Merge, retire…</a>', address)

    @admin.action(description="Retire: no form offers them any more", permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for term in queryset.filter(retired_at=None):
            taxonomy.retire_term(term=term, by=person(request), now=timezone.now())
            messages.success(request, f"{term} is retired. What was said with it stands.")

    @admin.action(description="Offer again what was retired", permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for term in queryset.exclude(retired_at=None):
            taxonomy.restore_term(term=term, by=person(request))
            messages.success(request, f"{term} is offered again.")

    @admin.action(description="Undo merge", permissions=["change"])
    def take_apart(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for term in queryset.exclude(merged_into=None):
            taxonomy.unmerge_term(term=term, by=person(request))
            messages.success(request, f"{term} stands for itself again.")

    def _route(self, verb: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{verb}"

    def get_urls(self) -> list[URLPattern]:
        care = path("<int:pk>/care/", self.admin_site.admin_view(self.care_view), name=self._route("care"))
        return [care, *super().get_urls()]

    def care_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One page for merging, taking apart, retiring and restoring; a merge is previewed first."""
        term: Any = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_change_permission(request, term):
            raise PermissionDenied
        deed = request.POST.get("deed", "") if request.method == "POST" else ""
        deeds = {"retire": self.retire, "restore": self.restore, "unmerge": self.take_apart}
        if deed in deeds:
            deeds[deed](request, self.model._default_manager.filter(pk=pk))
            return HttpResponseRedirect(request.path)
        form = MergeForm(term, request.POST or request.GET or None)
        target = form.cleaned_data["into"] if form.is_bound and form.is_valid() else None
        if deed == "merge" and target:
            return self._merge(request, term, target)
        return self._care_page(request, term, form, target)

    def _merge(self, request: HttpRequest, term: Term, into: Term) -> HttpResponse:
        try:
            taxonomy.merge_terms(term=term, into=into, by=person(request), now=timezone.now())
        except ValueError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{term} is read as {into} from now on. It can be undone on this page.")
        return HttpResponseRedirect(request.path)

    def _care_page(
        self, request: HttpRequest, term: Any, form: MergeForm, target: Term | None
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"Merge or retire {term}",
            "opts": self.opts,
            "term": term,
            "form": form,
            "target": target,
            "uses": uses(term),
            "target_uses": uses(target) if target else [],
            "merged_from": list(term.merged_from.all()),
            "changelist": reverse(f"admin:{self._route('changelist')}"),
        }
        return TemplateResponse(request, "admin/changes/term/care.html", context)


@admin.register(AssistanceKind)
class AssistanceKindAdmin(TermAdmin):
    pass


@admin.register(Assistant)
class AssistantAdmin(TermAdmin):
    list_filter = (StandingFilter,)
    list_display = ("slug", "name", "vendor", "position", "used", "standing", "care")
    fields = ("name", "slug", "vendor", "description", "position", "standing", "used")


@admin.register(DomainArea)
class DomainAreaAdmin(TermAdmin):
    list_display = ("slug", "name", "risk_level", "position", "used", "standing", "care")
    list_editable = ("name", "risk_level", "position")
    fields = ("name", "slug", "description", "risk_level", "position", "standing", "used")
