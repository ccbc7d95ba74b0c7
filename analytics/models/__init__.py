from analytics.models.counted import (
    WHOLE,
    Cell,
    CountedChange,
    CountedIncident,
    CountedLink,
    Counting,
    Recount,
    RowCode,
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
    "RowCode",
    "Safeguard",
    "ScenarioQuerySet",
    "Signal",
    "SignalShown",
    "TestScenario",
]
