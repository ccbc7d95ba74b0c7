"""Reviews of a postmortem: who is asked, what they said, and what of it is settled."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import Role, User
from incidents.models import Incident, Postmortem, PostmortemComment
from incidents.queries.gate import OpenPoint, open_points
from incidents.queries.outline import Section, sections_of
from incidents.queries.reviews import Reviews, reviews_of
from incidents.services import reviewing as verbs
from incidents.services.refusals import Refused
from incidents.views.access import reader, visible

WRITTEN = {"draft", "in_review", "changes_requested", "approved"}
Verdict = PostmortemComment.Verdict


class AskForm(forms.Form):
    reviewer = forms.ModelChoiceField(User.objects.none(), label="Ask", empty_label="Choose a person")

    def __init__(self, *args: Any, incident: Incident, asked: set[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True).exclude(role=Role.VIEWER).order_by("username")
        if incident.is_restricted:
            people = people.filter(pk__in=incident.people.values("pk"))
        gone = {pk for pk in (incident.postmortem.owner_id, *asked) if pk}
        self.fields["reviewer"].queryset = people.exclude(pk__in=gone)  # type: ignore[attr-defined]


class ReviewForm(forms.Form):
    section_key = forms.ChoiceField(label="About", required=False)
    verdict = forms.ChoiceField(choices=Verdict.choices, label="Verdict", initial=Verdict.COMMENT)
    text = forms.CharField(
        label="What you see", required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *args: Any, sections: list[Section], may_approve: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "The whole"), *((section.key, section.title) for section in sections)]
        self.fields["section_key"].choices = choices  # type: ignore[attr-defined]
        if not may_approve:
            offered = [choice for choice in Verdict.choices if choice[0] != Verdict.APPROVED]
            self.fields["verdict"].choices = offered  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
def reviews(request: HttpRequest, number: int) -> HttpResponse:
    incident = visible(request, number)
    if request.method == "POST":
        return _act(request, incident)
    return _show(request, incident)


def _show(
    request: HttpRequest, incident: Incident, typed: ReviewForm | None = None, error: str = ""
) -> HttpResponse:
    postmortem, user = incident.postmortem, reader(request)
    found, sections = reviews_of(postmortem), sections_of(postmortem)
    may_edit = incident.may_be_edited_by(user)
    is_written = postmortem.state in WRITTEN
    may_review = is_written and user.at_least(Role.AUTHOR)
    context = {
        "incident": incident,
        "postmortem": postmortem,
        "found": found,
        "may_edit": may_edit,
        "groups": _groups(found, sections, user, may_edit=may_edit and is_written),
        "points": _points(incident) if is_written else [],
        "ask_form": _ask_form(incident, found) if may_edit and is_written else None,
        "review_form": typed or (_review_form(request, incident, sections) if may_review else None),
        "is_asked": any(one.reviewer_id == user.pk for one in found.asked),
        "error": error,
    }
    return render(request, "incidents/reviews.html", context, status=422 if error else 200)


def _points(incident: Incident) -> list[dict[str, Any]]:
    return [
        {"point": point, "url": point_address(incident, point)}
        for point in open_points(incident, incident.postmortem)
    ]


def point_address(incident: Incident, point: OpenPoint) -> str:
    """Comments stand on the page of reviews, all else in a step."""
    if point.anchor.startswith("comment-"):
        return f"{reverse('incidents:reviews', args=[incident.number])}#{point.anchor}"
    address = reverse("incidents:step", args=[incident.number, point.step])
    return f"{address}#{point.anchor}" if point.anchor else address


def _ask_form(incident: Incident, found: Reviews, data: Any = None) -> AskForm:
    return AskForm(data, incident=incident, asked={one.reviewer_id for one in found.asked})


def _review_form(
    request: HttpRequest, incident: Incident, sections: list[Section], data: Any = None
) -> ReviewForm:
    may_approve = reader(request).pk != incident.postmortem.owner_id
    return ReviewForm(
        data,
        sections=sections,
        may_approve=may_approve,
        initial={"section_key": request.GET.get("section", "")},
    )


def _groups(found: Reviews, sections: list[Section], user: User, *, may_edit: bool) -> list[dict[str, Any]]:
    """Comments by section, in the order of the postmortem; what is said of the whole comes first."""
    by_section: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for comment in found.comments:
        own = comment.written_by_id == user.pk
        row = {"comment": comment, "may_settle": (may_edit or own) and comment.verdict != Verdict.APPROVED}
        by_section[comment.section_key].append(row)
    titles = {"": "Of the whole"} | {section.key: section.title for section in sections}
    keys = [*titles, *sorted(by_section.keys() - titles.keys())]
    return [
        {"title": titles.get(key, key), "key": key, "rows": by_section[key]}
        for key in keys
        if by_section[key]
    ]


def _act(request: HttpRequest, incident: Incident) -> HttpResponse:
    verb, _, told = request.POST.get("do", "").partition(":")
    pk = int(told) if told.isdecimal() and len(told) < 19 else 0
    try:
        match verb:
            case "ask":
                _ask(request, incident)
            case "withdraw":
                _withdraw(request, incident, pk)
            case "resolve" | "reopen":
                _settle(request, incident, verb, pk)
            case _:
                return _review(request, incident)
    except Refused as refused:
        return _show(request, incident, error=refused.reason)
    return redirect("incidents:reviews", incident.number)


def _writer(request: HttpRequest, incident: Incident) -> User:
    if not incident.may_be_edited_by(reader(request)):
        raise PermissionDenied("Another team owns the services of this incident.")
    return reader(request)


def _ask(request: HttpRequest, incident: Incident) -> None:
    by = _writer(request, incident)
    form = _ask_form(incident, reviews_of(incident.postmortem), request.POST)
    if not form.is_valid():
        raise Refused("Choose who is asked.", field="reviewer", code="reviewer_missing")
    verbs.ask(incident_id=incident.pk, reviewer=form.cleaned_data["reviewer"], by=by, now=timezone.now())
    messages.success(request, "They are told, in their list.")


def _withdraw(request: HttpRequest, incident: Incident, pk: int) -> None:
    by = _writer(request, incident)
    if not incident.postmortem.review_requests.filter(pk=pk).exists():
        raise Http404
    verbs.withdraw(request_id=pk, by=by, now=timezone.now())


def _settle(request: HttpRequest, incident: Incident, verb: str, pk: int) -> None:
    """Whoever writes the postmortem, and whoever said it."""
    comment = incident.postmortem.comments.filter(pk=pk).first()
    if comment is None:
        raise Http404
    if comment.written_by_id != reader(request).pk:
        _writer(request, incident)
    if incident.postmortem.state == Postmortem.State.PUBLISHED:
        raise Refused("It is published: revise it first.", code="published")
    if verb == "resolve":
        verbs.resolve_comment(comment_id=pk, by=reader(request), now=timezone.now())
    else:
        verbs.reopen_comment(comment_id=pk, by=reader(request))


def _review(request: HttpRequest, incident: Incident) -> HttpResponse:
    if not reader(request).at_least(Role.AUTHOR):
        raise PermissionDenied("Reviewing needs the role of an author.")
    form = _review_form(request, incident, sections_of(incident.postmortem), request.POST)
    if not form.is_valid():
        return _show(request, incident, typed=form, error="Something is missing or does not fit: see below.")
    try:
        verbs.review(incident_id=incident.pk, by=reader(request), now=timezone.now(), **form.cleaned_data)
    except Refused as refused:
        return _show(request, incident, typed=form, error=refused.reason)
    return redirect("incidents:reviews", incident.number)
