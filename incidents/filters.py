"""What lists of incidents, lessons and actions can be narrowed to: one set for the page and the API.

A filter never widens: the caller starts from `visible_to(user)`.
"""

from __future__ import annotations

import re
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual, LessThan

from accounts.models import User
from changes.filters import NONE, ServiceChoiceFilter, TermFilter, boolean
from changes.models import AssistanceKind, Change, Deployment, DomainArea, Environment, Origin
from incidents.models import (
    ActionItem,
    Cause,
    ContributingFactor,
    Control,
    FactorKind,
    Fix,
    Incident,
    IncidentType,
    Lesson,
    Postmortem,
    Severity,
    TimelineEntry,
)
from intake.filters import MomentFilter, YesNoFilter

BEGAN_AT = Coalesce("impact_started_at", "detected_at", "reported_at")


class IncidentFilter(filters.FilterSet):
    q = filters.CharFilter(
        method="search", label="Search", help_text="INC-42, or words of the title, summary or impact."
    )
    status = filters.MultipleChoiceFilter(choices=Incident.Status.choices, label="Status")
    ongoing = YesNoFilter(field_name="status", method="by_ongoing", label="Ongoing")
    severity = TermFilter(
        field_name="severity",
        queryset=Severity.objects.all(),
        label="Severity",
        null_label="Unknown",
        null_value=NONE,
    )
    type = TermFilter(
        field_name="type",
        queryset=IncidentType.objects.all(),
        label="Type",
        null_label="No type",
        null_value=NONE,
    )
    service = ServiceChoiceFilter(field_name="services", label="Service")
    area = TermFilter(
        field_name="area",
        queryset=DomainArea.objects.all(),
        label="Domain area",
        null_label="No area",
        null_value=NONE,
    )
    environment = filters.ModelChoiceFilter(queryset=Environment.objects.all(), label="Environment")
    postmortem = filters.ChoiceFilter(
        field_name="postmortem__state", choices=Postmortem.State.choices, label="Postmortem"
    )
    cause_answer = filters.ChoiceFilter(choices=Incident.CauseAnswer.choices, label="Cause")
    closing_reason = filters.ChoiceFilter(choices=Incident.ClosingReason.choices, label="Closed as")
    restricted = boolean("is_restricted", "Restricted")
    counted = YesNoFilter(
        field_name="duplicate_of",
        method="by_counted",
        label="Counted in rates",
        help_text="No duplicate, false alarm, test or cancelled incident.",
    )
    change = filters.ModelChoiceFilter(
        field_name="causes__change",
        queryset=Change.objects.current(),
        distinct=True,
        widget=forms.NumberInput,
        label="Change among its causes",
    )
    began_after = MomentFilter(field_name="impact_started_at", method="from_time", label="Began from")
    began_before = MomentFilter(field_name="impact_started_at", method="to_time", label="Began before")
    resolved_after = MomentFilter(field_name="resolved_at", lookup_expr="gte", label="Resolved from")
    resolved_before = MomentFilter(field_name="resolved_at", lookup_expr="lt", label="Resolved before")
    dedup_key = filters.CharFilter(field_name="dedup_key", label="Deduplication key")

    class Meta:
        model = Incident
        fields: list[str] = []

    def search(self, queryset: QuerySet[Incident], name: str, value: str) -> QuerySet[Incident]:
        words = value.strip()
        found = Q(title__icontains=words) | Q(summary__icontains=words) | Q(impact__icontains=words)
        number = re.fullmatch(r"(?:INC-?|#)?(\d{1,9})", words, re.IGNORECASE)
        if number:
            found |= Q(number=int(number[1]))
        return queryset.filter(found)

    def by_ongoing(self, queryset: QuerySet[Incident], name: str, value: bool) -> QuerySet[Incident]:
        ongoing = Q(status__in=[Incident.Status.OPEN, Incident.Status.INVESTIGATING])
        return queryset.filter(ongoing) if value else queryset.exclude(ongoing)

    def by_counted(self, queryset: QuerySet[Incident], name: str, value: bool) -> QuerySet[Incident]:
        left_out = Q(closing_reason__in=Incident.NEVER_COUNTED) | Q(duplicate_of__isnull=False)
        return queryset.exclude(left_out) if value else queryset.filter(left_out)

    def from_time(self, queryset: QuerySet[Incident], name: str, value: Any) -> QuerySet[Incident]:
        return queryset.filter(GreaterThanOrEqual(BEGAN_AT, value))

    def to_time(self, queryset: QuerySet[Incident], name: str, value: Any) -> QuerySet[Incident]:
        return queryset.filter(LessThan(BEGAN_AT, value))


class OfIncident(filters.FilterSet):
    """Rows that belong to one incident, found by its number."""

    incident = filters.NumberFilter(field_name="incident__number", label="Incident number")


class CauseFilter(OfIncident):
    change = filters.ModelChoiceFilter(
        queryset=Change.objects.current(), widget=forms.NumberInput, label="Change"
    )
    deployment = filters.ModelChoiceFilter(
        queryset=Deployment.objects.all(), widget=forms.NumberInput, label="Deployment"
    )
    role = filters.ChoiceFilter(choices=Cause.RoleInIncident.choices, label="Role")
    status = filters.MultipleChoiceFilter(choices=Cause.Status.choices, label="Status")
    said_after = MomentFilter(field_name="said_at", lookup_expr="gte", label="Said from")
    said_before = MomentFilter(field_name="said_at", lookup_expr="lt", label="Said before")

    class Meta:
        model = Cause
        fields: list[str] = []


class ControlFilter(filters.FilterSet):
    incident = filters.NumberFilter(field_name="cause__incident__number", label="Incident number")
    cause = filters.NumberFilter(field_name="cause", label="Cause")
    change = filters.ModelChoiceFilter(
        queryset=Change.objects.current(), widget=forms.NumberInput, label="Change"
    )
    area = TermFilter(
        field_name="area",
        queryset=DomainArea.objects.all(),
        label="Domain area",
        null_label="No area",
        null_value=NONE,
    )
    origin = filters.MultipleChoiceFilter(choices=Origin.choices, label="Origin")
    kind = TermFilter(field_name="kinds", queryset=AssistanceKind.objects.all(), label="Kind of help")
    answered = YesNoFilter(field_name="answered_at", lookup_expr="isnull", exclude=True, label="Answered")
    passed_over = YesNoFilter(
        field_name="passed_over_at", lookup_expr="isnull", exclude=True, label="Passed over"
    )

    class Meta:
        model = Control
        fields: list[str] = []


class FixFilter(OfIncident):
    change = filters.ModelChoiceFilter(
        queryset=Change.objects.current(), widget=forms.NumberInput, label="Change"
    )

    class Meta:
        model = Fix
        fields: list[str] = []


class FactorFilter(OfIncident):
    kind = TermFilter(field_name="kind", queryset=FactorKind.objects.all(), label="Kind")
    q = filters.CharFilter(field_name="text", lookup_expr="icontains", label="Text")

    class Meta:
        model = ContributingFactor
        fields: list[str] = []


class TimelineFilter(OfIncident):
    kind = filters.MultipleChoiceFilter(choices=TimelineEntry.Kind.choices, label="Kind")
    starred = boolean("starred", "Starred")
    hidden = boolean("hidden", "Hidden")
    q = filters.CharFilter(field_name="text", lookup_expr="icontains", label="Text")
    occurred_after = MomentFilter(field_name="occurred_at", lookup_expr="gte", label="From")
    occurred_before = MomentFilter(field_name="occurred_at", lookup_expr="lt", label="Before")

    class Meta:
        model = TimelineEntry
        fields: list[str] = []


class PostmortemFilter(OfIncident):
    state = filters.MultipleChoiceFilter(choices=Postmortem.State.choices, label="State")
    short = boolean("is_short", "Short form")
    due_before = filters.DateFilter(field_name="due_on", lookup_expr="lt", label="Due before")
    published_after = MomentFilter(field_name="published_at", lookup_expr="gte", label="Published from")
    published_before = MomentFilter(field_name="published_at", lookup_expr="lt", label="Published before")

    class Meta:
        model = Postmortem
        fields: list[str] = []


class LessonFilter(filters.FilterSet):
    q = filters.CharFilter(method="search", label="Search")
    state = filters.ChoiceFilter(choices=Lesson.State.choices, label="State")
    area = TermFilter(field_name="area", queryset=DomainArea.objects.all(), label="Domain area")
    service = ServiceChoiceFilter(field_name="services", label="Service")
    kind = TermFilter(
        field_name="kinds", queryset=AssistanceKind.objects.all(), label="Kind of help", distinct=True
    )
    incident = filters.NumberFilter(field_name="incidents__number", label="Incident number")
    review_before = filters.DateFilter(field_name="review_by", lookup_expr="lt", label="Review due before")

    class Meta:
        model = Lesson
        fields: list[str] = []

    def search(self, queryset: QuerySet[Lesson], name: str, value: str) -> QuerySet[Lesson]:
        return queryset.filter(Q(text__icontains=value) | Q(why__icontains=value))


class ActionItemFilter(OfIncident):
    q = filters.CharFilter(field_name="title", lookup_expr="icontains", label="Title")
    type = filters.ChoiceFilter(choices=ActionItem.Type.choices, label="Type")
    state = filters.MultipleChoiceFilter(choices=ActionItem.State.choices, label="State")
    priority = filters.ChoiceFilter(choices=ActionItem.Priority.choices, label="Priority")
    owner = filters.ModelChoiceFilter(
        queryset=User.objects.all(),
        to_field_name="username",
        label="Owner",
        null_label="Nobody",
        null_value=NONE,
    )
    due_after = filters.DateFilter(field_name="due_on", lookup_expr="gte", label="Due from")
    due_before = filters.DateFilter(field_name="due_on", lookup_expr="lt", label="Due before")

    class Meta:
        model = ActionItem
        fields: list[str] = []
