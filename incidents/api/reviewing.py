"""Reviews and revisions of a postmortem, and pasted chat: further routes of resources in other files."""

from __future__ import annotations

import zoneinfo

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ParseError, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import idempotent
from accounts.models import Role
from accounts.versions import expected_version, needs_if_match
from incidents import chat
from incidents.api.parts import PartResource
from incidents.models import Postmortem, PostmortemComment, PostmortemRevision
from incidents.queries.chatting import offers
from incidents.queries.gate import open_points
from incidents.queries.revisions import compared
from incidents.serializers import OpenPointSerializer, PostmortemDetailSerializer
from incidents.serializers import reviewing as shapes
from incidents.services import incidents, reviewing, revisions, timeline
from incidents.services.refusals import Refused

DONE = {Postmortem.State.PUBLISHED, Postmortem.State.NOT_REQUIRED}
NUMBER = "(?P<revision>[0-9]{1,9})"
KEY = "(?P<pk>[0-9]{1,18})"


class RevisionRoutes(PartResource):
    """What was written when, what changed, and the way back."""

    @extend_schema(responses=shapes.RevisionsSerializer)
    @action(detail=True, methods=["get"])
    def revisions(self, request: Request, number: str) -> Response:
        rows = self.get_object().revisions.select_related("saved_by")
        return Response({"revisions": shapes.RevisionSerializer(rows, many=True).data})

    @extend_schema(operation_id="postmortems_revision_retrieve", responses=shapes.RevisionDetailSerializer)
    @action(detail=True, methods=["get"], url_path=f"revisions/{NUMBER}")
    def revision(self, request: Request, number: str, revision: str) -> Response:
        row = self._revision(self.get_object(), revision)
        return Response(shapes.RevisionDetailSerializer(row).data)

    @extend_schema(
        responses=shapes.DiffSerializer,
        parameters=[OpenApiParameter("from", int, description="An older one; left out, the one before.")],
    )
    @action(detail=True, methods=["get"], url_path=f"revisions/{NUMBER}/diff")
    def revision_diff(self, request: Request, number: str, revision: str) -> Response:
        """What changed, section by section and word by word. `from=0`: everything is new."""
        postmortem = self.get_object()
        new = self._revision(postmortem, revision)
        told = request.query_params.get("from")
        if told is None:
            old = postmortem.revisions.filter(number__lt=new.number).first()
        elif told.isdecimal() and len(told) < 10:
            old = self._revision(postmortem, told) if int(told) else None
        else:
            raise ParseError("`from` is the number of a revision.")
        said = {
            "since": old.number if old else 0,
            "to": new.number,
            "sections": compared(postmortem, old, new),
        }
        return Response(shapes.DiffSerializer(said).data)

    @extend_schema(request=None, responses=PostmortemDetailSerializer)
    @action(detail=True, methods=["post"], url_path=f"revisions/{NUMBER}/restore")
    @needs_if_match
    @idempotent
    def revision_restore(self, request: Request, number: str, revision: str) -> Response:
        """Bring its words back, as a new revision; nothing is lost."""
        postmortem = self.writable_row()
        with transaction.atomic():
            incidents.locked(postmortem.incident_id)
            revisions.restore(
                incident_id=postmortem.incident_id,
                number=int(revision),
                expected_version=expected_version(request, self.again(postmortem)),
                by=self.person,
                now=timezone.now(),
            )
        return self.answer(self.again(postmortem))

    def _revision(self, postmortem: Postmortem, number: str) -> PostmortemRevision:
        return get_object_or_404(postmortem.revisions.select_related("saved_by"), number=int(number))


class ReviewRoutes(PartResource):
    """Who is asked, what they said, and what still stands before publication."""

    @extend_schema(responses=OpenPointSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], url_path="open-points", pagination_class=None)
    def open_points(self, request: Request, number: str) -> Response:
        """Every point at once; empty when it may be published."""
        postmortem = self.get_object()
        points = [] if postmortem.state in DONE else open_points(postmortem.incident, postmortem)
        return Response(OpenPointSerializer(points, many=True).data)

    @extend_schema(responses=shapes.ReviewRequestsSerializer)
    @action(detail=True, methods=["get"], url_path="review-requests")
    def review_requests(self, request: Request, number: str) -> Response:
        rows = self.get_object().review_requests.select_related("reviewer", "requested_by")
        return Response({"review_requests": shapes.ReviewRequestSerializer(rows, many=True).data})

    @extend_schema(request=shapes.ReviewRequestInput, responses={201: shapes.ReviewRequestSerializer})
    @review_requests.mapping.post
    @idempotent
    def review_request_new(self, request: Request, number: str) -> Response:
        """Ask somebody to read it: they are told. A draft goes into review by it."""
        postmortem = self.writable_row()
        said = self.checked(shapes.ReviewRequestInput)
        made = reviewing.ask(incident_id=postmortem.incident_id, by=self.person, now=timezone.now(), **said)
        return Response(shapes.ReviewRequestSerializer(made).data, status=201)

    @extend_schema(request=None, responses=shapes.ReviewRequestSerializer)
    @action(detail=True, methods=["post"], url_path=f"review-requests/{KEY}/withdraw")
    @idempotent
    def review_request_withdraw(self, request: Request, number: str, pk: str) -> Response:
        postmortem = self.writable_row()
        row = get_object_or_404(postmortem.review_requests, pk=pk)
        made = reviewing.withdraw(request_id=row.pk, by=self.person, now=timezone.now())
        return Response(shapes.ReviewRequestSerializer(made).data)

    @extend_schema(responses=shapes.CommentsSerializer)
    @action(detail=True, methods=["get"])
    def comments(self, request: Request, number: str) -> Response:
        rows = self.get_object().comments.select_related("written_by")
        return Response({"comments": shapes.CommentSerializer(rows, many=True).data})

    @extend_schema(request=shapes.CommentInput, responses={201: shapes.CommentSerializer})
    @comments.mapping.post
    @idempotent
    def comment_new(self, request: Request, number: str) -> Response:
        """A comment, a request for changes or an approval, by any author who sees the incident."""
        postmortem = self.get_object()
        said = self.checked(shapes.CommentInput)
        made = reviewing.review(
            incident_id=postmortem.incident_id, by=self.person, now=timezone.now(), **said
        )
        return Response(shapes.CommentSerializer(made).data, status=201)

    @extend_schema(request=None, responses=shapes.CommentSerializer)
    @action(detail=True, methods=["post"], url_path=f"comments/{KEY}/resolve")
    @idempotent
    def comment_resolve(self, request: Request, number: str, pk: str) -> Response:
        """It is seen to: said by whoever writes the postmortem, or by who asked for it."""
        comment = self._settled_by_me(pk)
        made = reviewing.resolve_comment(comment_id=comment.pk, by=self.person, now=timezone.now())
        return Response(shapes.CommentSerializer(made).data)

    @extend_schema(request=None, responses=shapes.CommentSerializer)
    @action(detail=True, methods=["post"], url_path=f"comments/{KEY}/reopen")
    @idempotent
    def comment_reopen(self, request: Request, number: str, pk: str) -> Response:
        comment = self._settled_by_me(pk)
        made = reviewing.reopen_comment(comment_id=comment.pk, by=self.person)
        return Response(shapes.CommentSerializer(made).data)

    def _settled_by_me(self, pk: str) -> PostmortemComment:
        postmortem = self.get_object()
        comment: PostmortemComment = get_object_or_404(postmortem.comments, pk=pk)
        if comment.written_by_id != self.person.pk:
            self.writable(postmortem.incident)
        elif not self.person.at_least(Role.AUTHOR):
            raise PermissionDenied("Settling needs the role of an author.")
        return comment


class ChatRoutes(PartResource):
    """A pasted block of chat: read first, then what was chosen of it is kept."""

    @extend_schema(request=shapes.ChatInput, responses=shapes.ChatReadSerializer)
    @action(detail=False, methods=["post"], url_path="read-chat")
    @idempotent
    def read_chat(self, request: Request) -> Response:
        """What would come of it. Nothing is kept; names are replaced by roles."""
        said = self.checked(shapes.ChatInput)
        incident = self.writable(said["incident"])
        try:
            zone = zoneinfo.ZoneInfo(said["time_zone"] or timezone.get_current_timezone_name())
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            raise ValidationError({"time_zone": ["There is no such time zone."]}) from None
        try:
            found = offers(
                incident, said["block"], zone=zone, now=timezone.now(), first_day=said["first_day"]
            )
        except chat.Unreadable as unreadable:
            raise ValidationError({"block": [str(unreadable)]}) from unreadable
        return Response(shapes.ChatReadSerializer({"messages": found}).data)

    @extend_schema(request=shapes.ChatEntriesInput, responses=shapes.ChatAddedSerializer)
    @action(detail=False, methods=["post"], url_path="from-chat")
    @idempotent
    def from_chat(self, request: Request) -> Response:
        """Keep these messages. The same ones again add nothing."""
        said = self.checked(shapes.ChatEntriesInput)
        incident = self.writable(said["incident"])
        if incident.postmortem.state == Postmortem.State.PUBLISHED:
            raise Refused("The postmortem is published: revise it first.", code="published")
        entries = [timeline.ChatEntry(**entry) for entry in said["entries"]]
        added = timeline.add_from_chat(
            incident_id=incident.pk, entries=entries, by=self.person, now=timezone.now()
        )
        return Response({"added": added})
