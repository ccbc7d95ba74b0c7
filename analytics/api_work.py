"""Resources of work in progress and operating load: the objects that the pages show."""

from __future__ import annotations

from typing import Any

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.resources import Figures
from analytics import load_report, work_report
from analytics.api_delivery import PARAMETERS
from analytics.review_form import ReviewForm
from analytics.serializers_work import LoadSerializer, WorkSerializer


class Work(Figures):
    """One number, whoever asks; of limits what everybody sees."""

    serializer_class = WorkSerializer
    query_names = frozenset({"scope", "week"})

    @extend_schema(
        operation_id="work_retrieve",
        parameters=PARAMETERS,
        responses=forced_singular_serializer(WorkSerializer),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What is under way by sort: now, over 13 weeks, the 13 before, and week by week."""
        return Response(work_report.as_json(work_report.report_of(self.asked(ReviewForm), self.person)))


class Load(Figures):
    """One number, whoever asks."""

    serializer_class = LoadSerializer
    query_names = frozenset({"scope", "week"})

    @extend_schema(
        operation_id="load_retrieve",
        parameters=PARAMETERS,
        responses=forced_singular_serializer(LoadSerializer),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Services, alerts, settings and dependencies: 13 weeks, the 13 before, by week and by area."""
        return Response(load_report.as_json(load_report.report_of(self.asked(ReviewForm))))
