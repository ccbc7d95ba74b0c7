"""What the matched estimate can be asked for: only what a stratum can be chosen by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analytics.forms import BaselineForm
from analytics.queries.figures import Filters

ASKED = ("from", "to", "kind", "area", "size")


class MatchedForm(BaselineForm):
    """Answers stand as they are now, so that no earlier day can be asked for."""

    def __init__(self, data: Mapping[str, Any], demo: bool | None = None) -> None:
        super().__init__({name: data[name] for name in ASKED if data.get(name)}, demo)
        self.fields = {name: self.fields[name] for name in ASKED}

    @classmethod
    def names(cls) -> list[str]:
        return list(ASKED)

    def filters(self) -> Filters:
        """Raises: KeyError when the form is not valid."""
        asked = self.cleaned_data
        return Filters(
            start=asked["from"],
            end=asked["to"],
            as_of=self.as_of,
            demo=self.demo,
            area=asked["area"],
            size=asked["size"],
        )
