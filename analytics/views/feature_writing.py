"""Features are written, measured, answered, retired, and changes are put into them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods, require_POST

from analytics.forms_features import (
    SAID,
    AnswerForm,
    FeatureForm,
    MeasurementForm,
    PutForm,
    RetireForm,
    feature_initial,
)
from analytics.queries.figures import shows_demo
from analytics.views.features import found_feature, show
from analytics.views.people import author
from changes.models import Change, Feature, FeatureWord, Measurement
from changes.services import features as services
from changes.services.featuring import FeatureRefused, say_feature, take_back

NOT_A_READER = "Readers do not write features."
MOST_AT_ONCE = 500
SAMPLE = 8


def _told(form: Any, refusal: FeatureRefused) -> None:
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    user = author(request, NOT_A_READER)
    form = FeatureForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            feature = services.create_feature(
                by=user, now=timezone.now(), is_demo=shows_demo(), **form.cleaned_data
            )
        except FeatureRefused as refusal:
            _told(form, refusal)
        else:
            messages.success(request, f"“{feature}” is there. Now put its changes in.")
            return redirect(feature)
    return _form(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    user = author(request, NOT_A_READER)
    feature = found_feature(slug)
    form = FeatureForm(request.POST or None, feature=feature, initial=feature_initial(feature))
    if request.method == "POST" and form.is_valid():
        version = request.POST.get("version", "")
        expected = int(version) if version.isdecimal() and len(version) < 10 else -1
        try:
            services.edit_feature(
                feature_id=feature.pk, by=user, expected_version=expected, **form.cleaned_data
            )
        except FeatureRefused as refusal:
            _told(form, refusal)
        else:
            messages.success(request, f"“{feature}” is saved.")
            return redirect(feature)
    return _form(request, form, feature)


def _form(request: HttpRequest, form: FeatureForm, feature: Feature | None) -> HttpResponse:
    context = {"form": form, "feature": feature}
    return render(request, "analytics/feature_form.html", context, status=422 if form.errors else 200)


@require_POST
def measure(request: HttpRequest, slug: str) -> HttpResponse:
    user = author(request, NOT_A_READER)
    feature = found_feature(slug)
    form = MeasurementForm(request.POST)
    if form.is_valid():
        try:
            services.measure(feature_id=feature.pk, by=user, now=timezone.now(), **form.cleaned_data)
        except FeatureRefused as refusal:
            _told(form, refusal)
        else:
            messages.success(request, "The measurement is kept.")
            return redirect(feature)
    return show(request, feature, status=422, measurement_form=form)


@require_POST
def take_measurement_back(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    user = author(request, NOT_A_READER)
    feature = found_feature(slug)
    row = get_object_or_404(Measurement, pk=pk, feature=feature)
    services.take_back_measurement(measurement_id=row.pk, by=user, now=timezone.now())
    messages.success(request, "Taken back: it stays in the list and counts in nothing.")
    return redirect(feature)


@require_POST
def answer(request: HttpRequest, slug: str) -> HttpResponse:
    user = author(request, NOT_A_READER)
    feature = found_feature(slug)
    form = AnswerForm(request.POST)
    if form.is_valid():
        services.answer_worth(
            feature_id=feature.pk, text=form.cleaned_data["worth_it"], by=user, now=timezone.now()
        )
        messages.success(request, "Your answer is kept.")
        return redirect(feature)
    return show(request, feature, status=422, answer_form=form)


@require_POST
def retire(request: HttpRequest, slug: str) -> HttpResponse:
    """With `back` it is brought back."""
    user = author(request, NOT_A_READER)
    feature = found_feature(slug)
    if request.POST.get("back"):
        services.bring_back(feature_id=feature.pk, by=user)
        messages.success(request, f"“{feature}” is no longer retired.")
        return redirect(feature)
    form = RetireForm(request.POST)
    if form.is_valid():
        try:
            services.retire_feature(feature_id=feature.pk, by=user, **form.cleaned_data)
        except FeatureRefused as refusal:
            _told(form, refusal)
        else:
            messages.success(request, f"“{feature}” is retired; what it takes to keep is counted on.")
            return redirect(feature)
    return show(request, feature, status=422, retire_form=form)


# ---------------------------------------------------------------- many changes at once


@require_http_methods(["GET", "HEAD", "POST"])
def put(request: HttpRequest, slug: str) -> HttpResponse:
    """GET shows which changes it would put in; POST puts in the very changes that were shown."""
    user = author(request, NOT_A_READER)
    feature = found_feature(slug)
    given = request.POST if request.method == "POST" else request.GET
    form = PutForm(given, demo=feature.is_demo)
    is_valid = form.is_valid()
    if request.method == "POST":
        ids = _ids(request.POST.get("ids", ""))
        if not is_valid:
            raise BadRequest("the filter that the changes were found by cannot be read")
        meant = list(form.meant(feature).filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
        try:
            said = say_feature(
                change_ids=meant, feature=feature, by=user, prompted_by=FeatureWord.Prompt.BULK,
                now=timezone.now(),
            )  # fmt: skip
        except FeatureRefused as refusal:
            messages.error(request, f"{refusal} Nothing was put in.")
        else:
            messages.success(request, _kept(len(said), len(ids)))
        return HttpResponseRedirect(feature.get_absolute_url(), status=303)
    context: dict[str, Any] = {"feature": feature, "form": form, "demo_data": feature.is_demo}
    if is_valid and form.narrows:
        context |= _preview(feature, form)
    status = 422 if form.narrows and not is_valid else 200
    return render(request, "analytics/feature_put.html", context, status=status)


def _kept(said: int, asked: int) -> str:
    words = f"{said} change{'' if said == 1 else 's'} put in. One step on this page takes it back."
    late = asked - said
    return words + (f" {late} no longer fitted: something was said of them meanwhile." if late else "")


def _ids(text: str) -> list[int]:
    """Raises: BadRequest for none, or more than one step may hold."""
    ids = [int(one) for one in text.split(",") if one.isascii() and one.isdecimal() and len(one) < 19]
    if not 0 < len(ids) <= MOST_AT_ONCE:
        raise BadRequest(f"ids must name 1 to {MOST_AT_ONCE} changes")
    return ids


def _preview(feature: Feature, form: PutForm) -> dict[str, Any]:
    meant = form.meant(feature)
    total = meant.count()
    ids = list(meant.order_by("-merged_at", "-pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    sample = Change.objects.filter(pk__in=ids[:: max(1, len(ids) // SAMPLE)][:SAMPLE])
    others = Change.objects.filter(pk__in=ids).exclude(feature=None)
    return {
        "ids": ",".join(map(str, ids)),
        "count": len(ids),
        "total": total,
        "moved": others.count(),
        "left_out": 0 if form.cleaned_data["also_said"] else form.matching(feature).filter(SAID).count(),
        "sample": sample.select_related("repository", "area", "feature").order_by("-merged_at", "-pk"),
        "is_shown": True,
    }


@require_POST
def put_undo(request: HttpRequest, slug: str) -> HttpResponse:
    """One step of this person, as a whole."""
    user = author(request, NOT_A_READER)
    feature = found_feature(slug)
    undone = take_back(by=user, said_at=_moment(request.POST.get("said_at", "")), now=timezone.now())
    words = f"Taken back for {len(undone)} change{'' if len(undone) == 1 else 's'}."
    messages.info(request, words if undone else "There was nothing to take back.")
    return redirect(feature)


def _moment(text: str) -> datetime:
    """Raises: BadRequest for words that are no moment with its zone."""
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or timezone.is_naive(found):
        raise BadRequest("said_at must be a moment with its time zone")
    return found
