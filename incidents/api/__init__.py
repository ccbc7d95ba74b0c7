"""Resources of what broke and what was made of it."""

from incidents.api.controls import Controls
from incidents.api.incident import FactorKinds, Incidents, Severities
from incidents.api.outcomes import Actions, Lessons, Postmortems
from incidents.api.parts import Causes, Factors, Fixes
from incidents.api.timeline import Timeline
from incidents.api.wording import Wording

__all__ = [
    "Actions",
    "Causes",
    "Controls",
    "FactorKinds",
    "Factors",
    "Fixes",
    "Incidents",
    "Lessons",
    "Postmortems",
    "Severities",
    "Timeline",
    "Wording",
]
