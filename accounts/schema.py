"""What the OpenAPI description says of every operation: its errors, its headers, its keys."""

from __future__ import annotations

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from accounts.problems import MEDIA_TYPE, phrase


class FaultSerializer(serializers.Serializer[Any]):
    pointer = serializers.CharField(
        help_text="Where in the body, as a JSON pointer; `#/name` for a query parameter."
    )
    detail = serializers.CharField()
    code = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457."""

    type = serializers.CharField(help_text="`about:blank`: the title says what the status means.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(required=False, help_text="What a program may switch on.")
    errors = FaultSerializer(many=True, required=False)  # type: ignore[assignment]


ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    response=[200, 201],
    description="The version of the row, for `If-Match`.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag that you read: 412 when it has been changed since, 428 without it.",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 200},
    OpenApiParameter.HEADER,
    description="Sent again within seven days, the same request is answered again and done once.",
)


STANDARD_ACTIONS = {"list", "create", "retrieve", "update", "partial_update", "destroy"}


class Schema(AutoSchema):
    def get_override_parameters(self) -> list[Any]:
        extra: list[Any] = []
        # Done twice, a deletion is done once all the same.
        if self._marked("takes_idempotency_key") and self.method == "POST":
            extra.append(IDEMPOTENCY_KEY)
        if self._marked("needs_if_match"):
            extra.append(IF_MATCH)
        if self._has_version():
            extra.append(ETAG)
        return [*super().get_override_parameters(), *extra]

    def get_operation_id(self) -> str:
        name: str = super().get_operation_id()
        if getattr(self.view, "detail", False) and getattr(self.view, "action", "") not in STANDARD_ACTIONS:
            name = name.removesuffix("_create").removesuffix("_partial_update")
        return name

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._errors():
            if str(status) not in bodies:
                described = self._get_response_for_code(  # type: ignore[no-untyped-call]
                    ProblemSerializer, str(status), media_types=[MEDIA_TYPE], direction=direction
                )
                bodies[str(status)] = {**described, "description": phrase(status)}
        return dict(sorted(bodies.items()))

    def _errors(self) -> list[int]:
        errors = [400, 401, 403, 406, 429]
        if "{" in self.path:
            errors.append(404)
        if self.method in {"POST", "PUT", "PATCH"}:
            errors += [409, 415, 422]
        if self.method == "DELETE":
            errors += [409, 422]
        if self._marked("needs_if_match"):
            errors += [412, 428]
        return sorted(errors)

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        """A choice that is only read may be blank where its column may: the serializer does not say so."""
        model = getattr(getattr(field.parent, "Meta", None), "model", None)
        if isinstance(field, serializers.ChoiceField) and field.read_only and model is not None:
            column = next((one for one in model._meta.fields if one.name == field.source), None)
            field.allow_blank = field.allow_blank or bool(column is not None and column.blank)
        return super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]

    def _marked(self, name: str) -> bool:
        handler = getattr(self.view, getattr(self.view, "action", "") or "", None)
        return bool(getattr(handler, name, False))

    def _has_version(self) -> bool:
        queryset = getattr(self.view, "queryset", None)
        if self._is_list_view() or queryset is None:
            return False
        return hasattr(queryset.model, "version") and self.method != "DELETE"


def share_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Every problem is described once and referred to: else they fill half of the description."""
    shared = result["components"].setdefault("responses", {})
    for item in result["paths"].values():
        for operation in item.values():
            responses = operation.get("responses", {})
            for status, response in responses.items():
                if set(response.get("content", ())) == {MEDIA_TYPE}:
                    name = response["description"].title().replace(" ", "")
                    shared[name] = response
                    responses[status] = {"$ref": f"#/components/responses/{name}"}
    return result


def refuse_unknown_fields(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """As `Resource.valid` does: a body with a field that is not known is refused."""
    for name, schema in result["components"]["schemas"].items():
        if name.endswith("Request") and schema.get("type") == "object":
            schema["additionalProperties"] = False
    return result


def allow_empty_addresses(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """What is shown as an address may be empty, and an empty text is no URI."""
    for schema in result["components"]["schemas"].values():
        for field in schema.get("properties", {}).values():
            if field.get("readOnly") and field.get("format") == "uri":
                del field["format"]
    return result


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "hc_<id>_<secret>",
            "description": "Made on your account page; carries scopes.",
        }
