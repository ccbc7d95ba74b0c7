"""What lists of reviews and checks can be narrowed to."""

from __future__ import annotations

import django_filters as filters
from django import forms
from django.db.models import QuerySet

from changes.filters import after, before, boolean, repositories_offered
from changes.models import Change, CheckRun, Review


class ReviewFilter(filters.FilterSet):
    change = filters.ModelChoiceFilter(
        queryset=Change.objects.current(), label="Change", widget=forms.NumberInput
    )
    repository = filters.ModelChoiceFilter(
        field_name="change__repository", queryset=repositories_offered, label="Repository"
    )
    state = filters.ChoiceFilter(choices=Review.State.choices, label="State")
    self = boolean("is_self", "By the change's author")
    bot = boolean("is_bot", "By a bot")
    senior = boolean("is_senior", "By a senior reviewer")
    submitted_after = after("submitted_at", "Submitted from")
    submitted_before = before("submitted_at", "Submitted before")

    class Meta:
        model = Review
        fields: list[str] = []


class CheckRunFilter(filters.FilterSet):
    repository = filters.ModelChoiceFilter(queryset=repositories_offered, label="Repository")
    change = filters.ModelChoiceFilter(
        queryset=Change.objects.current(), method="of_change", label="Change", widget=forms.NumberInput
    )
    kind = filters.ChoiceFilter(choices=CheckRun.Kind.choices, label="Kind")
    name = filters.CharFilter(field_name="name", label="Name")
    sha = filters.CharFilter(field_name="sha", lookup_expr="istartswith", label="Commit")
    branch = filters.CharFilter(field_name="branch", label="Branch")
    status = filters.ChoiceFilter(choices=CheckRun.Status.choices, label="Status")
    conclusion = filters.CharFilter(field_name="conclusion", lookup_expr="iexact", label="Conclusion")
    ended_by = filters.ChoiceFilter(
        field_name="end_basis",
        choices=[choice for choice in CheckRun.EndBasis.choices if choice[0]],
        label="What ended it",
    )
    queued_after = after("queued_at", "Queued from")
    queued_before = before("queued_at", "Queued before")
    completed_after = after("completed_at", "Completed from")
    completed_before = before("completed_at", "Completed before")

    class Meta:
        model = CheckRun
        fields: list[str] = []

    def of_change(self, queryset: QuerySet[CheckRun], name: str, value: Change) -> QuerySet[CheckRun]:
        return queryset & CheckRun.objects.all().of_change(value)
