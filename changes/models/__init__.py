from changes.models.change import Change, ChangeIdentity, ChangeLink, ChangeQuerySet, Feature, SizeBand
from changes.models.deployment import (
    Deployment,
    DeploymentEvent,
    DeploymentQuerySet,
    TestCaseResult,
    TestRun,
)
from changes.models.evidence import Assistance, Decision, OriginEvidence, Prompt
from changes.models.places import AreaRule, Environment, MarkingPolicy, Repository, Service
from changes.models.review import DayKey, Review
from changes.models.taxonomy import (
    AssistanceKind,
    Assistant,
    DetectionRule,
    DomainArea,
    Origin,
    Place,
    Strength,
    Term,
    TermQuerySet,
)

__all__ = [
    "AreaRule",
    "Assistance",
    "AssistanceKind",
    "Assistant",
    "Change",
    "ChangeIdentity",
    "ChangeLink",
    "ChangeQuerySet",
    "DayKey",
    "Decision",
    "Deployment",
    "DeploymentEvent",
    "DeploymentQuerySet",
    "DetectionRule",
    "DomainArea",
    "Environment",
    "Feature",
    "MarkingPolicy",
    "Origin",
    "OriginEvidence",
    "Place",
    "Prompt",
    "Repository",
    "Review",
    "Service",
    "SizeBand",
    "Strength",
    "Term",
    "TermQuerySet",
    "TestCaseResult",
    "TestRun",
]
