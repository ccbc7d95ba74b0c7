"""What a sender may tell of a change or a deployment, and what a person may say."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.fields import Moment
from changes.models import (
    AssistanceKind,
    Assistant,
    Change,
    ChangeIdentity,
    Decision,
    Deployment,
    DomainArea,
    Origin,
    Repository,
)
from changes.serializers.shown import slug

ROLES = ChangeIdentity.Role
SHA_ROLES = [(role.value, role.label) for role in (ROLES.HEAD, ROLES.MERGE, ROLES.SQUASH, ROLES.LANDED)]
TOLD_STATES = [one for one in Change.State.choices if one[0] != Change.State.SHIPPED]


def _text(longest: int) -> serializers.CharField:
    return serializers.CharField(max_length=longest, required=False, allow_blank=True)


def _time() -> Moment:
    return Moment(required=False)


def _count() -> serializers.IntegerField:
    return serializers.IntegerField(required=False, min_value=0, max_value=2_000_000_000)


class ShaInput(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=SHA_ROLES)
    sha = serializers.RegexField(r"^[0-9a-fA-F]{7,64}$")
    at = Moment(required=False, help_text="When the commit was made.")


class FileInput(serializers.Serializer[Any]):
    path = serializers.CharField(max_length=500)
    added = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2_000_000_000)
    deleted = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2_000_000_000)


class KindInput(serializers.Serializer[Any]):
    slug = serializers.SlugField(max_length=60)
    assistant = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")


class ChangeInput(serializers.Serializer[Any]):
    """One telling about one change, found by its number, commits or the sender's own id.

    What is absent is left as it is; an older `told_at` never overwrites a newer one. Nothing names an author.
    Whether it shipped follows from deployments, or from its merge where the repository says so.
    """

    repository = serializers.PrimaryKeyRelatedField(queryset=Repository.objects.all())
    told_at = Moment(required=False, help_text="When it was so; now when absent.")
    number = _text(20)
    external_id = _text(120)
    shas = serializers.ListField(child=ShaInput(), max_length=1000, required=False)
    state = serializers.ChoiceField(choices=TOLD_STATES, required=False)
    type = serializers.ChoiceField(choices=Change.Type.choices, required=False)
    is_draft = serializers.BooleanField(required=False, default=None, allow_null=True)
    title = _text(300)
    message = _text(64_000)
    url = serializers.URLField(max_length=500, required=False)
    branch = _text(250)
    labels = serializers.ListField(
        child=serializers.CharField(max_length=100), max_length=100, required=False
    )
    opened_at = _time()
    ready_at = _time()
    merged_at = _time()
    closed_at = _time()
    additions = _count()
    deletions = _count()
    files_changed = _count()
    commits = _count()
    files = serializers.ListField(child=FileInput(), max_length=5000, required=False)
    declared_origin = serializers.ChoiceField(choices=Origin.choices, required=False)
    declared_assistant = _text(60)
    declared_kinds = serializers.ListField(child=KindInput(), max_length=20, required=False)
    services = serializers.ListField(
        child=serializers.CharField(max_length=120),
        max_length=50,
        required=False,
        help_text="Names, slugs or aliases; unknown ones are made.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not any(attrs.get(name) for name in ("number", "external_id", "shas")):
            raise serializers.ValidationError("Name it: number, external_id or shas.")
        if attrs.get("state") == Change.State.MERGED and not attrs.get("merged_at"):
            raise serializers.ValidationError({"merged_at": "Say when it was merged."})
        return attrs


class StepInput(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Deployment.Status.choices)
    at = Moment()


class DeploymentInput(serializers.Serializer[Any]):
    """One telling about one deployment: its steps are kept, in any order, and its status follows."""

    repository = serializers.PrimaryKeyRelatedField(queryset=Repository.objects.all())
    external_id = serializers.CharField(max_length=120)
    environment = serializers.CharField(max_length=120)
    is_production = serializers.BooleanField(required=False, default=None, allow_null=True)
    kind = serializers.ChoiceField(choices=Deployment.Kind.choices, required=False)
    sha = serializers.RegexField(r"^[0-9a-fA-F]{7,64}$", required=False)
    ref = _text(250)
    url = serializers.URLField(max_length=500, required=False)
    service = _text(120)
    requested_at = _time()
    steps = serializers.ListField(child=StepInput(), max_length=100, required=False)


class RepositoryInput(serializers.Serializer[Any]):
    """Found by its address or name, else made."""

    name = serializers.CharField(max_length=200)
    host = _text(120)
    origin_address = _text(300)
    default_branch = _text(200)
    merged_is_shipped = serializers.BooleanField(default=False)


class EnvironmentInput(serializers.Serializer[Any]):
    """Whether this name means production; null takes the mapping back."""

    is_production = serializers.BooleanField(allow_null=True)


class AreaInput(serializers.Serializer[Any]):
    """The area that counts; null hands it back to the path rules."""

    area = slug(queryset=DomainArea.objects.offered(), allow_null=True)


class DecisionInput(serializers.Serializer[Any]):
    """What somebody says: of the origin, or of one kind of help."""

    origin = serializers.ChoiceField(choices=Origin.choices, required=False)
    kind = slug(queryset=AssistanceKind.objects.offered(), required=False)
    assistant = slug(queryset=Assistant.objects.offered(), required=False)
    verdict = serializers.ChoiceField(choices=Decision.Verdict.choices, default=Decision.Verdict.CONFIRMED)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("origin" in attrs) == ("kind" in attrs):
            raise serializers.ValidationError("Say either an origin or a kind of help.")
        return attrs
