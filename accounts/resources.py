"""What every resource of the API shares."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from django.db.models import QuerySet
from django.forms import Form
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Field, ListField, ListSerializer, Serializer
from rest_framework.viewsets import GenericViewSet

from accounts.models import Role, Scope, User
from accounts.problems import RefusedByRule
from accounts.versions import etag

PAGING = {"cursor", "page_size"}
Filters = TypeVar("Filters", bound=Form)


class Resource(GenericViewSet[Any]):
    """Reads through the pages' filter sets; a query parameter that nobody knows is refused, never ignored:
    a misspelt filter would otherwise answer with everything."""

    write_scope: Scope = Scope.INCIDENTS_WRITE
    write_role: Role = Role.AUTHOR
    read_role: Role = Role.VIEWER
    # What a list is ordered by: never NULL, with `-` for the newest first.
    page_by = "-pk"
    filterset_class: Any = None
    # What the services of this floor raise when a rule of the product forbids it.
    refusals: tuple[type[Exception], ...] = ()
    # Further query parameters that one of the actions reads for itself.
    query_names: frozenset[str] = frozenset()

    @property
    def person(self) -> User:
        """Who asks: ScopedPermission lets nobody else this far."""
        return cast(User, self.request.user)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action:  # none for a method that does not exist: 405 says so
            self._refuse_unknown(request)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, self.refusals):
            exc = RefusedByRule(exc)
        return super().handle_exception(exc)

    def _refuse_unknown(self, request: Request) -> None:
        known = set(self.query_names)
        if self.action == "list":
            known |= PAGING
            known |= set(self.filterset_class.base_filters) if self.filterset_class else set()
        unknown = sorted(set(request.query_params) - known)
        if unknown:
            raise ValidationError({name: ["There is no such query parameter."] for name in unknown})

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    def answer(self, row: Any, *, status: int = 200, location: str = "") -> Response:
        """One row as it stands now, with its version as ETag."""
        headers = {"Location": location} if location else {}
        if hasattr(row, "version"):
            headers["ETag"] = etag(row.version)
        return Response(self.get_serializer(row).data, status=status, headers=headers)

    def checked(self, serializer_class: type[Serializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        """The body, valid; a field that is not known is refused."""
        data = self.request.data
        serializer = serializer_class(data=data, partial=partial, context=self.get_serializer_context())
        return self.valid(serializer)

    def valid(self, serializer: BaseSerializer[Any]) -> dict[str, Any]:
        data = self.request.data
        if unknown := _unknown(serializer, data):
            raise ValidationError(unknown)
        serializer.is_valid(raise_exception=True)
        given: dict[str, Any] = dict(serializer.validated_data)
        return {name: given[name] for name in given if name in data} if serializer.partial else given


def _unknown(field: Field[Any, Any, Any, Any], data: Any) -> Any:
    """What the body holds at any depth and no field takes, in the shape of DRF's errors; empty for none."""
    if isinstance(field, Serializer) and isinstance(data, dict):
        inner = {name: _unknown_field(field.fields.get(name), value) for name, value in data.items()}
        return {name: faults for name, faults in sorted(inner.items()) if faults}
    if isinstance(field, ListField | ListSerializer) and isinstance(data, list):
        each = [_unknown(field.child, one) for one in data]  # type: ignore[arg-type]
        return each if any(each) else []
    return {}


def _unknown_field(field: Field[Any, Any, Any, Any] | None, value: Any) -> Any:
    if field is None or field.read_only:
        return ["There is no such field to write."]
    return _unknown(field, value)


class Readable(Resource):
    """A resource that can be listed and read."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.answer(self.get_object())


class Figures(Resource):
    """One object that is reckoned for what was asked, as its page shows it."""

    pagination_class = None
    filter_backends = ()

    def asked(self, form_class: type[Filters]) -> Filters:
        """Raises: ValidationError with every fault of the filters."""
        form = form_class(self.request.query_params)
        if not form.is_valid():
            raise ValidationError(
                {name: [str(fault) for fault in faults] for name, faults in form.errors.items()}
            )
        return form
