from incidents.models.alert import Alert, AlertEvent, AlertRule
from incidents.models.cause import Cause, ContributingFactor, Fix
from incidents.models.incident import TIMES, Incident, IncidentQuerySet
from incidents.models.postmortem import (
    ActionItem,
    Control,
    Lesson,
    LessonQuerySet,
    Postmortem,
    PostmortemComment,
    PostmortemDraft,
    PostmortemRevision,
    PostmortemSection,
)
from incidents.models.taxonomy import FactorKind, PostmortemTemplate, Severity
from incidents.models.timeline import TimelineEntry

__all__ = [
    "TIMES",
    "ActionItem",
    "Alert",
    "AlertEvent",
    "AlertRule",
    "Cause",
    "ContributingFactor",
    "Control",
    "FactorKind",
    "Fix",
    "Incident",
    "IncidentQuerySet",
    "Lesson",
    "LessonQuerySet",
    "Postmortem",
    "PostmortemComment",
    "PostmortemDraft",
    "PostmortemRevision",
    "PostmortemSection",
    "PostmortemTemplate",
    "Severity",
    "TimelineEntry",
]
