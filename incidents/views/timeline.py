"""A pasted block of chat: read, shown for correction, and only then kept."""

from __future__ import annotations

from datetime import date, tzinfo
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from incidents import chat
from incidents.forms import EntryForm
from incidents.models import Incident, TimelineEntry
from incidents.moments import Zone
from incidents.queries.chatting import Offer, offers
from incidents.services import timeline
from incidents.views.access import reader, writable


class PasteForm(forms.Form):
    block = forms.CharField(
        label="The block",
        max_length=chat.MOST_CHARACTERS,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "autocomplete": "off"}),
        help_text="Copied from Slack, Teams, Discord, Mattermost, an IRC log, or a list or table with times. "
        "It is read and not kept; names become roles.",
    )
    first_day = forms.DateField(
        required=False,
        label="Day of the first message",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Where the block says no day. Left out, it is the day nearest to the incident.",
    )
    zone = Zone(
        label="Its times are in", help_text="A zone that the block names itself is taken at its word."
    )


class RowForm(forms.Form):
    take = forms.BooleanField(required=False, label="Take it")
    key = forms.CharField(widget=forms.HiddenInput, max_length=40)
    occurred_at = EntryForm.base_fields["occurred_at"]
    kind = forms.ChoiceField(choices=TimelineEntry.Kind.choices, label="Kind")
    text = forms.CharField(label="What happened", max_length=5000, widget=forms.Textarea(attrs={"rows": 2}))


@require_http_methods(["GET", "POST"])
def paste(request: HttpRequest, number: int) -> HttpResponse:
    incident = writable(request, number)
    if incident.postmortem.state == "published":
        messages.error(request, "It is published: revise it first.")
        return redirect("incidents:postmortem", number)
    if request.method == "POST" and request.POST.get("do") == "keep":
        return _keep(request, incident)
    form = PasteForm(request.POST or None)
    context: dict[str, Any] = {
        "incident": incident,
        "form": form,
        "zone": timezone.get_current_timezone_name(),
    }
    if request.method == "GET":
        return render(request, "incidents/paste.html", context)
    if form.is_valid():
        try:
            found = _offers(incident, **form.cleaned_data)
        except chat.Unreadable as unreadable:
            form.add_error("block", str(unreadable))
        else:
            told = {"rows": _rows(found), "left_out": chat.without_time(form.cleaned_data["block"])}
            return render(request, "incidents/paste.html", context | told)
    return render(request, "incidents/paste.html", context, status=422)


def _offers(incident: Incident, block: str, first_day: date | None, zone: tzinfo) -> list[Offer]:
    return offers(incident, block, zone=zone, now=timezone.now(), first_day=first_day)


def _rows(found: list[Offer]) -> list[dict[str, Any]]:
    return [
        {
            "offer": offer,
            "form": RowForm(
                prefix=f"row-{place}",
                initial={
                    "take": offer.is_ticked,
                    "key": offer.said.key,
                    "occurred_at": offer.said.at,
                    "kind": offer.said.kind,
                    "text": offer.said.text,
                },
            ),
        }
        for place, offer in enumerate(found)
    ]


def _keep(request: HttpRequest, incident: Incident) -> HttpResponse:
    forms_ = [
        RowForm(request.POST, prefix=f"row-{place}")
        for place in range(chat.MOST_MESSAGES)
        if f"row-{place}-key" in request.POST
    ]
    taken = [form for form in forms_ if form["take"].data]
    if broken := [form for form in taken if not form.is_valid()]:
        context = {
            "incident": incident,
            "form": PasteForm(),
            "rows": [{"form": form, "offer": None} for form in forms_],
            "broken": len(broken),
            "zone": timezone.get_current_timezone_name(),
        }
        return render(request, "incidents/paste.html", context, status=422)
    entries = [timeline.ChatEntry(**_said(form.cleaned_data)) for form in taken]
    new = timeline.add_from_chat(
        incident_id=incident.pk, entries=entries, by=reader(request), now=timezone.now()
    )
    messages.success(request, f"{new} {'entry' if new == 1 else 'entries'} added.")
    return redirect("incidents:step", incident.number, "timeline")


def _said(cleaned: dict[str, Any]) -> dict[str, Any]:
    return {name: cleaned[name] for name in ("key", "occurred_at", "kind", "text")}
