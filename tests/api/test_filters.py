"""Completeness is checked, not remembered: a field is filterable, or stands here with the reason why not."""

from __future__ import annotations

from typing import Any, cast

import django_filters
import pytest

from analytics.filters import SampleFilter
from changes import filters as change_filters
from changes import review_filters
from changes.filters_features import FeatureFilter
from incidents import filters as incident_filters

# What no list needs, for every model.
EVERYWHERE = {
    "id": "the address of the row",
    "version": "for If-Match",
    "url": "a link out",
    "evidence_url": "a link out",
    "position": "order only",
    "recorded_at": "bookkeeping",
    "created_at": "bookkeeping",
    "is_demo": "demonstration data is switched for the whole product",
    "delivery": "operators look deliveries up in the admin",
    "said_by": "no list groups people",
}
NOT_FILTERED: dict[type[django_filters.FilterSet], dict[str, str]] = {
    change_filters.ChangeFilter: {
        "ready_at": "shown at the change",
        "first_commit_at": "shown at the change",
        "title": "q",
        "message": "q",
        "closed_at": "of dropped changes only",
        "told_at": "bookkeeping",
        "told": "bookkeeping",
        "additions": "by size band",
        "deletions": "by size band",
        "counted_lines": "by size band",
        "files_changed": "by size band",
        "commits": "by size band",
        "origin_said_at": "shown at the change",
        "rules_version": "bookkeeping",
        "area_said_by_person": "shown at the change",
        "feature_lines": "shown at the change",
        "feature_names": "shown at the change",
        "first_incident_at": "it would tell of restricted incidents",
        "undone_by": "undone",
        "declared": "shown at the change as evidence and kinds",
        "answers": "shown at the change",
        "merged_into": "doubles are in no list",
    },
    change_filters.DeploymentFilter: {
        "kind_basis": "shown at the deployment",
        "kind_told_at": "bookkeeping",
        "kind_told": "kind",
        "source": "operators",
        "external_id": "the sender's own id",
        "requested_at": "started or finished",
    },
    change_filters.RepositoryFilter: {
        "forge_id": "the forge's own",
        "name": "q",
        "past_names": "q",
        "origin_address": "q",
        "default_branch": "nobody asks",
        "imported_to": "bookkeeping",
        "clone_path": "a path of the machine leaves it by no door",
        "notes_read_to": "bookkeeping",
        "traces_read_to": "bookkeeping",
        "shipping_said_by_person": "shown at the repository",
    },
    FeatureFilter: {
        "name": "q",
        "slug": "the address of the row",
        "description": "q",
        "baseline": "of different units",
        "baseline_from": "shown at the feature",
        "baseline_to": "shown at the feature",
        "baseline_source": "text",
        "measured_until": "the weekly page asks then",
        "retired_reason": "text",
        "worth_it": "answered",
        "worth_it_by": "no list groups people",
        "worth_it_at": "answered",
    },
    change_filters.PolicyFilter: {
        "end_reason": "text",
        "stated_by": "no list groups people",
    },
    change_filters.ServiceFilter: {
        "exposure_days": "shown at the service",
        "reports_incidents": "shown at the service",
        "name": "q",
        "slug": "the address of the row",
        "path_globs": "rules",
        "aliases": "q",
    },
    change_filters.EnvironmentFilter: {"source": "operators"},
    review_filters.ReviewFilter: {
        "external_id": "the sender's own id",
        "commit_sha": "shown at the change",
        "reviewer_in_change": "no list groups people",
        "reviewer_on_day": "no list groups people",
        "comments": "a count",
        "told_at": "bookkeeping",
    },
    review_filters.CheckRunFilter: {
        "external_id": "the sender's own id",
        "attempt": "a count",
        "started_at": "queued or completed",
        "told_at": "bookkeeping",
    },
    change_filters.TestRunFilter: {
        "key": "the sender's own id",
        "passed": "a count",
        "skipped": "a count",
        "flaky": "a count",
        "suite_errors": "failed",
    },
    incident_filters.IncidentFilter: {
        "number": "q",
        "title": "q",
        "summary": "q",
        "impact": "q",
        "impact_numbers": "free figures",
        "detected_at": "began",
        "acknowledged_at": "began",
        "mitigated_at": "resolved",
        "reported_at": "began",
        "closed_at": "resolved",
        "held_fields": "bookkeeping",
        "people": "no list groups people",
        "reported_by": "no list groups people",
        "source": "operators",
    },
    change_filters.LoadReadingFilter: {
        "count": "a figure",
        "source": "text",
        "told_at": "bookkeeping",
    },
    incident_filters.CauseFilter: {"weight": "a figure", "rationale": "text", "suggested_by": "status"},
    incident_filters.ControlFilter: {
        "size_band": "with the change",
        "quarter_begins_on": "with the change",
        "pool": "a figure",
        "drawn_at": "bookkeeping",
        "answered_by": "no list groups people",
    },
    incident_filters.FixFilter: {"said_at": "shown in the incident"},
    incident_filters.FactorFilter: {},
    incident_filters.TimelineFilter: {
        "origin_key": "bookkeeping",
        "alert": "shown in the entry",
        "deployment": "shown in the entry",
        "written_by": "no list groups people",
    },
    incident_filters.PostmortemFilter: {
        "owner": "no list groups people",
        "facilitator": "no list groups people",
        "not_required_reason": "text",
        "override_reason": "text",
    },
    incident_filters.LessonFilter: {
        "text": "q",
        "why": "q",
        "path_globs": "packs look globs up",
        "retired_reason": "text",
    },
    incident_filters.ActionItemFilter: {
        "tracker_url": "a link out",
        "declined_reason": "text",
        "verified_by_evidence": "text",
        "state_since": "shown",
    },
    SampleFilter: {
        "since": "drawn",
        "until": "drawn",
        "seed": "a figure",
        "drawn_from": "a figure",
        "population": "a figure",
        "known": "figures",
        "drawn_by": "no list groups people",
    },
}


@pytest.mark.parametrize("filter_set", NOT_FILTERED, ids=lambda one: one.__name__)
def test_every_field_is_filterable_or_says_why_not(filter_set: type[django_filters.FilterSet]) -> None:
    model = filter_set._meta.model
    fields = {field.name for field in (*model._meta.fields, *model._meta.many_to_many)}
    filtered = {(one.field_name or "").split("__")[0] for one in filter_set.base_filters.values()}
    left_out = NOT_FILTERED[filter_set].keys() | EVERYWHERE.keys()
    assert fields - filtered - left_out == set(), "neither filterable nor listed"
    assert NOT_FILTERED[filter_set].keys() - fields == set(), "listed, but no such field"
    assert NOT_FILTERED[filter_set].keys() & filtered == set(), "listed, and filterable after all"


def test_every_filter_set_is_examined() -> None:
    for module in (change_filters, review_filters, incident_filters):
        found: list[Any] = list(vars(module).values())
        for one in found:
            if (
                isinstance(one, type)
                and issubclass(one, django_filters.FilterSet)
                and cast(Any, one)._meta.model
            ):
                assert one in NOT_FILTERED


@pytest.mark.parametrize("filter_set", NOT_FILTERED, ids=lambda one: one.__name__)
def test_every_filter_has_a_label(filter_set: type[django_filters.FilterSet]) -> None:
    assert all(one.label for one in filter_set.base_filters.values())
