"""The REST API's one router, its description and its documentation pages."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from accounts import problems
from analytics import api as analytics
from analytics import api_delivery, api_features, api_policies, api_reviewing, api_samples, api_time, api_work
from changes import api as changes
from incidents import api as incidents
from intake import api as intake

router = SimpleRouter()
router.register("assistance-kinds", changes.AssistanceKinds, "assistance-kind")
router.register("assistants", changes.Assistants, "assistant")
router.register("areas", changes.Areas, "area")
router.register("severities", incidents.Severities, "severity")
router.register("factor-kinds", incidents.FactorKinds, "factor-kind")
router.register("teams", changes.Teams, "team")
router.register("repositories", changes.Repositories, "repository")
router.register("policies", api_policies.Policies, "policy")
router.register("services", changes.Services, "service")
router.register("environments", changes.Environments, "environment")
router.register("changes", changes.Changes, "change")
router.register("features", api_features.Features, "feature")
router.register("deployments", changes.Deployments, "deployment")
router.register("load-readings", changes.LoadReadings, "load-reading")
router.register("check-runs", changes.CheckRuns, "check-run")
router.register("reviews", changes.Reviews, "review")
router.register("test-runs", changes.TestRuns, "test-run")
router.register("incidents", incidents.Incidents, "incident")
router.register("causes", incidents.Causes, "cause")
router.register("controls", incidents.Controls, "control")
router.register("fixes", incidents.Fixes, "fix")
router.register("factors", incidents.Factors, "factor")
router.register("timeline", incidents.Timeline, "timeline-entry")
router.register("postmortems", incidents.Postmortems, "postmortem")
router.register("lessons", incidents.Lessons, "lesson")
router.register("actions", incidents.Actions, "action")
router.register("wording", incidents.Wording, "wording")
router.register("scenarios", analytics.Scenarios, "scenario")
router.register("deliveries", intake.Deliveries, "delivery")
router.register("matrix", analytics.Matrix, "matrix")
router.register("baseline", analytics.Baseline, "baseline")
router.register("matched", analytics.Matched, "matched")
router.register("trend", analytics.Trend, "trend")
router.register("work", api_work.Work, "work")
router.register("load", api_work.Load, "load")
router.register("delivery", api_delivery.Delivery, "delivery-figures")
router.register("time-spent", api_time.TimeSpent, "time-spent")
router.register("reviewing", api_reviewing.Reviewing, "reviewing")
router.register("samples", api_samples.Samples, "sample")

documentation = login_required(
    SpectacularSwaggerSplitView.as_view(
        url_name="api:schema", template_name="api/docs.html", title="Hindcast API"
    )
)

app_name = "api"
urlpatterns = [
    path("", include(router.urls)),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", documentation, name="docs"),
    re_path(r"", problems.unknown_address, name="unknown"),
]
