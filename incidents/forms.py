"""Shapes of what people type about an incident; rules across rows live in the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Model, Q
from django.http import QueryDict
from django.urls import reverse_lazy
from django.utils import timezone

from accounts.models import User
from changes.models import AssistanceKind, DomainArea, Environment, Origin, Service
from incidents.amounts import Amount
from incidents.models import (
    TIMES,
    ActionItem,
    Cause,
    FactorKind,
    Incident,
    IncidentType,
    Severity,
    TimelineEntry,
)
from incidents.moments import InZone, Moment
from incidents.queries.earlier import earlier_times

LABELS = {
    "impact_started_at": "Impact began",
    "detected_at": "Detected",
    "acknowledged_at": "Acknowledged",
    "mitigated_at": "Mitigated",
    "resolved_at": "Resolved",
    "reported_at": "Reported",
}
MOST_NUMBERS = 3
# Prose, whose wording gets hints while it is written: where static/js/wording.js asks for them.
PROSE = {"data-wording": reverse_lazy("incidents:hints")}


class Day(forms.DateField):
    def __init__(self, *, label: str) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(label=label, required=False, widget=widget)


def services() -> forms.ModelMultipleChoiceField:
    return forms.ModelMultipleChoiceField(
        Service.objects.all(), required=False, widget=forms.CheckboxSelectMultiple, label="Services"
    )


def people(label: str, *, required: bool = False) -> forms.ModelChoiceField:
    field = forms.ModelChoiceField(
        User.objects.filter(is_active=True).order_by("username"), required=required, label=label
    )
    field.empty_label = "Nobody yet"
    return field


def address(label: str) -> forms.URLField:
    return forms.URLField(
        required=False, max_length=500, assume_scheme="https", label=label, widget=forms.URLInput
    )


class FactsForm(InZone):
    """The facts of an incident. Each field carries what the writer saw: nobody undoes a word unawares."""

    title = forms.CharField(max_length=200, label="Title", widget=forms.TextInput(attrs=PROSE))
    severity = forms.ModelChoiceField(
        Severity.objects.offered(), required=False, label="Severity", empty_label="Unknown"
    )
    type = forms.ModelChoiceField(
        IncidentType.objects.offered(), required=False, label="Type", empty_label="None"
    )
    services = services()
    area = forms.ModelChoiceField(
        DomainArea.objects.offered(), required=False, label="Domain area", empty_label="None"
    )
    environment = forms.ModelChoiceField(
        Environment.objects.all(), required=False, label="Environment", empty_label="Not known"
    )
    began_when_detected = forms.BooleanField(required=False, label="Impact began when it was detected")
    impact_started_at = Moment(label=LABELS["impact_started_at"])
    detected_at = Moment(label=LABELS["detected_at"])
    acknowledged_at = Moment(label=LABELS["acknowledged_at"])
    mitigated_at = Moment(label=LABELS["mitigated_at"])
    resolved_at = Moment(label=LABELS["resolved_at"])
    reported_at = Moment(label=LABELS["reported_at"], help_text="When it was first told to anybody.")
    impact = forms.CharField(
        max_length=300,
        required=False,
        label="Impact in one sentence",
        help_text="Who noticed what?",
        widget=forms.TextInput(attrs=PROSE),
    )
    summary = forms.CharField(
        required=False, label="Summary", widget=forms.Textarea(attrs={"rows": 3, **PROSE}), max_length=20_000
    )
    url = address("Link to the channel or ticket")

    def __init__(self, data: QueryDict | None = None, *, incident: Incident | None = None) -> None:
        self.incident = incident
        initial = {} if incident is None else {name: getattr(incident, name) for name in self._plain()}
        if incident is not None:
            initial["services"] = list(incident.services.all())
            initial |= _numbers_apart(incident.impact_numbers)
        super().__init__(data, initial=initial)
        for place in range(1, MOST_NUMBERS + 1):
            self.fields[f"number_{place}_label"] = forms.CharField(required=False, max_length=60)
            self.fields[f"number_{place}_value"] = Amount()
            self.fields[f"number_{place}_unit"] = forms.CharField(required=False, max_length=30)
            for part, example in [("label", "what was counted"), ("value", "1200"), ("unit", "payments")]:
                self.fields[f"number_{place}_{part}"].widget.attrs["placeholder"] = example
        if incident is None or incident.impact_started_at or not incident.detected_at:
            del self.fields["began_when_detected"]
        if incident is not None:
            del self.fields["zone"]
        for name in ("severity", "type", "area"):
            self._keep_offering(name, initial.get(name))
        for field in self.fields.values():
            field.show_hidden_initial = incident is not None

    def _keep_offering(self, name: str, now: Model | None) -> None:
        """A term that was retired since stays where it stands, until somebody chooses another."""
        field = self.fields[name]
        if now is not None and isinstance(field, forms.ModelChoiceField):
            offered = Q(retired_at=None, merged_into=None) | Q(pk=now.pk)
            field.queryset = type(now)._default_manager.filter(offered)

    @staticmethod
    def _plain() -> tuple[str, ...]:
        return ("title", "severity", "type", "area", "environment", "impact", "summary", "url", *TIMES)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in TIMES:
            at = cleaned.get(name)
            if at is not None and at > timezone.now():
                self.add_error(name, "This lies in the future.")
        for place in range(1, MOST_NUMBERS + 1):
            amount = f"number_{place}_value"
            said = cleaned.get(f"number_{place}_label") or cleaned.get(f"number_{place}_unit")
            if said and amount not in self.errors and cleaned.get(amount) is None:
                self.add_error(amount, "How many? Or empty the row.")
        return cleaned

    @property
    def facts(self) -> dict[str, Any]:
        """What was altered (all that was said, for a new incident)."""
        names = [name for name in self._plain() if self.incident is None or name in self.changed_data]
        facts = {name: self.cleaned_data[name] for name in names}
        if self.incident is None or any(name.startswith("number_") for name in self.changed_data):
            facts["impact_numbers"] = self._numbers()
        if self.cleaned_data.get("began_when_detected") and not self.cleaned_data["impact_started_at"]:
            facts["impact_started_at"] = self.cleaned_data["detected_at"]
        if facts.get("reported_at", True) is None:
            # It was reported, whenever that was: an emptied field keeps what is known.
            del facts["reported_at"]
        return facts

    @property
    def chosen_services(self) -> list[Service] | None:
        if self.incident is not None and "services" not in self.changed_data:
            return None
        return list(self.cleaned_data["services"])

    def seen(self) -> dict[str, Any]:
        """What the writer saw in the fields that they altered."""
        seen = {}
        for name in self.facts:
            if name in self.fields:
                field = self.fields[name]
                raw = field.hidden_widget().value_from_datadict(
                    self.data, self.files, self.add_initial_prefix(name)
                )
                try:
                    seen[name] = field.to_python(raw)
                except forms.ValidationError:  # not as we wrote it: taken for something else than is there
                    seen[name] = raw
        return seen

    def _numbers(self) -> list[dict[str, Any]]:
        told = []
        for place in range(1, MOST_NUMBERS + 1):
            label, value, unit = (
                self.cleaned_data.get(f"number_{place}_{part}") for part in ("label", "value", "unit")
            )
            if value is not None:
                told.append({"label": label, "value": value, "unit": unit})
        return told

    @property
    def offers_types(self) -> bool:
        """An organisation that tells no types apart is not asked for one."""
        return any(value for value, _ in self.fields["type"].widget.choices)

    def times(self) -> list[dict[str, Any]]:
        """Each with what it was before somebody corrected it."""
        earlier = earlier_times(self.incident) if self.incident else {}
        return [{"field": self[name], "earlier": earlier.get(name)} for name in TIMES]

    def numbers(self) -> list[dict[str, forms.BoundField]]:
        return [
            {part: self[f"number_{place}_{part}"] for part in ("label", "value", "unit")}
            for place in range(1, MOST_NUMBERS + 1)
        ]


def _numbers_apart(numbers: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        f"number_{place}_{part}": number.get(part)
        for place, number in enumerate(numbers[:MOST_NUMBERS], start=1)
        for part in ("label", "value", "unit")
    }


class EntryForm(forms.Form):
    """One line of the timeline."""

    occurred_at = Moment(label="When", required=True)
    kind = forms.ChoiceField(
        choices=TimelineEntry.Kind.choices, initial=TimelineEntry.Kind.NOTE, label="Kind"
    )
    text = forms.CharField(
        label="What happened", max_length=5000, widget=forms.Textarea(attrs={"rows": 2, **PROSE})
    )
    evidence_url = address("Evidence")


class CauseForm(forms.Form):
    """What is said of one named change: its part in the incident, and where AI had a hand in it."""

    status = forms.ChoiceField(
        choices=[choice for choice in Cause.Status.choices if choice[0] != Cause.Status.SUGGESTED],
        label="Verdict",
        required=False,
        widget=forms.RadioSelect,
    )
    role = forms.ChoiceField(
        choices=Cause.RoleInIncident.choices, label="Role", required=False, widget=forms.RadioSelect
    )
    rationale = forms.CharField(
        required=False,
        max_length=5000,
        label="What makes you think so",
        widget=forms.Textarea(attrs={"rows": 2, **PROSE}),
    )
    evidence_url = address("Evidence")
    origin = forms.ChoiceField(
        choices=[("", "Not answered"), *Origin.choices], required=False, label="Where it came from"
    )
    kinds = forms.ModelMultipleChoiceField(
        AssistanceKind.objects.offered(),
        required=False,
        label="Kinds of AI help",
        widget=forms.CheckboxSelectMultiple,
    )


class CandidateForm(CauseForm):
    """The same asked of a change that nobody has judged yet; left alone, it says nothing."""

    REPAIRED = "repaired"

    status = forms.ChoiceField(
        choices=[
            ("", "Not judged"),
            (Cause.Status.CONFIRMED, "Confirmed"),
            (Cause.Status.SUSPECTED, "Suspected"),
            (Cause.Status.RULED_OUT, "Ruled out"),
            (REPAIRED, "Repaired it"),
        ],
        label="Its part",
        required=False,
        widget=forms.RadioSelect,
    )


class FactorForm(forms.Form):
    kind = forms.ModelChoiceField(
        FactorKind.objects.offered(), required=False, label="Kind", empty_label="Something else"
    )
    text = forms.CharField(
        max_length=5000, label="What made it possible", widget=forms.Textarea(attrs={"rows": 2, **PROSE})
    )
    evidence_url = address("Evidence")


class LessonForm(forms.Form):
    text = forms.CharField(
        max_length=300,
        label="From now on",
        help_text="One line that could be checked in code: “Give every call to the tax service a limit.”",
        widget=forms.TextInput(attrs={"data-first": "", **PROSE}),
    )
    why = forms.CharField(
        required=False, max_length=5000, label="Because", widget=forms.Textarea(attrs={"rows": 2, **PROSE})
    )
    path_globs = forms.CharField(
        required=False,
        label="Paths",
        help_text="One a line, as in src/checkout/**.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    area = forms.ModelChoiceField(
        DomainArea.objects.offered(), required=False, label="Domain area", empty_label="The incident's"
    )
    kinds = forms.ModelMultipleChoiceField(
        AssistanceKind.objects.offered(),
        required=False,
        label="Kinds of AI help it speaks to",
        widget=forms.CheckboxSelectMultiple,
    )
    review_by = Day(label="Look at it again by")

    def clean_path_globs(self) -> list[str]:
        return [line for line in self.cleaned_data["path_globs"].splitlines() if line.strip()]


class LessonEditForm(LessonForm):
    services = services()
    version = forms.IntegerField(widget=forms.HiddenInput)
    field_order = ["text", "why", "path_globs", "services", "area", "kinds", "review_by", "version"]


class ActionForm(forms.Form):
    title = forms.CharField(
        max_length=200, label="What will be different", widget=forms.TextInput(attrs=PROSE)
    )
    type = forms.ChoiceField(
        choices=ActionItem.Type.choices, initial=ActionItem.Type.PREVENT, label="Type", required=False
    )
    priority = forms.TypedChoiceField(
        choices=ActionItem.Priority.choices,
        initial=ActionItem.Priority.MEDIUM,
        coerce=int,
        label="Priority",
        required=False,
    )
    owner = people("Owner")
    due_on = Day(label="Due")
    tracker_url = address("Ticket")

    def clean_priority(self) -> int:
        return self.cleaned_data["priority"] or ActionItem.Priority.MEDIUM


class PeopleForm(forms.Form):
    """Who sees a restricted incident."""

    people = forms.ModelMultipleChoiceField(
        User.objects.filter(is_active=True).order_by("username"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Who may see it",
    )


class AppointForm(forms.Form):
    owner = people("Owner")
    facilitator = people("Facilitator")
    due_on = Day(label="Due")
