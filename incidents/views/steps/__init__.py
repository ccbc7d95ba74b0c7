"""The five steps of the form. Each module shows its step (`context`) and does what was asked for (`act`)."""

from __future__ import annotations

from types import ModuleType

from incidents.views.steps import causes, facts, lessons, publish, timeline

MODULES: dict[str, ModuleType] = {
    "facts": facts,
    "timeline": timeline,
    "causes": causes,
    "lessons": lessons,
    "publish": publish,
}
