"""Hints at phrases that blame, for any text; an answer is kept only under an Idempotency-Key."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import idempotent
from accounts.models import Role, Scope
from accounts.resources import Resource
from incidents.models import WordingRule
from incidents.queries.wording import remarks_of
from incidents.serializers.wording import HintSerializer, WordingAnswer, WordingInput


class Wording(Resource):
    """Asking writes nothing, so that whoever may read may ask."""

    write_scope = Scope.READ
    write_role = Role.VIEWER
    queryset = WordingRule.objects.none()
    serializer_class = HintSerializer

    @extend_schema(request=WordingInput, responses={200: WordingAnswer})
    @idempotent
    def create(self, request: Request) -> Response:
        """Hints at one text, or at each of many; by the list that the curators edit."""
        said = self.checked(WordingInput)
        if "texts" in said:
            found = remarks_of(said["texts"])
            return Response({"results": [HintSerializer(hints, many=True).data for hints in found]})
        (hints,) = remarks_of([said["text"]])
        return Response({"hints": HintSerializer(hints, many=True).data})
