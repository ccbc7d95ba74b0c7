"""Resources of what shipped, where, and in which words."""

from changes.api.features import Features
from changes.api.load import LoadReadings
from changes.api.places import Environments, Repositories, Services, Teams
from changes.api.policies import Policies
from changes.api.reviewed import CheckRuns, Reviews
from changes.api.terms import Areas, AssistanceKinds, Assistants, OpenTermResource, TermResource
from changes.api.work import Changes, Deployments, TestRuns

__all__ = [
    "Areas",
    "AssistanceKinds",
    "Assistants",
    "Changes",
    "CheckRuns",
    "Deployments",
    "Environments",
    "Features",
    "LoadReadings",
    "OpenTermResource",
    "Policies",
    "Repositories",
    "Reviews",
    "Services",
    "Teams",
    "TermResource",
    "TestRuns",
]
