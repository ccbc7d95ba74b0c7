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
from analytics.models.samples import Sample, SampledChange
from analytics.models.scenarios import (
    Pattern,
    PatternVersion,
    ScenarioQuerySet,
    ScenarioStanding,
    StandingsRead,
    TestScenario,
)

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
    "Sample",
    "SampledChange",
    "ScenarioQuerySet",
    "ScenarioStanding",
    "Signal",
    "SignalShown",
    "StandingsRead",
    "TestScenario",
]
