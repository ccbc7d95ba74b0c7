"""What a person says of one change: its origin, a kind of help, its area, which other change it means."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from changes.models import (
    AssistanceKind,
    Change,
    ChangeLink,
    Decision,
    DomainArea,
    Feature,
    FeatureWord,
    Origin,
    Prompt,
)
from changes.services.answering import answer_link
from changes.services.featuring import FeatureRefused, hand_back, say_feature
from changes.services.origin import say_kind, say_origin
from changes.services.places import say_area
from changes.views.who import decider

NOT_KNOWN = "none"


@require_POST
def decide_origin(request: HttpRequest, pk: int) -> HttpResponse:
    someone = decider(request)
    change = get_object_or_404(Change, pk=pk)
    origin = request.POST.get("origin", "")
    if origin not in Origin.values or origin == Origin.UNKNOWN:
        raise BadRequest("origin must be manual, assisted or autonomous")
    say_origin(
        change_id=change.pk, origin=origin, by=someone, prompted_by=Prompt.CHANGE_PAGE, now=timezone.now()
    )
    return redirect("changes:detail", pk=pk)


@require_POST
def decide_kind(request: HttpRequest, pk: int) -> HttpResponse:
    someone = decider(request)
    change = get_object_or_404(Change, pk=pk)
    kind = AssistanceKind.objects.offered().filter(slug=request.POST.get("kind", "")).first()
    verdict = request.POST.get("verdict", "")
    if kind is None or verdict not in Decision.Verdict.values:
        raise BadRequest("a kind on offer, and confirmed or dismissed, must be given")
    say_kind(
        change_id=change.pk,
        kind=kind,
        verdict=verdict,
        by=someone,
        prompted_by=Prompt.CHANGE_PAGE,
        now=timezone.now(),
    )
    return redirect("changes:detail", pk=pk)


@require_POST
def decide_area(request: HttpRequest, pk: int) -> HttpResponse:
    someone = decider(request)
    change = get_object_or_404(Change, pk=pk)
    slug = request.POST.get("area", "")
    area = DomainArea.objects.offered().filter(slug=slug).first()
    if area is None and slug != NOT_KNOWN:
        raise BadRequest("an area on offer, or none to leave it to the paths, must be given")
    say_area(change_id=change.pk, area=area, by=someone)
    return redirect("changes:detail", pk=pk)


@require_POST
def decide_feature(request: HttpRequest, pk: int) -> HttpResponse:
    """`feature` is a slug on offer, `none`, or empty to leave it to its text and labels."""
    someone = decider(request)
    change = get_object_or_404(Change.objects.select_related("repository", "feature"), pk=pk)
    slug, now = request.POST.get("feature", NOT_KNOWN), timezone.now()
    if not slug:
        hand_back(change_ids=[change.pk], by=someone, now=now)
        return redirect("changes:detail", pk=pk)
    if change.feature_basis == Change.FeatureBasis.PERSON and change.feature and change.feature.slug == slug:
        return redirect("changes:detail", pk=pk)
    offered = Feature.objects.offered().filter(is_demo=change.repository.is_demo)
    feature = offered.filter(slug=slug).first()
    if feature is None and slug != NOT_KNOWN:
        raise BadRequest("a feature on offer, none, or nothing to leave it to the text, must be given")
    try:
        say_feature(
            change_ids=[change.pk],
            feature=feature,
            by=someone,
            prompted_by=FeatureWord.Prompt.CHANGE_PAGE,
            now=now,
        )
    except FeatureRefused as refusal:
        messages.error(request, f"{refusal} Nothing was kept.")
    return redirect("changes:detail", pk=pk)


@require_POST
def decide_link(request: HttpRequest, pk: int, link: int) -> HttpResponse:
    """`target` is one of the changes on offer, `none`, or empty with a number or sha in `named`."""
    someone = decider(request)
    change = get_object_or_404(Change, pk=pk)
    row = get_object_or_404(ChangeLink, pk=link, change=change)
    try:
        target = _target(change, request.POST.get("target", ""), request.POST.get("named", ""))
        answer_link(link_id=row.pk, target_id=target, by=someone, now=timezone.now())
    except ValueError as error:
        messages.error(request, f"{error} Nothing was kept.")
    return redirect("changes:detail", pk=pk)


def _target(change: Change, chosen: str, named: str) -> int | None:
    """Raises: ValueError where no one change of the repository is named."""
    name = named.strip().lower().removeprefix("#")
    if name:
        of_name = Q(identities__space="number", identities__value=name)
        if len(name) >= 7:
            of_name |= Q(identities__space="sha", identities__value__startswith=name)
        rows = Change.objects.current().filter(of_name, repository=change.repository_id)
        found = list(rows.values_list("pk", flat=True).distinct()[:2])
        if len(found) != 1:
            raise ValueError(f"No one change of this repository goes by {named.strip()!r}.")
        return found[0]
    if chosen == NOT_KNOWN:
        return None
    if not chosen.isdigit() or not Change.objects.filter(pk=int(chosen)).exists():
        raise BadRequest("target must be a change on offer, or none")
    return int(chosen)
