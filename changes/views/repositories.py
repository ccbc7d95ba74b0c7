"""Repositories and services: how they are read, what is marked, which paths belong where."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import Role
from changes.declared_template import template
from changes.filters import RepositoryFilter
from changes.models import AssistanceKind, Change, DomainArea, PathClassRule, Repository, Service
from changes.queries import places
from changes.queries.owners import may_speak_for
from changes.queries.shipped import Counts, origins_of_repository, shipped_of_repositories
from changes.queries.together import together
from changes.services.places import TakenArea, add_path_class, take_areas, take_services
from changes.services.placing import ask_to_place
from changes.services.service_settings import SettingsRefused, say_incident_reporting
from changes.views.bars import month_bars
from changes.views.changes import ASSISTANCES
from changes.views.who import curator, person
from design.listing import listing
from design.spans import grouped
from intake.queries import in_view

REPORTING = {"": None, "yes": True, "no": False}
MONTHS_SHOWN = timedelta(days=550)


def repository_list(request: HttpRequest) -> HttpResponse:
    newest = Change.objects.shipped().filter(repository=OuterRef("pk")).order_by("-shipped_at")
    repositories = Repository.objects.annotate(last_shipped_at=Subquery(newest.values("shipped_at")[:1]))
    found = RepositoryFilter(request.GET, queryset=in_view(repositories))
    context = listing(request, found, found.qs.order_by("name"))
    listed = list(context["page"])
    counts = shipped_of_repositories(one.pk for one in listed)
    context["lines"] = [(one, counts.get(one.pk, Counts())) for one in listed]
    return render(request, "changes/repositories.html", context)


def repository_detail(request: HttpRequest, pk: int) -> HttpResponse:
    repository = get_object_or_404(Repository.objects.select_related("default_area"), pk=pk)
    mine = Change.objects.filter(repository=repository)
    shipped = places.shipped(mine, timezone.now() - MONTHS_SHOWN, origins_of_repository(repository))
    found = _parts(repository)
    context = {
        "repository": repository,
        "origins": shipped.origins,
        "total": shipped.total,
        "origin_query": f"repository={pk}",
        "bars": month_bars(shipped.months),
        "may_curate": person(request).at_least(Role.CURATOR),
        "may_edit": person(request).at_least(Role.ADMIN),
        "class_choices": PathClassRule.PathClass.choices,
        "risks": DomainArea.Risk.choices,
        "template": template((kind.slug, kind.name) for kind in found.pop("kinds")),
        **found,
    }
    return render(request, "changes/repository.html", context | _suggested(request, repository, found))


def _parts(repository: Repository) -> dict[str, list[Any]]:
    recent = Change.objects.filter(repository=repository).shipped().for_list()
    wanted: dict[str, QuerySet[Any]] = {
        "services": repository.services.select_related("team"),
        "area_rules": repository.area_rules.select_related("area"),
        "class_rules": repository.path_class_rules.all(),
        "policies": repository.policies.all(),
        "runs": repository.history_runs.all()[:6],
        "recent": recent.prefetch_related(ASSISTANCES).order_by("-shipped_at")[:10],
        "kinds": AssistanceKind.objects.offered(),
    }
    return dict(zip(wanted, together(*wanted.values()), strict=True))


def _suggested(request: HttpRequest, repository: Repository, known: dict[str, list[Any]]) -> dict[str, Any]:
    """What the paths of the newest changes suggest, read only where something is to be said of them."""
    glob, path_class = request.GET.get("glob", "").strip(), request.GET.get("path_class", "")
    is_trial = bool(glob) and path_class in PathClassRule.PathClass.values
    wants_areas = not known["area_rules"]
    if not (is_trial or wants_areas):
        return {}
    newest = places.newest_paths(repository)
    classes = places.classes_by(known["class_rules"])
    found: dict[str, Any] = {"newest": len(newest)}
    if wants_areas:
        found["folders"] = places.by_folder(newest)
        found["suggestions"] = places.areas_to_suggest(repository, newest, classes)
        found["suggested_services"] = places.services_to_suggest(known["services"], newest)
    if is_trial:
        found["trial"] = places.try_class(newest, classes, glob[:300], path_class)
        found["tried"] = {"glob": glob[:300], "path_class": path_class}
    return found


@require_POST
def take_suggested_areas(request: HttpRequest, pk: int) -> HttpResponse:
    """`take` names the ticked lines; of each its `globs-N` (by line), `name-N` and `risk-N`."""
    someone = curator(request)
    repository = get_object_or_404(Repository, pk=pk)
    taken = [_taken(request.POST, number) for number in request.POST.getlist("take")]
    if not taken:
        messages.error(request, "No suggestion was ticked; nothing was made.")
        return redirect("changes:repository", pk=pk)
    rules = take_areas(repository=repository, taken=taken, by=someone)
    run = ask_to_place(repository=repository, by=someone)
    made, changes = f"{len(rules)} path rules made", f"{grouped(run.total or 0)} changes"
    messages.success(request, f"{made}. The {changes} get their areas by and by.")
    return redirect("changes:repository", pk=pk)


def _taken(data: QueryDict, number: str) -> TakenArea:
    name = data.get(f"name-{number}", "").strip()
    globs = tuple(line.strip() for line in data.get(f"globs-{number}", "").splitlines() if line.strip())
    risk = data.get(f"risk-{number}", "")
    if not name or not globs or risk not in {str(value) for value in DomainArea.Risk.values}:
        raise BadRequest("each ticked suggestion needs a name, its paths and a risk level")
    return TakenArea(name, globs, int(risk))


@require_POST
def take_suggested_services(request: HttpRequest, pk: int) -> HttpResponse:
    someone = curator(request)
    repository = get_object_or_404(Repository, pk=pk)
    pairs = [
        (request.POST.get(f"name-{number}", ""), request.POST.get(f"glob-{number}", "").strip()[:300])
        for number in request.POST.getlist("take")
    ]
    if not all(name.strip() and glob for name, glob in pairs):
        raise BadRequest("each ticked service needs a name and its paths")
    made = take_services(repository=repository, taken=pairs, by=someone)
    if made:
        ask_to_place(repository=repository, by=someone)
        messages.success(request, f"{len(made)} services made. Their changes are found by and by.")
    else:
        messages.error(request, "No service was made.")
    return redirect("changes:repository", pk=pk)


@require_POST
def keep_path_class(request: HttpRequest, pk: int) -> HttpResponse:
    someone = curator(request)
    repository = get_object_or_404(Repository, pk=pk)
    glob, path_class = request.POST.get("glob", "").strip(), request.POST.get("path_class", "")
    if not glob or len(glob) > 300 or path_class not in PathClassRule.PathClass.values:
        raise BadRequest("a path pattern of up to 300 characters and a class on offer must be given")
    add_path_class(repository=repository, glob=glob, path_class=path_class, by=someone)
    ask_to_place(repository=repository, by=someone)
    messages.success(request, f"{glob} counts as {path_class} from now on; sizes follow by and by.")
    return redirect("changes:repository", pk=pk)


@require_POST
def place_again(request: HttpRequest, pk: int) -> HttpResponse:
    someone = curator(request)
    run = ask_to_place(repository=get_object_or_404(Repository, pk=pk), by=someone)
    messages.success(
        request, f"{grouped(run.total or 0)} changes get their sizes, areas and services anew by and by."
    )
    return redirect("changes:repository", pk=pk)


def service_detail(request: HttpRequest, slug: str) -> HttpResponse:
    service = get_object_or_404(Service.objects.select_related("team", "repository", "area"), slug=slug)
    mine = service.changes.current()
    found = places.shipped(mine, timezone.now() - MONTHS_SHOWN)
    context = {
        "service": service,
        "may_say": may_speak_for(person(request), service),
        "origins": found.origins,
        "total": found.total,
        "origin_query": f"service={slug}",
        "bars": month_bars(found.months),
        "recent": mine.shipped().for_list().prefetch_related(ASSISTANCES).order_by("-shipped_at")[:15],
        "deployments": service.deployments.for_list().order_by("-finished_at", "-id")[:15],
    }
    return render(request, "changes/service.html", context)


@require_POST
def say_reporting(request: HttpRequest, slug: str) -> HttpResponse:
    """Whether its incidents come in (yes, no, or as seen), and until when a deployment is pending."""
    service = get_object_or_404(Service, slug=slug)
    someone = person(request)
    if not may_speak_for(someone, service):
        raise PermissionDenied("This is for the team that owns the service to say.")
    says, days = request.POST.get("reports_incidents", ""), request.POST.get("exposure_days", "").strip()
    if says not in REPORTING or (days and not (days.isascii() and days.isdigit() and len(days) < 6)):
        raise BadRequest("reports_incidents is yes, no or empty; exposure_days a number of days, or empty")
    try:
        say_incident_reporting(
            service_id=service.pk,
            reports_incidents=REPORTING[says],
            exposure_days=int(days) if days else None,
            by=someone,
        )
    except SettingsRefused as refusal:
        messages.error(request, f"{refusal} Nothing was changed.")
    else:
        messages.success(request, "Kept. The figures of the weekly review follow by and by.")
    return redirect("changes:service", slug=slug)
