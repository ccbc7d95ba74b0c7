"""Facts as others told them: to look at, never to edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from changes.filters import ChangeFilter
from changes.models import Change, CheckRun, Deployment
from design.listing import BoundedPaginator

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = admin.ModelAdmin

MOST_LISTED = 10_000


class BoundedPages(BoundedPaginator):
    """As the admin asks for one: with no page, as it looks at the address by itself."""

    def __init__(self, rows: QuerySet[Any], per_page: int, *_args: Any, **_kwargs: Any) -> None:
        super().__init__(rows, per_page, None, MOST_LISTED)


class FactAdmin(Base):
    list_per_page = 50
    show_full_result_count = False
    # Who looks for one beyond these narrows the list down: nobody turns so many pages.
    paginator = BoundedPages

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Change)
class ChangeAdmin(FactAdmin):
    list_display = (
        "title",
        "repository",
        "state",
        "area",
        "origin",
        "origin_basis",
        "size_band",
        "shipped_at",
    )
    list_filter = ("state", "origin", "origin_basis", "type", "automation", "area", "repository")
    list_select_related = ("repository", "area")
    search_fields = ("title", "message")
    # When it first met an incident would tell that there is one, which may be restricted.
    exclude = ("first_incident_at", "told", "feature", "feature_basis", "delivery")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Change], search_term: str
    ) -> tuple[QuerySet[Change], bool]:
        """As the page of changes finds them, by an index of the names that a change goes by."""
        return ChangeFilter({"q": search_term}, queryset=queryset).qs, False


@admin.register(Deployment)
class DeploymentAdmin(FactAdmin):
    list_display = ("service", "environment", "status", "kind", "sha", "finished_at", "is_gap")
    list_filter = ("status", "kind", "is_production", "is_gap", "environment", "repository")
    list_select_related = ("service", "environment", "repository")
    search_fields = ("sha", "external_id")
    exclude = ("changes", "delivery")


@admin.register(CheckRun)
class CheckRunAdmin(FactAdmin):
    list_display = ("name", "repository", "status", "conclusion", "end_basis", "attempt", "queued_at")
    list_filter = ("status", "conclusion", "end_basis", "kind", "repository")
    list_select_related = ("repository",)
    search_fields = ("sha", "external_id", "name")
    exclude = ("delivery",)
