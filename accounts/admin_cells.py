"""Fields in the cells of a table: the admin gives them no label, so each is named after its column."""

from __future__ import annotations

from typing import Any

from django.forms import CheckboxInput


class NamedCells:
    """For a ModelAdmin with `list_editable`, and for tabular inlines."""

    def get_changelist_formset(self, request: Any, **options: Any) -> Any:
        return named(super().get_changelist_formset(request, **options))  # type: ignore[misc]

    def get_formset(self, request: Any, obj: Any = None, **options: Any) -> Any:
        return named(super().get_formset(request, obj, **options))  # type: ignore[misc]


def named(formset: Any) -> Any:
    for field in formset.form.base_fields.values():
        field.widget.attrs.setdefault("aria-label", str(field.label))
    formset.deletion_widget = CheckboxInput(attrs={"aria-label": "Delete"})
    return formset
