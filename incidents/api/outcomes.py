"""Resources of what comes of an incident: postmortem, lessons, actions."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import idempotent
from accounts.models import Role
from accounts.versions import expected_version, needs_if_match
from incidents import filters, serializers
from incidents.api.incident import NUMBER, IncidentResource
from incidents.api.parts import PartResource
from incidents.api.reviewing import ReviewRoutes, RevisionRoutes
from incidents.models import ActionItem, Incident, Lesson, Postmortem
from incidents.services import actions, incidents, lessons, postmortems, reviewing


class Postmortems(ReviewRoutes, RevisionRoutes):
    """By incident number."""

    queryset = Postmortem.objects.prefetch_related("sections")
    serializer_class = serializers.PostmortemSerializer
    filterset_class = filters.PostmortemFilter
    related = ("owner", "facilitator")
    lookup_field = "incident__number"
    lookup_url_kwarg = "number"
    query_names = frozenset({"from"})
    lookup_value_regex = NUMBER

    def get_serializer_class(self) -> Any:
        return (
            serializers.PostmortemSerializer
            if self.action == "list"
            else serializers.PostmortemDetailSerializer
        )

    @extend_schema(request=serializers.SectionsInput, responses=serializers.PostmortemDetailSerializer)
    @action(detail=True, methods=["patch"])
    @needs_if_match
    def sections(self, request: Request, number: str) -> Response:
        """Write sections. The first words begin the draft; an approved one goes back to review."""
        postmortem = self.writable_row()
        said = self.checked(serializers.SectionsInput)
        with transaction.atomic():
            incidents.locked(postmortem.incident_id)
            version = expected_version(request, self.again(postmortem))
            postmortems.save_sections(
                incident_id=postmortem.incident_id,
                texts=said["sections"],
                expected_version=version,
                by=self.person,
                now=timezone.now(),
            )
        return self.answer(self.again(postmortem))

    @extend_schema(request=serializers.PublishInput, responses=serializers.PostmortemDetailSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def publish(self, request: Request, number: str) -> Response:
        """For everybody to read. 422 lists every point still open; a curator may override, saying why."""
        postmortem = self.writable_row()
        said = self.checked(serializers.PublishInput)
        reviewing.publish(incident_id=postmortem.incident_id, by=self.person, now=timezone.now(), **said)
        return self.answer(self.again(postmortem))

    @extend_schema(request=None, responses=serializers.PostmortemDetailSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def revise(self, request: Request, number: str) -> Response:
        """Take a published one back to a draft."""
        postmortem = self.writable_row()
        reviewing.revise(incident_id=postmortem.incident_id, by=self.person, now=timezone.now())
        return self.answer(self.again(postmortem))


class Lessons(IncidentResource):
    queryset = Lesson.objects.all()
    serializer_class = serializers.LessonSerializer
    filterset_class = filters.LessonFilter

    def get_queryset(self) -> QuerySet[Lesson]:
        mine = Prefetch("incidents", queryset=self.visible().order_by("number"))
        found = Lesson.objects.visible_to(self.person).select_related("area")
        return found.prefetch_related(mine, "services", "kinds")

    @extend_schema(request=serializers.LessonInput, responses={201: serializers.LessonSerializer})
    @idempotent
    def create(self, request: Request) -> Response:
        """Propose a lesson; without services of its own it speaks of the incident's."""
        said = self.checked(serializers.LessonInput)
        self.writable(said["incident"])
        lesson = lessons.record(by=self.person, now=timezone.now(), **said)
        return self.answer_new(lesson, "lesson", lesson.pk)

    @extend_schema(request=serializers.LessonEdit, responses=serializers.LessonSerializer)
    @needs_if_match
    def partial_update(self, request: Request, pk: str) -> Response:
        lesson = self._writable_lesson()
        version = expected_version(request, lesson)
        said = self.checked(serializers.LessonEdit, partial=True)
        lessons.edit(lesson_id=lesson.pk, by=self.person, expected_version=version, **said)
        return self.answer(self.again(lesson))

    @extend_schema(request=serializers.LessonStateInput)
    @action(detail=True, methods=["post"])
    @idempotent
    def state(self, request: Request, pk: str) -> Response:
        """Approve it, retire it with the reason, or propose it again."""
        lesson = self._writable_lesson()
        said = self.checked(serializers.LessonStateInput)
        who_when: dict[str, Any] = {"lesson_id": lesson.pk, "by": self.person, "now": timezone.now()}
        if said["state"] == Lesson.State.RETIRED:
            lessons.retire(reason=said["reason"], **who_when)
        elif said["state"] == Lesson.State.APPROVED:
            lessons.approve(**who_when)
        else:
            lessons.propose_again(**who_when)
        return self.answer(self.again(lesson))

    def _writable_lesson(self) -> Lesson:
        """Whoever may edit one of the incidents behind it; curators everywhere."""
        lesson: Lesson = self.get_object()
        behind: list[Incident] = list(lesson.incidents.all())
        by_right = not behind or self.person.at_least(Role.CURATOR)
        if not by_right and not any(incident.may_be_edited_by(self.person) for incident in behind):
            raise PermissionDenied("Another team owns the services of the incidents behind it.")
        return lesson


class Actions(PartResource):
    queryset = ActionItem.objects.all()
    serializer_class = serializers.ActionSerializer
    filterset_class = filters.ActionItemFilter
    related = ("owner",)

    @extend_schema(request=serializers.ActionInput, responses={201: serializers.ActionSerializer})
    @idempotent
    def create(self, request: Request) -> Response:
        """Propose an action item."""
        said = self.checked(serializers.ActionInput)
        incident = self.writable(said.pop("incident"))
        item = actions.propose(incident_id=incident.pk, by=self.person, now=timezone.now(), **said)
        return self.answer_new(item, "action", item.pk)

    @extend_schema(request=serializers.ActionEdit, responses=serializers.ActionSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        item = self.writable_row()
        actions.edit(action_id=item.pk, by=self.person, **self.checked(serializers.ActionEdit, partial=True))
        return self.answer(self.again(item))

    @extend_schema(request=serializers.ActionStateInput)
    @action(detail=True, methods=["post"])
    @idempotent
    def state(self, request: Request, pk: str) -> Response:
        """Declined needs a reason; verified follows done and needs evidence that it works."""
        item = self.writable_row()
        said = self.checked(serializers.ActionStateInput)
        actions.set_state(action_id=item.pk, by=self.person, now=timezone.now(), **said)
        return self.answer(self.again(item))

    def destroy(self, request: Request, pk: str) -> Response:
        """Only a proposal can vanish; what was agreed is declined."""
        actions.remove(action_id=self.writable_row().pk, by=self.person)
        return Response(status=204)
