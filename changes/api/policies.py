"""Marking policies: stated, ended, revoked, and whether changes keep them."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import idempotent
from accounts.models import Scope
from accounts.problems import RefusedByRule
from accounts.resources import Readable
from changes import filters
from changes.models import MarkingPolicy, Repository
from changes.queries import policies as queries
from changes.serializers import policies as serializers
from changes.services import policies as services
from changes.services.policies import PolicyRefused

NAMES = ("repository", "number", "sha", "fail")


class PolicyBroken(ValueError):
    code = "policy_broken"


class Policies(Readable):
    """The newest statement first. Whoever owns a service of the repository, or curates, writes."""

    write_scope = Scope.CHANGES_WRITE
    queryset = MarkingPolicy.objects.select_related("stated_by")
    serializer_class = serializers.PolicySerializer
    filterset_class = filters.PolicyFilter
    lookup_value_regex = "[0-9]{1,18}"
    page_by = "-stated_at"
    refusals = (PolicyRefused,)
    query_names = frozenset(NAMES)
    # Upper floors tell more of the same.
    breaches_serializer: type[serializers.BreachesSerializer] = serializers.BreachesSerializer

    def _may(self, repository: Repository) -> None:
        if not queries.may_state(self.person, repository):
            raise PermissionDenied("Only a team that owns a service here, or a curator, speaks for it.")

    @extend_schema(request=serializers.PolicyInput, responses={201: serializers.PolicySerializer})
    @idempotent
    def create(self, request: Request) -> Response:
        """State one: every AI-assisted change is marked here since that day; unmarked counts as manual."""
        said = self.checked(serializers.PolicyInput)
        self._may(said["repository"])
        policy = services.state_policy(**said, by=self.person, now=timezone.now())
        return self.answer(policy, status=201)

    @extend_schema(request=serializers.PolicyEndInput, responses=serializers.PolicySerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def end(self, request: Request, pk: str) -> Response:
        """From a day on it no longer holds."""
        policy = self.get_object()
        self._may(policy.repository)
        said = self.checked(serializers.PolicyEndInput)
        return self.answer(services.end_policy(policy=policy, by=self.person, **said))

    @extend_schema(request=serializers.PolicyRevokeInput, responses=serializers.PolicySerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def revoke(self, request: Request, pk: str) -> Response:
        """As if it never was."""
        policy = self.get_object()
        self._may(policy.repository)
        said = self.checked(serializers.PolicyRevokeInput)
        return self.answer(services.revoke_policy(policy=policy, by=self.person, now=timezone.now(), **said))

    @extend_schema(responses=serializers.BreachesSerializer)
    @action(detail=True, methods=["get"])
    def breaches(self, request: Request, pk: str) -> Response:
        """Which merged changes broke it, as far as evidence or a person showed."""
        found = queries.check(self.get_object())
        told = {
            "covered": found.covered,
            "broken": len(found.broken),
            "asks_boxes": found.asks_boxes,
            "unread": found.unread,
            "changes": found.broken,
        }
        return Response(self.breaches_serializer(told).data)

    @extend_schema(
        filters=False,
        parameters=[
            OpenApiParameter("repository", str, required=True, description="Its id, or its name."),
            OpenApiParameter("number", str, description="The request's number."),
            OpenApiParameter("sha", str, description="A commit of the change: its first 7 digits or more."),
            OpenApiParameter("fail", bool, description="Answer 409 where it does not keep the policy."),
        ],
        responses={
            200: serializers.KeptSerializer,
            409: OpenApiResponse(description="With `fail=true`: it does not keep the policy."),
        },
    )
    @action(detail=False, methods=["get"])
    def check(self, request: Request) -> Response:
        """Does this change keep the policy? For a CI: with `fail=true`, `curl -f` stops the build."""
        asked = {name: request.query_params.get(name, "").strip() for name in NAMES}
        if bool(asked["number"]) == bool(asked["sha"]):
            raise ValidationError({"number": ["Give either a number or a sha."]})
        if asked["sha"] and len(asked["sha"]) < 7:
            raise ValidationError({"sha": ["Give at least 7 digits."]})
        if asked["fail"] not in {"", "true", "false"}:
            raise ValidationError({"fail": ["true or false"]})
        changes = queries.named(_repository(asked["repository"]), asked["number"], asked["sha"])
        if len(changes) != 1:
            raise NotFound("No one change of this repository goes by that name.")
        found = queries.kept(changes[0], timezone.now())
        if asked["fail"] == "true" and found.keeps is False:
            refused = RefusedByRule(PolicyBroken(found.reason))
            refused.status_code = 409
            raise refused
        return Response(serializers.KeptSerializer(found).data)


def _repository(asked: str) -> Repository:
    """Raises: ValidationError for none or an empty one, NotFound for one that is not known."""
    if not asked:
        raise ValidationError({"repository": ["Give its id or its name."]})
    named = Q(name=asked) | Q(past_names__contains=[asked])
    by_id = asked.isdecimal() and len(asked) < 19
    rows = Repository.objects.filter(Q(pk=int(asked)) if by_id else named)
    found = list(rows.order_by("is_demo", "pk")[:2])
    if len(found) == 2 and found[0].is_demo == found[1].is_demo:
        raise ValidationError({"repository": ["Several go by that name: give its id."]})
    if not found:
        raise NotFound("There is no such repository.")
    return found[0]
