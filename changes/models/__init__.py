from changes.models.attested import AttestedLines
from changes.models.change import Change, ChangeIdentity, ChangeLink, ChangeQuerySet, SizeBand
from changes.models.deployment import (
    CheckRun,
    Deployment,
    DeploymentEvent,
    DeploymentQuerySet,
    TestCaseResult,
    TestRun,
)
from changes.models.evidence import Assistance, Decision, OriginEvidence, Prompt
from changes.models.feature import Feature, FeatureQuerySet, Measurement
from changes.models.featured import FeatureWord
from changes.models.history import HistoryRun, HistoryRunQuerySet
from changes.models.load import LoadReading
from changes.models.places import (
    AreaRule,
    Environment,
    MarkingPolicy,
    PathClassRule,
    Repository,
    Service,
)
from changes.models.review import DayKey, Review, ReviewCare, ReviewRemark, SeniorReviewer, SizeException
from changes.models.rework import Blame, FollowUp
from changes.models.shipped import ShippedCount
from changes.models.taxonomy import (
    AssistanceKind,
    Assistant,
    Confidence,
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
    "AttestedLines",
    "Blame",
    "Change",
    "ChangeIdentity",
    "ChangeLink",
    "ChangeQuerySet",
    "CheckRun",
    "Confidence",
    "DayKey",
    "Decision",
    "Deployment",
    "DeploymentEvent",
    "DeploymentQuerySet",
    "DetectionRule",
    "DomainArea",
    "Environment",
    "Feature",
    "FeatureQuerySet",
    "FeatureWord",
    "FollowUp",
    "HistoryRun",
    "HistoryRunQuerySet",
    "LoadReading",
    "MarkingPolicy",
    "Measurement",
    "Origin",
    "OriginEvidence",
    "PathClassRule",
    "Place",
    "Prompt",
    "Repository",
    "Review",
    "ReviewCare",
    "ReviewRemark",
    "SeniorReviewer",
    "Service",
    "ShippedCount",
    "SizeBand",
    "SizeException",
    "Strength",
    "Term",
    "TermQuerySet",
    "TestCaseResult",
    "TestRun",
]
