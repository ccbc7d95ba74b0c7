from analytics.models.findings import FrozenWeek, Safeguard, Signal, SignalShown
from analytics.models.scenarios import Pattern, PatternVersion, ScenarioQuerySet, TestScenario

__all__ = [
    "FrozenWeek",
    "Pattern",
    "PatternVersion",
    "Safeguard",
    "ScenarioQuerySet",
    "Signal",
    "SignalShown",
    "TestScenario",
]
