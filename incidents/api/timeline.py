"""The resource of timeline entries, and pasted chat."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import idempotent
from incidents import filters, serializers
from incidents.api.reviewing import ChatRoutes
from incidents.models import TimelineEntry
from incidents.services import timeline


class Timeline(ChatRoutes):
    """By when it happened."""

    queryset = TimelineEntry.objects.all()
    serializer_class = serializers.TimelineSerializer
    filterset_class = filters.TimelineFilter
    related = ("written_by",)
    page_by = "occurred_at"

    @extend_schema(request=serializers.TimelineInput, responses={201: serializers.TimelineSerializer})
    @idempotent
    def create(self, request: Request) -> Response:
        said = self.checked(serializers.TimelineInput)
        incident = self.writable(said.pop("incident"))
        entry = timeline.add_entry(incident_id=incident.pk, by=self.person, now=timezone.now(), **said)
        return self.answer_new(entry, "timeline-entry", entry.pk)

    @extend_schema(request=serializers.TimelineEdit, responses=serializers.TimelineSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        entry = self.writable_row()
        timeline.edit_entry(
            entry_id=entry.pk, by=self.person, **self.checked(serializers.TimelineEdit, partial=True)
        )
        return self.answer(self.again(entry))

    def destroy(self, request: Request, pk: str) -> Response:
        """Take back what a person wrote; what was gathered is hidden instead."""
        timeline.remove_entry(entry_id=self.writable_row().pk, by=self.person)
        return Response(status=204)
