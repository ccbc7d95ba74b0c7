"""Amounts as people write them in reports: `3.7M`, `35,000`, `78 %`."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

_SHAPE = re.compile(
    r"(?:~|ca\.?|about)?\s*(?P<number>-?\d+(?:[ ,]\d{3})*(?:\.\d+)?|-?\d*\.\d+)\s*(?P<times>[kKmM]|bn)?$"
)
_TIMES = {"": 1, "k": 1_000, "m": 1_000_000, "bn": 1_000_000_000}


class Amount(forms.FloatField):
    """Typed as text: a browser's field for numbers drops what it cannot read, and nobody is told."""

    def __init__(self) -> None:
        super().__init__(required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"}))

    def prepare_value(self, value: Any) -> Any:
        return f"{value:.15g}" if isinstance(value, float) else value

    def to_python(self, value: Any) -> Any:
        told = str(value).strip() if value is not None else ""
        if not told:
            return None
        if not (read := _SHAPE.fullmatch(told)):
            raise ValidationError("One number, as in 1200 or 3.7M.", code="invalid")
        plain = re.sub(r"[ ,]", "", read["number"])
        return super().to_python(f"{float(plain) * _TIMES[(read['times'] or '').lower()]:.15g}")
