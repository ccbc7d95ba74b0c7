"""What the figures can be asked for, and how a test scenario is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields as dataclass_fields
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.days import day_of
from accounts.models import User
from analytics.feature_files import Written, faults
from analytics.models import Safeguard, Signal, TestScenario
from analytics.queries.figures import (
    ALL_TYPES,
    NO_AREA,
    Basis,
    Filters,
    Words,
    end_of,
    services_offered,
    shows_demo,
    taxonomies,
)
from changes.models import AssistanceKind, Assistant, Change, DomainArea, Origin, Service, SizeBand
from incidents.models import Incident, Lesson

WINDOW_DAYS = 365
# No history of changes reaches beyond these days, and the calendar has room for a window around them.
EARLIEST, LATEST = date(1970, 1, 1), date(2999, 12, 31)
NARROWING = {field.name for field in dataclass_fields(Filters)}


def today() -> date:
    return day_of(timezone.now())


def past_day(text: Any) -> date | None:
    """The day that is asked for, where it is one before today."""
    try:
        asked = date.fromisoformat(str(text))
    except ValueError:
        return None
    return asked if EARLIEST <= asked < today() else None


def day_field(label: str, *, required: bool = True) -> forms.DateField:
    between = [MinValueValidator(EARLIEST), MaxValueValidator(LATEST)]
    return forms.DateField(label=label, required=required, widget=DayInput(), validators=between)


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class MatrixForm(forms.Form):
    """The filters of the matrix as they stand in its address; what is absent has a default."""

    service = forms.ChoiceField(label="Service", required=False)
    area = forms.ChoiceField(label="Domain area", required=False)
    basis = forms.ChoiceField(label="Counts as failure", choices=Basis.choices, required=False)
    type = forms.ChoiceField(
        label="Type of change", choices=[*Change.Type.choices, (ALL_TYPES, "All types")], required=False
    )
    size = forms.ChoiceField(label="Size", choices=[("", "Any size"), *SizeBand.choices], required=False)
    origin = forms.ChoiceField(label="Origin", choices=[("", "Any origin"), *Origin.choices], required=False)
    assistant = forms.ChoiceField(label="Assistant", required=False)

    def __init__(self, data: Mapping[str, Any], demo: bool | None = None) -> None:
        self.as_of = past_day(data.get("as_of")) or today()
        self.demo = shows_demo() if demo is None else demo
        given = {name: data.get(name) for name in self.names() if data.get(name)}
        super().__init__({**self.defaults(), **given})
        # `from` is a word of the language, so the two ends of the window cannot be written as attributes.
        window = {
            "from": day_field("Shipped from"),
            "to": day_field("Shipped until"),
            "as_of": day_field("As known on", required=False),
        }
        self.fields = {**window, **self.fields}
        services = services_offered(self.demo).values_list("slug", "name")
        assistants = Assistant.objects.offered().values_list("slug", "name")
        self._offer("service", "All services", lambda: services)
        self._offer("area", "All areas", lambda: self.words[0].offered(), (NO_AREA, "No area"))
        self._offer("assistant", "Any assistant", lambda: assistants)

    @cached_property
    def words(self) -> Words:
        """Read once, for the choices and for the figures."""
        return taxonomies()

    def _offer(
        self, name: str, none: str, choices: Callable[[], Iterable[tuple[str, str]]], *more: tuple[str, str]
    ) -> None:
        """Read when the field is shown or chosen from: a table or a file of figures needs no choices."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- for the type checker
        field.choices = lambda: [("", none), *choices(), *more]

    @classmethod
    def names(cls) -> list[str]:
        return ["from", "to", "as_of", *cls.base_fields]

    def defaults(self) -> dict[str, str]:
        return {
            "from": (self.as_of - timedelta(days=WINDOW_DAYS - 1)).isoformat(),
            "to": self.as_of.isoformat(),
            "basis": Basis.INCIDENT.value,
            "type": Change.Type.CODE.value,
        }

    def clean_as_of(self) -> date | None:
        asked: date | None = self.cleaned_data["as_of"]
        if asked and asked > today():
            raise forms.ValidationError("Nothing is known of days to come.")
        return asked

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        start, end = cleaned.get("from"), cleaned.get("to")
        if start and end and start > end:
            self.add_error("to", "The window ends before it begins.")
        return cleaned

    def filters(self) -> Filters:
        """Raises: KeyError when the form is not valid."""
        asked = self.cleaned_data
        return Filters(
            start=asked["from"],
            end=asked["to"],
            as_of=self.as_of,
            demo=self.demo,
            known_at=end_of(self.as_of) if self.as_of < today() else None,
            **{name: asked[name] for name in self.base_fields if name in NARROWING},
        )

    def narrowed(self) -> dict[str, str]:
        """What differs from the defaults: the query of a link that keeps the filters."""
        standard = self.defaults()
        return {name: value for name, value in self.data.items() if value != standard.get(name, "")}

    def query(self, **more: str) -> str:
        return urlencode({**self.narrowed(), **more})


class BaselineForm(MatrixForm):
    """The same for one kind beside what it is compared with: an origin is not to be chosen there."""

    any_kind = "Each kind"
    origin = None  # type: ignore[assignment]
    kind = forms.ChoiceField(label="Kind of help", required=False)

    def __init__(self, data: Mapping[str, Any], demo: bool | None = None) -> None:
        super().__init__(data, demo)
        self._offer("kind", self.any_kind, lambda: self.words[1].offered())
        self.order_fields(["from", "to", "as_of", "kind", "area", "service"])

    def beside(self) -> str:
        """The query of a link to the matrix or its records: the same filters without the kind."""
        return self._without("kind")

    def other_side(self) -> str:
        """The same for what the kind is compared with, which no assistant narrows."""
        return self._without("kind", "assistant")

    def _without(self, *names: str) -> str:
        return urlencode({name: value for name, value in self.narrowed().items() if name not in names})


class TrendForm(BaselineForm):
    any_kind = "Any AI help"


class ScenarioForm(forms.Form):
    """A test scenario as people write it; the steps must be Gherkin."""

    title = forms.CharField(max_length=200, label="Title", help_text="What the test shows, in one line.")
    given = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "true"}),
        label="Given",
        help_text="The condition. One step a line; the first gets Given, the rest And.",
    )
    when = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "true"}),
        label="When",
        help_text="What sets it off.",
    )
    then = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "true"}),
        label="Then",
        help_text="What must hold, so that it cannot happen again.",
    )
    area = forms.ModelChoiceField(
        DomainArea.objects.offered(), required=False, label="Domain area", empty_label="No area"
    )
    kinds = forms.ModelMultipleChoiceField(
        AssistanceKind.objects.offered(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Kinds of help it guards",
    )
    services = forms.ModelMultipleChoiceField(
        Service.objects.all(), required=False, widget=forms.CheckboxSelectMultiple, label="Services"
    )
    path_globs = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        label="Paths",
        help_text="One a line, such as payments/**/*.py: where this lesson applies.",
    )
    lessons = forms.ModelMultipleChoiceField(
        Lesson.objects.none(), required=False, widget=forms.CheckboxSelectMultiple, label="Lessons behind it"
    )

    def __init__(self, *args: Any, user: User, lessons: Iterable[int] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["lessons"]
        assert isinstance(field, forms.ModelMultipleChoiceField)  # noqa: S101 -- for the type checker
        standing = Lesson.objects.visible_to(user)
        field.queryset = standing.exclude(state=Lesson.State.RETIRED) | standing.filter(pk__in=list(lessons))

    def clean_path_globs(self) -> list[str]:
        globs = [line.strip() for line in self.cleaned_data["path_globs"].splitlines() if line.strip()]
        too_long = [glob for glob in globs if len(glob) > 300]
        if too_long:
            raise forms.ValidationError(f"A path has at most 300 characters: {too_long[0][:60]}…")
        return list(dict.fromkeys(globs))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        words = {name: cleaned.get(name, "") for name in ("title", "given", "when", "then")}
        if all(words.values()):
            for field, reason in faults(Written(number=None, **words)):
                self.add_error(field, reason)
        return cleaned


class ScenarioStateForm(forms.Form):
    state = forms.ChoiceField(choices=TestScenario.State.choices, label="State")
    reason = forms.CharField(
        required=False, max_length=500, label="Reason", help_text="Needed when it is retired."
    )


def scenario_initial(scenario: TestScenario) -> dict[str, Any]:
    return {
        "title": scenario.title,
        "given": scenario.given,
        "when": scenario.when,
        "then": scenario.then,
        "area": scenario.area_id,
        "kinds": [kind.pk for kind in scenario.kinds.all()],
        "services": [service.pk for service in scenario.services.all()],
        "path_globs": "\n".join(scenario.path_globs),
        "lessons": [lesson.pk for lesson in scenario.lessons.all()],
    }


def initial_from_lesson(lesson: Lesson, incidents: Iterable[Incident]) -> dict[str, Any]:
    """Given, when and then as far as the incident tells them; a person finishes the sentence."""
    behind = list(incidents)
    text = lesson.text.rstrip(".")
    where = ", ".join(sorted({service.name for i in behind for service in i.services.all()}))
    given = f"{where} as in {', '.join(str(i) for i in behind)}" if where else "the system as it was before"
    factors = [factor.text.strip().splitlines()[0] for i in behind for factor in i.factors.all()]
    whens = [incident.title.rstrip(".") for incident in behind] or ["the same happens again"]
    return {
        "title": text[:200],
        "given": "\n".join([given, *factors[:3]]),
        "when": whens[0],
        "then": text[:1].lower() + text[1:],
        "area": lesson.area_id,
        "kinds": [kind.pk for kind in lesson.kinds.all()],
        "services": [service.pk for service in lesson.services.all()],
        "path_globs": "\n".join(lesson.path_globs),
        "lessons": [lesson.pk],
    }


class SignalReviewForm(forms.Form):
    """What is made of a signal without a safeguard."""

    review = forms.ChoiceField(
        label="What do you make of it?",
        choices=[
            (Signal.Review.ACKNOWLEDGED.value, "Acknowledge: we know, and look at the incidents"),
            (Signal.Review.DISMISSED.value, "Dismiss: it is explained by something else"),
        ],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label="Reason", required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=2000,
        help_text="Needed to dismiss; it stays with the signal.",
    )  # fmt: skip


class SafeguardForm(forms.Form):
    """What a team does from a day on, and for which changes."""

    title = forms.CharField(
        max_length=200, label="Safeguard",
        help_text="In one line: a second reviewer, a canary for one market first, a contract test.",
    )  # fmt: skip
    description = forms.CharField(
        label="How", required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=5000
    )
    kind = forms.ModelChoiceField(
        label="Kind of help", queryset=AssistanceKind.objects.none(), required=False, empty_label="Any kind"
    )
    area = forms.ModelChoiceField(
        label="Domain area", queryset=DomainArea.objects.none(), required=False, empty_label="Every area"
    )
    size_bands = forms.MultipleChoiceField(
        label="Sizes", choices=SizeBand.choices, required=False, widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: any size.",
    )  # fmt: skip
    path_globs = forms.CharField(
        label="Paths", required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One pattern a line, such as src/payments/**. None: any path.",
    )  # fmt: skip
    starts_on = forms.DateField(label="From", widget=DayInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].queryset = AssistanceKind.objects.offered()  # type: ignore[attr-defined]
        self.fields["area"].queryset = DomainArea.objects.offered()  # type: ignore[attr-defined]

    def clean_path_globs(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["path_globs"].splitlines() if line.strip()]


class EndSafeguardForm(forms.Form):
    ends_on = forms.DateField(label="Last day", widget=DayInput())
    reason = forms.CharField(label="Why it ends", widget=forms.Textarea(attrs={"rows": 2}), max_length=2000)


def safeguard_initial(signal: Signal | None) -> dict[str, Any]:
    """A safeguard begins with the scope of the signal that it answers."""
    if signal is None:
        return {"starts_on": today()}
    return {"starts_on": today(), "kind": signal.kind_id, "area": signal.area_id}


def safeguard_scope(safeguard: Safeguard) -> str:
    """Its scope in one line."""
    parts = [f"AI help in {safeguard.kind.name.lower()}" if safeguard.kind else "any AI help"]
    if safeguard.area:
        parts.append(f"in {safeguard.area.name}")
    names = dict(SizeBand.choices)
    if safeguard.size_bands:
        parts.append(" or ".join(str(names.get(band, band)).lower() for band in safeguard.size_bands))
    if safeguard.path_globs:
        parts.append(f"paths {', '.join(safeguard.path_globs)}")
    return ", ".join(parts)
