"""The description of the API: complete, without warnings, as committed, readable offline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema
from rest_framework.test import APIClient

COMMITTED = Path(settings.BASE_DIR) / "docs" / "openapi.yaml"
METHODS = {"get", "post", "put", "patch", "delete"}
RENEW = "run `python manage.py spectacular --file docs/openapi.yaml`"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    reset_generator_stats()
    generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]
    found: dict[str, Any] = generator.get_schema(request=None, public=True)
    return found


def operations(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in schema["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def test_the_committed_copy_is_what_the_code_says(schema: dict[str, Any]) -> None:
    renderer: Any = OpenApiYamlRenderer()
    told = renderer.render(schema, renderer_context={})
    assert COMMITTED.read_bytes() == told, RENEW


def test_the_description_is_valid_and_made_without_a_warning(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    assert not GENERATOR_STATS
    validate_schema(schema)  # type: ignore[no-untyped-call]


def test_every_operation_documents_its_errors(schema: dict[str, Any]) -> None:
    for name, operation in operations(schema).items():
        told = set(operation["responses"])
        wanted = {"400", "401", "403", "406", "429"}
        if "{" in name:
            wanted.add("404")
        if name.startswith(("POST", "PATCH")):
            wanted |= {"409", "415", "422"}
        if any(one["name"] == "If-Match" for one in operation.get("parameters", ())):
            wanted |= {"412", "428"}
        if name.startswith("DELETE"):
            wanted |= {"409", "422"}
        assert wanted <= told, f"{name} does not tell of {wanted - told}"
        for status in wanted:
            reference = operation["responses"][status]["$ref"].removeprefix("#/components/responses/")
            shared = schema["components"]["responses"][reference]
            assert "application/problem+json" in shared["content"]


def test_a_choice_that_may_be_blank_is_described_so(schema: dict[str, Any]) -> None:
    told = schema["components"]["schemas"]
    for name, field in (("Incident", "closing_reason"), ("Change", "shipped_basis"), ("Control", "origin")):
        assert "BlankEnum" in str(told[name]["properties"][field]), (name, field)


def test_a_field_that_is_not_known_is_described_as_refused(schema: dict[str, Any]) -> None:
    told = schema["components"]["schemas"]
    assert told["IncidentReportRequest"]["additionalProperties"] is False
    assert "additionalProperties" not in told["Incident"]


# A kept key would tie an answer to the person who gave it, and the answer is of nobody.
WITHOUT_A_KEY = {"POST /api/v1/changes/{id}/care/"}


def test_every_post_takes_an_idempotency_key(schema: dict[str, Any]) -> None:
    for name, operation in operations(schema).items():
        named = {one["name"] for one in operation.get("parameters", ())}
        takes = name.startswith("POST") and name not in WITHOUT_A_KEY
        assert ("Idempotency-Key" in named) == takes, name


def test_every_operation_has_its_own_name_and_one_tag(schema: dict[str, Any]) -> None:
    found = list(operations(schema).values())
    names = [operation["operationId"] for operation in found]
    assert len(names) == len(set(names))
    assert all(len(operation["tags"]) == 1 for operation in found)


def test_the_description_and_its_pages_are_served_offline(author: APIClient) -> None:
    served = author.get("/api/v1/schema/")
    assert served.status_code == 200
    assert yaml.safe_load(served.content)["paths"] == yaml.safe_load(COMMITTED.read_bytes())["paths"]
    page = author.get("/api/v1/docs/")
    assert page.status_code == 200
    html = page.content.decode()
    assert "http://" not in html
    assert "https://" not in html
    assert "<style" not in html
    assert "style=" not in html
    assert html.count("<script src=") == html.count("<script")
    assert "script-src 'self'" in page["Content-Security-Policy"]
    script = author.get("/api/v1/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert b"SwaggerUIBundle" in script.content


def test_strangers_are_sent_to_sign_in_before_they_read_it(db: None) -> None:
    assert Client().get("/api/v1/docs/").status_code == 302
    assert Client().get("/api/v1/schema/").status_code == 401
