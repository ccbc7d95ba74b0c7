"""Reviews, revisions and pasted chat over the API. People appear by role."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.fields import Moment
from accounts.models import User
from changes.serializers import RoleField
from incidents.models import PostmortemComment, PostmortemRevision, ReviewRequest, TimelineEntry
from incidents.serializers.incident import VisibleIncident


class RevisionSerializer(serializers.ModelSerializer[PostmortemRevision]):
    saved_by = RoleField()

    class Meta:
        model = PostmortemRevision
        fields = ["number", "note", "restored_from", "saved_by", "saved_at"]
        read_only_fields = fields


class RevisionDetailSerializer(RevisionSerializer):
    sections = serializers.DictField(
        source="content.sections", child=serializers.CharField(), help_text="Texts by section key."
    )

    class Meta(RevisionSerializer.Meta):
        fields = [*RevisionSerializer.Meta.fields, "sections"]
        read_only_fields = fields


class RevisionsSerializer(serializers.Serializer[Any]):
    """Newest first."""

    revisions = RevisionSerializer(many=True)


class RunSerializer(serializers.Serializer[Any]):
    """`kind`: same, added or removed; of paragraphs and sections also changed."""

    kind = serializers.CharField()
    text = serializers.CharField()


class ParagraphSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    runs = RunSerializer(many=True)


class SectionDiffSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.CharField()
    paragraphs = ParagraphSerializer(many=True)


class DiffSerializer(serializers.Serializer[Any]):
    """`from` 0: there was nothing before."""

    to = serializers.IntegerField()
    sections = SectionDiffSerializer(many=True)

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.IntegerField(source="since"), **super().get_fields()}


class ReviewRequestSerializer(serializers.ModelSerializer[ReviewRequest]):
    """Whom to wait for is a matter of coordination: the reviewer appears by user name, others by role."""

    reviewer: Any = serializers.SlugRelatedField(slug_field="username", read_only=True)
    requested_by = RoleField()

    class Meta:
        model = ReviewRequest
        fields = ["id", "reviewer", "requested_by", "requested_at", "answered_at", "withdrawn_at"]
        read_only_fields = fields


class ReviewRequestsSerializer(serializers.Serializer[Any]):
    review_requests = ReviewRequestSerializer(many=True)


class ReviewRequestInput(serializers.Serializer[Any]):
    reviewer = serializers.SlugRelatedField(
        slug_field="username", queryset=User.objects.filter(is_active=True)
    )


class CommentSerializer(serializers.ModelSerializer[PostmortemComment]):
    written_by = RoleField()

    class Meta:
        model = PostmortemComment
        fields = ["id", "section_key", "verdict", "text", "written_by", "written_at", "resolved_at"]
        read_only_fields = fields


class CommentsSerializer(serializers.Serializer[Any]):
    """In the order they were written."""

    comments = CommentSerializer(many=True)


class CommentInput(serializers.Serializer[Any]):
    """`section_key` empty: of the whole."""

    verdict = serializers.ChoiceField(
        choices=PostmortemComment.Verdict.choices, default=PostmortemComment.Verdict.COMMENT
    )
    text = serializers.CharField(max_length=5000, allow_blank=True, default="")
    section_key = serializers.CharField(max_length=40, allow_blank=True, default="")


class ChatInput(serializers.Serializer[Any]):
    """A block as it was copied. It is read and not kept."""

    incident = VisibleIncident()
    block = serializers.CharField(max_length=200_000, trim_whitespace=False)
    first_day = serializers.DateField(required=False, allow_null=True, default=None)
    time_zone = serializers.CharField(
        max_length=64,
        required=False,
        default="",
        help_text="Of the times in it; left out, that of the reader.",
    )


class ChatMessageSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="The same whenever the same message is read again.")
    occurred_at = serializers.DateTimeField(source="at")
    text = serializers.CharField()
    kind = serializers.CharField()
    written = serializers.CharField(help_text="The time as it stood in the block.")
    doubts = serializers.ListField(child=serializers.CharField())


class ChatOfferSerializer(serializers.Serializer[Any]):
    message = ChatMessageSerializer(source="said")
    is_known = serializers.BooleanField(help_text="In the timeline already.")
    is_ticked = serializers.BooleanField(help_text="Offered to be taken.")


class ChatReadSerializer(serializers.Serializer[Any]):
    messages = ChatOfferSerializer(many=True)


class ChatEntryInput(serializers.Serializer[Any]):
    key = serializers.CharField(max_length=40)
    occurred_at = Moment()
    text = serializers.CharField(max_length=5000)
    kind = serializers.ChoiceField(choices=TimelineEntry.Kind.choices, default=TimelineEntry.Kind.NOTE)


class ChatEntriesInput(serializers.Serializer[Any]):
    incident = VisibleIncident()
    entries = ChatEntryInput(many=True, allow_empty=False, max_length=500)  # type: ignore[call-arg]


class ChatAddedSerializer(serializers.Serializer[Any]):
    added = serializers.IntegerField(help_text="What was there already is not counted.")
