"""Test scenarios as files: feature files, a pytest module, steps for pytest-bdd, Markdown."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from itertools import groupby
from zipfile import ZIP_DEFLATED, ZipFile

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from analytics.feature_files import Written, feature
from analytics.models import TestScenario
from analytics.queries import scenarios as queries
from analytics.skeletons import bdd_steps, markdown, pytest_module
from analytics.views.people import reader
from analytics.views.scenarios import filtered, visible

FEATURE_FILE = "scenarios.feature"
Files = dict[str, str]


def _features(scenarios: list[Written]) -> Files:
    """A file for each area, since a Gherkin file holds one feature."""
    by_area = groupby(scenarios, lambda one: one.area)
    return {f"{slugify(area) or 'no-area'}.feature": feature(list(those)) for area, those in by_area}


def _steps(scenarios: list[Written]) -> Files:
    return {FEATURE_FILE: feature(scenarios), "test_scenarios.py": bdd_steps(scenarios, FEATURE_FILE)}


FORMS: dict[str, Callable[[list[Written]], Files]] = {
    "feature": lambda scenarios: {FEATURE_FILE: feature(scenarios)},
    "features": _features,
    "pytest": lambda scenarios: {"test_scenarios.py": pytest_module(scenarios)},
    "pytest-bdd": _steps,
    "markdown": lambda scenarios: {"scenarios.md": markdown(scenarios)},
}
TYPES = {"feature": "text/x-gherkin", "py": "text/x-python", "md": "text/markdown"}
ZIPPED = {"features": "scenarios.zip", "pytest-bdd": "scenarios-pytest-bdd.zip"}


@require_safe
def export(request: HttpRequest, form: str = "feature") -> HttpResponse:
    """All that the filters leave, or those ticked, in one of `FORMS`."""
    if form not in FORMS:
        raise Http404
    return _answer(FORMS[form](queries.written(_chosen(request), reader(request))), ZIPPED.get(form))


@require_safe
def export_one(request: HttpRequest, number: int, form: str = "feature") -> HttpResponse:
    if form not in FORMS:
        raise Http404
    scenario = visible(request, number)
    files = FORMS[form](queries.written(TestScenario.objects.filter(pk=scenario.pk), reader(request)))
    if form in ZIPPED:
        return _answer(files, f"{scenario}.zip")
    [(name, text)] = files.items()
    ending = name.rpartition(".")[2]
    return _answer({name if ending == "py" else f"{scenario}.{ending}": text}, None)


def _chosen(request: HttpRequest) -> QuerySet[TestScenario]:
    """Those ticked (`n=4&n=9`), else all that the filters leave; retired ones only when asked for."""
    found: QuerySet[TestScenario] = filtered(request).qs
    ticked = [int(n) for n in request.GET.getlist("n") if n.isdecimal() and len(n) < 10]
    if ticked:
        return found.filter(number__in=ticked)
    return found if request.GET.get("state") else found.exclude(state=TestScenario.State.RETIRED)


def _answer(files: Files, packed_as: str | None) -> HttpResponse:
    if packed_as:
        return _attached(_packed(files), packed_as, "application/zip")
    [(name, text)] = files.items()
    return _attached(text, name, f"{TYPES[name.rpartition('.')[2]]}; charset=utf-8")


def _packed(files: Files) -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


def _attached(content: str | bytes, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
