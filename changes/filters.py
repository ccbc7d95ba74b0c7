"""What lists of changes, deployments and places can be narrowed to: one set for the page and the API.

Shape: every filter is named as the reader would say it; times come in pairs, `…_after` (inclusive) and
`…_before` (exclusive).
"""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import F, Func, Model, Q, QuerySet, TextField, Value

from accounts.models import Team
from changes.models import (
    Assistance,
    AssistanceKind,
    Assistant,
    Change,
    Deployment,
    DomainArea,
    Environment,
    Feature,
    LoadReading,
    MarkingPolicy,
    Origin,
    Repository,
    Service,
    SizeBand,
    Term,
    TestRun,
)
from intake.filters import MomentFilter, YesNoFilter
from intake.queries import in_view

SAID = (Assistance.Status.DECLARED, Assistance.Status.CONFIRMED)
NONE = "none"


def repositories_offered(_request: object) -> QuerySet[Repository]:
    return in_view(Repository.objects.all())


def services_offered(_request: object) -> QuerySet[Service]:
    return in_view(Service.objects.all())


def features_offered(_request: object) -> QuerySet[Feature]:
    return in_view(Feature.objects.all())


def with_merged(term: Term) -> set[int]:
    """The term's id and the ids of all that were merged into it, over any number of steps."""
    # The plugin of the type checker cannot follow a manager of an abstract model.
    terms: Any = type(term)._default_manager
    found: set[int] = set()
    wave = {term.pk}
    while wave:
        found |= wave
        wave = set(terms.filter(merged_into__in=wave).values_list("pk", flat=True)) - found
    return found


class TermFilter(filters.ModelChoiceFilter):
    """A taxonomy term by its slug; rows that were given a term merged into it are found as well."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("to_field_name", "slug")
        super().__init__(*args, **kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not isinstance(value, Term):
            found: QuerySet[Any] = super().filter(qs, value)
            return found
        return qs.filter(**{f"{self.field_name}__in": with_merged(value)})


class ServiceChoiceFilter(filters.ModelChoiceFilter):
    """A service by its slug."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("to_field_name", "slug")
        kwargs.setdefault("queryset", services_offered)
        super().__init__(*args, **kwargs)


def after(field: str, label: str) -> MomentFilter:
    return MomentFilter(field_name=field, lookup_expr="gte", label=label, widget=_DayOrTime)


def before(field: str, label: str) -> MomentFilter:
    return MomentFilter(field_name=field, lookup_expr="lt", label=label, widget=_DayOrTime)


class _DayOrTime(forms.DateTimeInput):
    input_type = "date"


def boolean(field: str, label: str, **kwargs: Any) -> YesNoFilter:
    return YesNoFilter(field_name=field, label=label, **kwargs)


class ChangeFilter(filters.FilterSet):
    q = filters.CharFilter(
        method="search",
        label="Search",
        help_text="Words of the title or message, a #number or the start of a sha.",
    )
    repository = filters.ModelChoiceFilter(queryset=repositories_offered, label="Repository")
    service = ServiceChoiceFilter(field_name="services", label="Service")
    area = TermFilter(
        field_name="area",
        queryset=DomainArea.objects.all(),
        label="Domain area",
        null_label="No area",
        null_value=NONE,
    )
    touches = TermFilter(
        field_name="areas_touched", queryset=DomainArea.objects.all(), label="Also touches", distinct=True
    )
    origin = filters.ChoiceFilter(choices=Origin.choices, label="Origin")
    origin_basis = filters.ChoiceFilter(
        choices=[choice for choice in Change.OriginBasis.choices if choice[0]], label="Origin known from"
    )
    counted_origin = filters.ChoiceFilter(
        field_name="origin_counted",
        choices=Origin.choices,
        label="Origin that counts",
        help_text="As it stood before the change's first incident or revert.",
    )
    by_policy = boolean("origin_by_policy", "On a marking policy's word")
    kind = filters.ModelChoiceFilter(
        field_name="assistances",
        queryset=AssistanceKind.objects.all(),
        to_field_name="slug",
        label="Kind of help",
        method="said_kind",
        null_label="Kind not said",
        null_value=NONE,
        help_text="A kind that somebody said; `none` for assisted changes of which nobody has said how.",
    )
    suggested_kind = filters.ModelChoiceFilter(
        field_name="assistances",
        queryset=AssistanceKind.objects.all(),
        to_field_name="slug",
        label="Suggested kind",
        method="with_suggested_kind",
    )
    assistant = TermFilter(
        field_name="assistant",
        queryset=Assistant.objects.all(),
        label="Assistant",
        null_label="Not known",
        null_value=NONE,
    )
    state = filters.ChoiceFilter(choices=Change.State.choices, label="State")
    type = filters.ChoiceFilter(choices=Change.Type.choices, label="Type")
    size_band = filters.ChoiceFilter(choices=SizeBand.choices, label="Size")
    automation = boolean("automation", "Made by an automation")
    draft = boolean("is_draft", "Draft")
    label = filters.CharFilter(field_name="labels", method="has_label", label="Label")
    branch = filters.CharFilter(field_name="branch", label="Branch")
    feature = filters.ModelChoiceFilter(
        queryset=features_offered, to_field_name="slug", label="Feature", null_label="None", null_value=NONE
    )
    feature_basis = filters.ChoiceFilter(
        choices=[choice for choice in Change.FeatureBasis.choices if choice[0]], label="Feature known from"
    )
    undone = YesNoFilter(field_name="undone_at", lookup_expr="isnull", exclude=True, label="Undone")
    shipped_basis = filters.ChoiceFilter(choices=Change.ShippedBasis.choices, label="Shipped by")
    opened_after = after("opened_at", "Opened from")
    opened_before = before("opened_at", "Opened before")
    merged_after = after("merged_at", "Merged from")
    merged_before = before("merged_at", "Merged before")
    shipped_after = after("shipped_at", "Shipped from")
    shipped_before = before("shipped_at", "Shipped before")
    path = filters.CharFilter(
        field_name="paths", method="has_path", label="Path", help_text="Part of a path."
    )

    class Meta:
        model = Change
        fields: list[str] = []

    def search(self, queryset: QuerySet[Change], name: str, value: str) -> QuerySet[Change]:
        bare = value.strip().removeprefix("#")
        if not bare:
            return queryset
        found = Q(title__icontains=bare) | Q(message__icontains=bare)
        named = Change.objects.filter(
            Q(identities__space="number", identities__value=bare)
            | Q(identities__space="sha", identities__value__startswith=bare.lower())
        )
        return queryset.filter(found | Q(pk__in=named.values("pk")))

    def said_kind(self, queryset: QuerySet[Change], name: str, value: Any) -> QuerySet[Change]:
        said = Assistance.objects.filter(status__in=SAID)
        if value == NONE:
            assisted = queryset.filter(origin__in=[Origin.ASSISTED, Origin.AUTONOMOUS])
            return assisted.exclude(pk__in=said.values("change"))
        return queryset.filter(pk__in=said.filter(kind__in=with_merged(value)).values("change"))

    def with_suggested_kind(self, queryset: QuerySet[Change], name: str, value: Any) -> QuerySet[Change]:
        suggested = Assistance.objects.filter(status=Assistance.Status.SUGGESTED, kind__in=with_merged(value))
        return queryset.filter(pk__in=suggested.values("change"))

    def has_label(self, queryset: QuerySet[Change], name: str, value: str) -> QuerySet[Change]:
        return queryset.filter(labels__contains=[value])

    def has_path(self, queryset: QuerySet[Change], name: str, value: str) -> QuerySet[Change]:
        joined = Func(F("paths"), Value("\n"), function="array_to_string", output_field=TextField())
        return queryset.alias(joined_paths=joined).filter(joined_paths__icontains=value.replace("\n", ""))


class DeploymentFilter(filters.FilterSet):
    repository = filters.ModelChoiceFilter(queryset=repositories_offered, label="Repository")
    service = ServiceChoiceFilter(
        field_name="service", label="Service", null_label="No service", null_value=NONE
    )
    environment = filters.CharFilter(
        field_name="environment__name", lookup_expr="iexact", label="Environment"
    )
    production = boolean("is_production", "Production")
    status = filters.ChoiceFilter(choices=Deployment.Status.choices, label="Status")
    kind = filters.ChoiceFilter(choices=Deployment.Kind.choices, label="Kind")
    gap = boolean("is_gap", "Content not known yet")
    sha = filters.CharFilter(field_name="sha", lookup_expr="istartswith", label="Commit")
    ref = filters.CharFilter(field_name="ref", label="Branch or tag")
    change = filters.ModelChoiceFilter(
        field_name="changes",
        queryset=Change.objects.current(),
        label="Holds the change",
        widget=forms.NumberInput,
    )
    started_after = after("started_at", "Started from")
    started_before = before("started_at", "Started before")
    finished_after = after("finished_at", "Finished from")
    finished_before = before("finished_at", "Finished before")

    class Meta:
        model = Deployment
        fields: list[str] = []


class RepositoryFilter(filters.FilterSet):
    q = filters.CharFilter(
        method="search", label="Search", help_text="Part of a present or past name or address."
    )
    host = filters.CharFilter(field_name="host", lookup_expr="iexact", label="Forge")
    merged_is_shipped = boolean("merged_is_shipped", "A merge counts as shipped")
    area = TermFilter(field_name="default_area", queryset=DomainArea.objects.all(), label="Default area")

    class Meta:
        model = Repository
        fields: list[str] = []

    def search(self, queryset: QuerySet[Repository], name: str, value: str) -> QuerySet[Repository]:
        past = Func(F("past_names"), Value("\n"), function="array_to_string", output_field=TextField())
        return queryset.alias(past=past).filter(
            Q(name__icontains=value) | Q(origin_address__icontains=value) | Q(past__icontains=value)
        )


class PolicyFilter(filters.FilterSet):
    q = filters.CharFilter(field_name="how", lookup_expr="icontains", label="How it holds")
    repository = filters.ModelChoiceFilter(queryset=repositories_offered, label="Repository")
    in_effect = YesNoFilter(method="standing", label="In effect", help_text="Neither ended nor revoked.")
    since_after = filters.DateFilter(field_name="since", lookup_expr="gte", label="Since")
    since_before = filters.DateFilter(field_name="since", lookup_expr="lt", label="Since, before")
    ended = YesNoFilter(field_name="ended_on", lookup_expr="isnull", exclude=True, label="Ended")
    revoked = YesNoFilter(field_name="revoked_at", lookup_expr="isnull", exclude=True, label="Revoked")
    stated_after = after("stated_at", "Stated since")
    stated_before = before("stated_at", "Stated before")

    class Meta:
        model = MarkingPolicy
        fields: list[str] = []

    def standing(self, queryset: QuerySet[MarkingPolicy], name: str, value: bool) -> QuerySet[MarkingPolicy]:
        over = Q(ended_on__isnull=False) | Q(revoked_at__isnull=False)
        return queryset.exclude(over) if value else queryset.filter(over)


class ServiceFilter(filters.FilterSet):
    q = filters.CharFilter(method="search", label="Search", help_text="Part of the name or of an alias.")
    team = filters.ModelChoiceFilter(
        queryset=Team.objects.all(), to_field_name="slug", label="Team", null_label="No team", null_value=NONE
    )
    repository = filters.ModelChoiceFilter(queryset=repositories_offered, label="Repository")
    area = TermFilter(field_name="area", queryset=DomainArea.objects.all(), label="Domain area")

    class Meta:
        model = Service
        fields: list[str] = []

    def search(self, queryset: QuerySet[Service], name: str, value: str) -> QuerySet[Service]:
        other = Func(F("aliases"), Value("\n"), function="array_to_string", output_field=TextField())
        return queryset.alias(other_names=other).filter(
            Q(name__icontains=value) | Q(slug__icontains=value) | Q(other_names__icontains=value)
        )


class EnvironmentFilter(filters.FilterSet):
    q = filters.CharFilter(field_name="name", lookup_expr="icontains", label="Name")
    production = boolean("is_production", "Production")
    undecided = YesNoFilter(field_name="is_production", lookup_expr="isnull", label="Nobody has said yet")

    class Meta:
        model = Environment
        fields: list[str] = []


class LoadReadingFilter(filters.FilterSet):
    repository = filters.ModelChoiceFilter(queryset=repositories_offered, label="Repository")
    service = ServiceChoiceFilter(
        field_name="service", label="Service", null_label="The whole repository", null_value=NONE
    )
    area = TermFilter(
        field_name="area",
        queryset=DomainArea.objects.all(),
        label="Domain area",
        null_label="No area",
        null_value=NONE,
    )
    kind = filters.ChoiceFilter(choices=LoadReading.Kind.choices, label="Kind")
    on_after = filters.DateFilter(field_name="on", lookup_expr="gte", label="From this day")
    on_before = filters.DateFilter(field_name="on", lookup_expr="lt", label="Before this day")

    class Meta:
        model = LoadReading
        fields: list[str] = []


class TestRunFilter(filters.FilterSet):
    __test__ = False

    repository = filters.ModelChoiceFilter(queryset=repositories_offered, label="Repository")
    suite = filters.CharFilter(field_name="suite", label="Suite")
    branch = filters.CharFilter(field_name="branch", label="Branch")
    sha = filters.CharFilter(field_name="sha", lookup_expr="istartswith", label="Commit")
    failed = YesNoFilter(field_name="failed", method="with_failures", label="With failures")
    scenario = filters.CharFilter(
        field_name="cases__scenario", lookup_expr="iexact", distinct=True, label="Scenario"
    )
    ran_after = after("ran_at", "Ran from")
    ran_before = before("ran_at", "Ran before")

    class Meta:
        model = TestRun
        fields: list[str] = []

    def with_failures(self, queryset: QuerySet[TestRun], name: str, value: bool) -> QuerySet[TestRun]:
        bad = Q(failed__gt=0) | Q(suite_errors__gt=0)
        return queryset.filter(bad) if value else queryset.exclude(bad)


class TermListFilter(filters.FilterSet):
    """For any taxonomy: search, and whether a form may offer the term."""

    q = filters.CharFilter(field_name="name", lookup_expr="icontains", label="Name")
    offered = YesNoFilter(method="by_offered", label="Offered", help_text="Neither retired nor merged.")

    def by_offered(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        offered = Q(retired_at=None, merged_into=None)
        return queryset.filter(offered) if value else queryset.exclude(offered)


def term_filter(model: type[Model]) -> type[filters.FilterSet]:
    """The filter set of one taxonomy's list."""
    meta = type("Meta", (), {"model": model, "fields": []})
    return type(f"{model.__name__}Filter", (TermListFilter,), {"Meta": meta})
