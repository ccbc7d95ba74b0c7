"""What a replay is asked for: a scope as it stands in the address, or taken from what is replayed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse

from accounts.days import day_of
from accounts.models import User
from analytics.forms import day_field, today
from analytics.models import Safeguard, TestScenario
from analytics.queries.figures import Taxonomy, services_offered, taxonomies
from analytics.queries.replay import Asked, ids_of
from analytics.scopes import Scope
from changes.models import SizeBand
from incidents.models import Lesson

WINDOW = timedelta(days=365)
NAMED = re.compile(r"(?i)(TS|safeguard)-(\d{1,9})")


@dataclass(frozen=True)
class Replayed:
    """A scenario or a safeguard: its name, its scope, and what it was made from and when."""

    key: str
    name: str
    title: str
    href: str
    scope: Scope
    made_on: date
    written_from: frozenset[int] = frozenset()


def replayed(key: str, user: User) -> Replayed | None:
    """What `TS-42` or `safeguard-3` names, as far as the reader may see it."""
    named = NAMED.fullmatch(key)
    if named is None:
        return None
    number = int(named[2])
    return _of_scenario(number, user) if named[1].upper() == "TS" else _of_safeguard(number)


def _of_scenario(number: int, user: User) -> Replayed | None:
    found = TestScenario.objects.visible_to(user).select_related("area").filter(number=number).first()
    if found is None:
        return None
    behind = Lesson.objects.filter(pk__in=found.lessons.values("pk"), incidents__isnull=False)
    return Replayed(
        key=str(found),
        name=str(found),
        title=found.title,
        href=found.get_absolute_url(),
        scope=Scope(
            area=found.area.slug if found.area else "",
            kinds=tuple(found.kinds.values_list("slug", flat=True)),
            services=tuple(found.services.values_list("slug", flat=True)),
            path_globs=tuple(found.path_globs),
        ),
        made_on=day_of(found.created_at),
        written_from=frozenset(behind.values_list("incidents", flat=True)),
    )


def _of_safeguard(number: int) -> Replayed | None:
    found = Safeguard.objects.select_related("area", "kind").filter(pk=number).first()
    if found is None:
        return None
    return Replayed(
        key=f"safeguard-{found.pk}",
        name="This safeguard",
        title=found.title,
        href=reverse("analytics:safeguard", args=[found.pk]),
        scope=Scope(
            area=found.area.slug if found.area else "",
            kinds=(found.kind.slug,) if found.kind else (),
            sizes=tuple(found.size_bands),
            path_globs=tuple(found.path_globs),
        ),
        made_on=found.starts_on,
    )


class ReplayForm(forms.Form):
    start = day_field("Incidents and changes from")
    end = day_field("To")
    area = forms.ChoiceField(label="Domain area", required=False)
    kind = forms.MultipleChoiceField(
        label="Kinds of help", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: any change. Only what was said before a change failed can count.",
    )  # fmt: skip
    size = forms.MultipleChoiceField(
        label="Sizes", choices=SizeBand.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    service = forms.MultipleChoiceField(label="Services", required=False, widget=forms.CheckboxSelectMultiple)
    paths = forms.CharField(
        label="Paths", required=False, max_length=6000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="One pattern a line, such as payments/**.",
    )  # fmt: skip
    of = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, given: QueryDict, demo: bool) -> None:
        """The last year unless days are given."""
        data = given.copy()
        last = today()
        data["end"] = given.get("end") or last.isoformat()
        data["start"] = given.get("start") or (last - WINDOW).isoformat()
        super().__init__(data)
        self.demo = demo
        self.areas, self.kinds = taxonomies()
        self.services = {one.slug: one for one in services_offered(demo).order_by("name")}
        self._offer("area", [("", "Every area"), *_terms(self.areas)])
        self._offer("kind", _terms(self.kinds))
        self._offer("service", [(slug, one.name) for slug, one in self.services.items()])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- for the type checker
        field.choices = choices

    def clean_paths(self) -> tuple[str, ...]:
        lines = [line.strip() for line in self.cleaned_data["paths"].splitlines()]
        globs = tuple(dict.fromkeys(line for line in lines if line.strip("/")))
        if any(len(glob) > 300 for glob in globs) or len(globs) > 50:
            raise forms.ValidationError("At most 50 patterns of at most 300 characters.")
        return globs

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "start" in cleaned and "end" in cleaned and cleaned["start"] > cleaned["end"]:
            self.add_error("start", "The first day lies after the last.")
        return cleaned

    def asked(self) -> Asked:
        """Raises: KeyError when the form is not valid."""
        told = self.cleaned_data
        scope = Scope(
            told["area"], tuple(told["kind"]), tuple(told["size"]), tuple(told["service"]), told["paths"]
        )
        return Asked(
            scope, told["start"], told["end"], today(), self.demo,
            areas=ids_of(self.areas, [scope.area]),
            kinds=ids_of(self.kinds, scope.kinds),
            services=tuple(self.services[slug].pk for slug in scope.services),
        )  # fmt: skip


def _terms(terms: Taxonomy) -> list[tuple[str, str]]:
    """Retired ones too: the past was theirs."""
    found = sorted(terms.standing(), key=lambda term: (term.position, term.name))
    return [(term.slug, term.name) for term in found]


def address_of(one: Replayed) -> str:
    """The query that asks for its scope as it is now."""
    query = QueryDict(mutable=True)
    query["of"] = one.key
    if one.scope.area:
        query["area"] = one.scope.area
    for name, values in (
        ("kind", one.scope.kinds), ("size", one.scope.sizes), ("service", one.scope.services),
    ):  # fmt: skip
        query.setlist(name, list(values))
    if one.scope.path_globs:
        query["paths"] = "\n".join(one.scope.path_globs)
    return query.urlencode()
