"""Test scenarios and what was shown when, to look at."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from analytics.models import Safeguard, SignalShown, TestScenario
from changes.admin.facts import FactAdmin
from changes.admin.terms import person


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
