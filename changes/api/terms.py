"""Resources of the taxonomy: everyone reads, curators write."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import idempotent
from accounts.models import Role, Scope
from accounts.resources import Readable
from changes import filters, serializers
from changes.models import AssistanceKind, Assistant, DomainArea
from changes.services import taxonomy


class TermResource(Readable):
    """One taxonomy: everyone reads, curators write."""

    write_scope = Scope.TAXONOMY_WRITE
    write_role = Role.CURATOR
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    page_by = "position"

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().select_related("merged_into")

    def partial_update(self, request: Request, slug: str) -> Response:
        """Edit the words; what was said with the term stands."""
        with transaction.atomic():
            term = get_object_or_404(self.get_queryset().select_for_update(of=("self",)), slug=slug)
            serializer = self.get_serializer(term, data=request.data, partial=True)
            taxonomy.save_term(term=term, values=self.valid(serializer), by=self.person)
        return self.answer(term)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @idempotent
    def retire(self, request: Request, slug: str) -> Response:
        """No form offers it any more; what was said with it stands."""
        return self.answer(taxonomy.retire_term(term=self.get_object(), by=self.person, now=timezone.now()))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @idempotent
    def restore(self, request: Request, slug: str) -> Response:
        """Offer a retired term again."""
        return self.answer(taxonomy.restore_term(term=self.get_object(), by=self.person))


class OpenTermResource(TermResource):
    """A taxonomy to which terms can be added."""

    @idempotent
    def create(self, request: Request) -> Response:
        """Add a term."""
        values = self.valid(self.get_serializer(data=request.data))
        term = taxonomy.save_term(term=self.get_queryset().model(), values=values, by=self.person)
        location = request.build_absolute_uri(f"{request.path}{term.slug}/")
        return self.answer(term, status=201, location=location)


class AssistanceKinds(OpenTermResource):
    queryset = AssistanceKind.objects.all()
    serializer_class = serializers.AssistanceKindSerializer
    filterset_class = filters.term_filter(AssistanceKind)


class Assistants(OpenTermResource):
    queryset = Assistant.objects.all()
    serializer_class = serializers.AssistantSerializer
    filterset_class = filters.term_filter(Assistant)


class Areas(OpenTermResource):
    queryset = DomainArea.objects.all()
    serializer_class = serializers.DomainAreaSerializer
    filterset_class = filters.term_filter(DomainArea)
