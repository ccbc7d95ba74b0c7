"""What recall and sampled checks can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms

from accounts.models import Team
from analytics.forms import day_field, today
from analytics.queries.samples import MOST_DRAWN, Scope
from changes.models import Change, Repository

WINDOW_DAYS = 365
DRAWN = 40
MOST_MONTHS = 60


class ScopeForm(forms.Form):
    """A window, a team, a repository, as they stand in the address; what is absent has a default."""

    team = forms.ModelChoiceField(
        Team.objects.all(), to_field_name="slug", required=False, empty_label="All teams", label="Team"
    )
    repository = forms.ModelChoiceField(
        Repository.objects.none(), required=False, empty_label="All repositories", label="Repository"
    )

    def __init__(self, data: Mapping[str, Any], *, demo: bool) -> None:
        self.demo = demo
        given = {name: data.get(name) for name in self.names() if data.get(name)}
        super().__init__({**self.defaults(), **given})
        self.fields = {
            "from": day_field("Shipped from"),
            "to": day_field("Shipped until"),
            **self.fields,
        }
        chosen = self.fields["repository"]
        assert isinstance(chosen, forms.ModelChoiceField)  # noqa: S101 -- for the type checker
        chosen.queryset = Repository.objects.filter(is_demo=demo).order_by("name")

    @classmethod
    def names(cls) -> list[str]:
        return ["from", "to", *cls.base_fields]

    def defaults(self) -> dict[str, str]:
        now = today()
        return {"from": (now - timedelta(days=WINDOW_DAYS - 1)).isoformat(), "to": now.isoformat()}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        start, end = cleaned.get("from"), cleaned.get("to")
        if start and end and start > end:
            self.add_error("to", "The window ends before it begins.")
        return cleaned

    def scope(self) -> Scope:
        """Raises: KeyError when the form is not valid."""
        asked = self.cleaned_data
        return Scope(asked["from"], asked["to"], self.demo, asked["team"], asked["repository"])

    def narrowed(self) -> dict[str, str]:
        standard = self.defaults()
        return {name: value for name, value in self.data.items() if value != standard.get(name, "")}

    def query(self) -> str:
        return urlencode(self.narrowed())

    def chosen(self) -> list[tuple[str, str]]:
        """What is asked for, the defaults filled in."""
        return [(name, str(value)) for name, value in self.data.items()]


class SampleForm(ScopeForm):
    size = forms.IntegerField(
        label="How many to draw",
        min_value=1,
        max_value=MOST_DRAWN,
        help_text="40 take a quarter hour.",
    )

    def defaults(self) -> dict[str, str]:
        return {**super().defaults(), "size": str(DRAWN)}


class RecallForm(ScopeForm):
    """Whole months, as many as the picture has room for."""

    type = forms.ChoiceField(
        label="Type of change", choices=[*Change.Type.choices, ("all", "All types")], required=False
    )

    def defaults(self) -> dict[str, str]:
        now = today()
        first = date(now.year - 1, now.month, 1)
        return {"from": first.isoformat(), "to": now.isoformat(), "type": Change.Type.CODE.value}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        start, end = cleaned.get("from"), cleaned.get("to")
        if start and end and (end.year - start.year) * 12 + end.month - start.month >= MOST_MONTHS:
            self.add_error("from", f"At most {MOST_MONTHS} months at once.")
        return cleaned
