"""Features: written, measured, answered, retired, and changes put into them."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.idempotency import idempotent
from accounts.models import Scope
from accounts.resources import Readable
from accounts.versions import expected_version, needs_if_match
from changes.filters_features import FeatureFilter
from changes.models import Change, Feature, FeatureWord, Measurement
from changes.serializers import features as serializers
from changes.services import features as services
from changes.services.featuring import FeatureRefused, say_feature
from intake.queries import in_view


class Features(Readable):
    """The newest first. Authors write; a change is in one feature."""

    write_scope = Scope.CHANGES_WRITE
    queryset = Feature.objects.all()
    serializer_class = serializers.FeatureSerializer
    filterset_class = FeatureFilter
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    page_by = "-created_at"
    refusals = (FeatureRefused,)

    def get_queryset(self) -> QuerySet[Feature]:
        rows = Feature.objects.select_related("area", "worth_it_by")
        measured = Measurement.objects.select_related("said_by")
        found = rows.prefetch_related(Prefetch("measurements", measured))
        return in_view(found) if self.action == "list" else found

    @extend_schema(request=serializers.FeatureInput, responses={201: serializers.FeatureSerializer})
    @idempotent
    def create(self, request: Request) -> Response:
        """Make one; changes that name it already come in at once."""
        said = self.checked(serializers.FeatureInput)
        feature = services.create_feature(by=self.person, now=timezone.now(), **said)
        location = reverse("api:feature-detail", args=[feature.slug], request=request)
        return self._shown(feature, status=201, location=location)

    @extend_schema(request=serializers.FeatureEdit, responses=serializers.FeatureSerializer)
    @needs_if_match
    @idempotent
    def partial_update(self, request: Request, slug: str) -> Response:
        """Alter some of its words."""
        feature = self.get_object()
        version = expected_version(request, feature)
        said = self.checked(serializers.FeatureEdit, partial=True)
        services.edit_feature(feature_id=feature.pk, by=self.person, expected_version=version, **said)
        return self._shown(feature)

    @extend_schema(request=serializers.MeasurementInput, responses={201: serializers.FeatureSerializer})
    @action(detail=True, methods=["post"])
    @idempotent
    def measurements(self, request: Request, slug: str) -> Response:
        """One more figure; the others stay as they are."""
        feature = self.get_object()
        said = self.checked(serializers.MeasurementInput)
        services.measure(feature_id=feature.pk, by=self.person, now=timezone.now(), **said)
        return self._shown(feature, status=201)

    @extend_schema(
        request=None,
        responses=serializers.FeatureSerializer,
        parameters=[OpenApiParameter("measurement", int, OpenApiParameter.PATH)],
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="measurements/(?P<measurement>[0-9]{1,18})/take-back",
        url_name="measurement-take-back",
    )
    @idempotent
    def take_back(self, request: Request, slug: str, measurement: str) -> Response:
        """It stays in the history and counts in nothing."""
        feature = self.get_object()
        row = Measurement.objects.filter(feature=feature, pk=int(measurement)).first()
        if row is None:
            raise NotFound("This feature has no such measurement.")
        services.take_back_measurement(measurement_id=row.pk, by=self.person, now=timezone.now())
        return self._shown(feature)

    @extend_schema(request=serializers.WorthInput, responses=serializers.FeatureSerializer)
    @action(detail=True, methods=["post"], url_path="answer", url_name="answer")
    @idempotent
    def worth(self, request: Request, slug: str) -> Response:
        """Was this worth the ongoing hassle? A later answer stands, earlier ones stay in the history."""
        feature = self.get_object()
        said = self.checked(serializers.WorthInput)
        services.answer_worth(feature_id=feature.pk, by=self.person, now=timezone.now(), **said)
        return self._shown(feature)

    @extend_schema(request=serializers.RetireInput, responses=serializers.FeatureSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def retire(self, request: Request, slug: str) -> Response:
        """No form offers it any more; what it takes to keep is counted on."""
        feature = self.get_object()
        services.retire_feature(
            feature_id=feature.pk, by=self.person, **self.checked(serializers.RetireInput)
        )
        return self._shown(feature)

    @extend_schema(request=None, responses=serializers.FeatureSerializer)
    @action(detail=True, methods=["post"], url_path="bring-back")
    @idempotent
    def bring_back(self, request: Request, slug: str) -> Response:
        """It is in use again."""
        feature = self.get_object()
        services.bring_back(feature_id=feature.pk, by=self.person)
        return self._shown(feature)

    @extend_schema(request=serializers.PutInput, responses=serializers.PutSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def changes(self, request: Request, slug: str) -> Response:
        """Say that these changes were made for it. The list of its changes: `/changes/?feature=`."""
        feature = self.get_object()
        asked = set(self.checked(serializers.PutInput)["changes"])
        known = set(Change.objects.filter(pk__in=asked).values_list("pk", flat=True))
        if unknown := sorted(asked - known):
            raise ValidationError({"changes": [f"Not known: {', '.join(map(str, unknown[:10]))}."]})
        ids = say_feature(
            change_ids=sorted(known),
            feature=feature,
            by=self.person,
            prompted_by=FeatureWord.Prompt.API,
            now=timezone.now(),
        )
        return Response(serializers.PutSerializer({"changes": ids}).data)

    def _shown(self, feature: Feature, *, status: int = 200, location: str = "") -> Response:
        return self.answer(self.get_queryset().get(pk=feature.pk), status=status, location=location)
