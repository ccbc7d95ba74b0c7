from analytics.models.counted import (
    WHOLE,
    Cell,
    CountedChange,
    CountedIncident,
    CountedLink,
    Counting,
    Recount,
)
from analytics.models.findings import FrozenWeek, Safeguard, Signal, SignalShown
from analytics.models.scenarios import Pattern, PatternVersion, ScenarioQuerySet, TestScenario

__all__ = [
    "WHOLE",
    "Cell",
    "CountedChange",
    "CountedIncident",
    "CountedLink",
    "Counting",
    "FrozenWeek",
    "Pattern",
    "PatternVersion",
    "Recount",
    "Safeguard",
    "ScenarioQuerySet",
    "Signal",
    "SignalShown",
    "TestScenario",
]
