"""Resources of what shipped, where, and in which words."""

from changes.api.load import LoadReadings
from changes.api.places import Environments, Repositories, Services, Teams
from changes.api.policies import Policies
from changes.api.terms import Areas, AssistanceKinds, Assistants, OpenTermResource, TermResource
from changes.api.work import Changes, Deployments, TestRuns

__all__ = [
    "Areas",
    "AssistanceKinds",
    "Assistants",
    "Changes",
    "Deployments",
    "Environments",
    "LoadReadings",
    "OpenTermResource",
    "Policies",
    "Repositories",
    "Services",
    "Teams",
    "TermResource",
    "TestRuns",
]
