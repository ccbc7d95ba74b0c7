"""What the lists of test scenarios and of sampled checks can be narrowed to: one set for each,
whoever asks.

A filter never widens: the caller starts from `visible_to(user)`.
"""

from __future__ import annotations

import django_filters as filters
from django.db.models import Q, QuerySet

from accounts.models import Team
from analytics.models import Sample, TestScenario
from analytics.queries.standings import RESULTS, standings
from changes.filters import NONE, ServiceChoiceFilter, TermFilter, after, before
from changes.models import AssistanceKind, DomainArea, Repository
from incidents.models import Lesson
from intake.filters import YesNoFilter


class ScenarioFilter(filters.FilterSet):
    q = filters.CharFilter(
        method="search", label="Search", help_text="TS-42, or words of the title or the steps."
    )
    state = filters.ChoiceFilter(choices=TestScenario.State.choices, label="State")
    result = filters.ChoiceFilter(choices=RESULTS, method="by_result", label="In CI")
    area = TermFilter(
        field_name="area",
        queryset=DomainArea.objects.all(),
        label="Domain area",
        null_label="No area",
        null_value=NONE,
    )
    kind = TermFilter(
        field_name="kinds", queryset=AssistanceKind.objects.all(), label="Kind of help", distinct=True
    )
    service = ServiceChoiceFilter(field_name="services", label="Service", distinct=True)
    lesson = filters.ModelChoiceFilter(
        field_name="lessons", queryset=Lesson.objects.none(), method="of_lesson", label="Lesson"
    )

    class Meta:
        model = TestScenario
        fields: list[str] = []

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        user = getattr(self.request, "user", None)
        if user is not None:
            self.filters["lesson"].queryset = Lesson.objects.visible_to(user)

    def search(self, queryset: QuerySet[TestScenario], name: str, value: str) -> QuerySet[TestScenario]:
        bare = value.strip()
        number = bare.upper().removeprefix("TS-")
        if number.isdecimal() and len(number) < 10:
            return queryset.filter(Q(number=int(number)) | Q(title__icontains=bare))
        words = [
            Q(**{f"{field}__icontains": bare})
            for field in ("title", "given", "when", "then", "lessons__text")
        ]
        found = words[0]
        for word in words[1:]:
            found |= word
        return queryset.filter(found).distinct()

    def of_lesson(self, queryset: QuerySet[TestScenario], name: str, value: Lesson) -> QuerySet[TestScenario]:
        return queryset.filter(lessons=value)

    def by_result(self, queryset: QuerySet[TestScenario], name: str, value: str) -> QuerySet[TestScenario]:
        known = standings(queryset.model.objects.filter(pk__in=queryset.values("pk")))
        return queryset.filter(number__in=[n for n, standing in known.items() if standing.state == value])


class SampleFilter(filters.FilterSet):
    team = filters.ModelChoiceFilter(queryset=Team.objects.all(), to_field_name="slug", label="Team")
    repository = filters.ModelChoiceFilter(queryset=Repository.objects.all(), label="Repository")
    closed = YesNoFilter(field_name="closed_at", lookup_expr="isnull", exclude=True, label="Closed")
    drawn_after = after("drawn_at", "Drawn from")
    drawn_before = before("drawn_at", "Drawn before")

    class Meta:
        model = Sample
        fields: list[str] = []
