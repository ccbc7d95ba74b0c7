"""What a step was asked to do: the pressed button, and what stood in the fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django import forms
from django.http import QueryDict

from accounts.models import User
from incidents.models import Incident, Postmortem
from incidents.queries.outline import Section, sections_of
from incidents.queries.parts import Parts, parts


@dataclass
class Asked:
    incident: Incident
    postmortem: Postmortem
    user: User
    now: datetime
    # None: nothing was typed yet. Else what was, in this request or in a draft kept before.
    data: QueryDict | None = None
    query: QueryDict = field(default_factory=QueryDict)
    # Forms that did not hold, shown again with what was typed and what is wrong with it.
    broken: dict[str, forms.BaseForm] = field(default_factory=dict)

    # Read when the page is shown, after all that was asked for is done.
    told: Parts | None = None

    @property
    def parts(self) -> Parts:
        if self.told is None:
            self.told = parts(self.incident, self.postmortem)
        return self.told

    @cached_property
    def sections(self) -> list[Section]:
        return sections_of(self.postmortem, self.parts)

    @property
    def verb(self) -> str:
        """`save`, `next`, `entry.add`… the part before the first colon of the pressed button."""
        return self._parts[0] or "save"

    @property
    def details(self) -> list[str]:
        return self._parts[1:]

    @property
    def _parts(self) -> list[str]:
        return (self.data.get("do", "") if self.data is not None else "").split(":")

    def pk(self, place: int = 0) -> int:
        """A row's id behind the verb; 0, which no row has, when it is no number."""
        told = self.details[place] if place < len(self.details) else ""
        return int(told) if told.isdecimal() and len(told) < 19 else 0

    def typed(self, prefix: str, *names: str) -> bool:
        """Was anything written into the fields of a new row?"""
        return self.data is not None and any(self.data.get(f"{prefix}-{name}", "").strip() for name in names)

    def new_row(self, form: type[forms.Form], prefix: str, **initial: Any) -> forms.BaseForm:
        """The empty form of a new row, or what was typed into it, with the errors just found."""
        if prefix in self.broken:
            return self.broken[prefix]
        for name in form.base_fields:
            told = self.data.getlist(f"{prefix}-{name}") if self.data is not None else []
            if any(told):
                many = isinstance(form.base_fields[name], forms.ModelMultipleChoiceField)
                initial[name] = told if many else told[0]
        return form(prefix=prefix, initial=initial, use_required_attribute=False)

    def valid(self, form: forms.Form, name: str) -> bool:
        if form.is_valid():
            return True
        self.broken[name] = form
        return False
