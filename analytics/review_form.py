"""What the pages of the weekly review can be asked for: a scope and a week."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils.functional import cached_property

from accounts.days import day_of
from accounts.models import Team
from analytics.flow_weeks import QUARTER, WEEK, Span, label, last_full, monday, read_label
from analytics.forms import today
from analytics.queries.figures import services_offered, shows_demo
from analytics.queries.newest import newest
from changes.models import DomainArea
from changes.queries.together import together

SERIES = 26
EARLIEST = date(2000, 1, 3)
Group = tuple[str, list[tuple[str, str]]]


class ReviewForm(forms.Form):
    """`scope`: empty, "team:1", "service:3" or "area:2"; `week`: "2026-W47", empty for the last that is over.

    The fields are made with the form, as attributes of their names say what was chosen.
    """

    def __init__(self, data: Mapping[str, Any], *, demo: bool | None = None) -> None:
        self.today = today()
        self.demo = shows_demo() if demo is None else demo
        super().__init__({name: data.get(name, "") for name in ("scope", "week")})
        self.fields["scope"] = forms.ChoiceField(label="Show", required=False, choices=lambda: self.groups)
        self.fields["week"] = forms.CharField(label="Week", required=False, max_length=8)

    @cached_property
    def groups(self) -> list[Group]:
        """Read in one statement, once."""
        teams, services, areas = together(
            Team.objects.order_by("name"), services_offered(self.demo), DomainArea.objects.offered()
        )
        groups = [
            ("", [("", "Everything")]),
            ("Teams", [(f"team:{one.pk}", one.name) for one in teams]),
            ("Services", [(f"service:{one.pk}", one.name) for one in services]),
            ("Areas", [(f"area:{one.pk}", one.name) for one in areas]),
        ]
        return [group for group in groups if group[1]]

    @property
    def names(self) -> dict[str, str]:
        """Of every scope that is offered."""
        return {scope: name for _, choices in self.groups for scope, name in choices}

    def clean_week(self) -> date:
        text = self.cleaned_data["week"]
        if not text:
            return last_full(self.today).begins_on
        try:
            week = read_label(text)
        except ValueError:
            raise forms.ValidationError("A week is written as 2026-W47.") from None
        if week > self.today:
            raise forms.ValidationError("Nothing is known of weeks to come.")
        return max(week, EARLIEST)

    @property
    def bound_scope(self) -> forms.BoundField:
        """The field as a template shows it; `scope` is what was chosen."""
        return self["scope"]

    @property
    def is_bound_wrong(self) -> bool:
        return not self.is_valid()

    @property
    def scope(self) -> str:
        return str(self.cleaned_data["scope"])

    @property
    def scope_name(self) -> str:
        """As a sentence begins with it; empty for everything."""
        return self.names.get(self.scope, "") if self.scope else ""

    @property
    def week(self) -> date:
        found: date = self.cleaned_data["week"]
        return found

    @property
    def label(self) -> str:
        return label(self.week)

    @property
    def span(self) -> Span:
        return Span(self.week)

    @property
    def is_partial(self) -> bool:
        """The week is not over: it is never compared with a whole one."""
        return self.week == monday(self.today)

    @property
    def is_latest(self) -> bool:
        return self.week == last_full(self.today).begins_on

    @cached_property
    def silent_since(self) -> date | None:
        """The day of the last merge or deployment that is known, where a whole week and more passed since."""
        found = newest(self.demo) if self.is_valid() else None
        if found is None:
            return None
        day = day_of(found)
        return day if day < self.week - WEEK else None

    @property
    def quarter(self) -> Span:
        """The 13 whole weeks that end with the week shown; while that is not over, with the one before."""
        last = self.week - WEEK if self.is_partial else self.week
        return Span(last - (QUARTER - 1) * WEEK, QUARTER)

    @property
    def series(self) -> Span:
        """The 26 weeks that a picture shows, the week shown last."""
        return Span(self.week - (SERIES - 1) * WEEK, SERIES)

    @property
    def earlier(self) -> str:
        return self.query(week=label(self.week - WEEK))

    @property
    def later(self) -> str:
        """Empty where the week shown is the present one."""
        return "" if self.is_partial else self.query(week=label(self.week + WEEK))

    @property
    def latest(self) -> str:
        return self.query(week="")

    def query(self, **over: str) -> str:
        """What stands in the address, without what is so anyway."""
        asked = {"scope": self.scope, "week": "" if self.is_latest else self.label} | over
        return urlencode({name: value for name, value in asked.items() if value})

    @property
    def tab_query(self) -> str:
        return self.query()
