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
    ReviewRequest,
)
from incidents.models.reminder import ReminderPolicy
from incidents.models.taxonomy import FactorKind, IncidentType, PostmortemTemplate, Severity
from incidents.models.timeline import TimelineEntry
from incidents.models.wording import WordingRule

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
    "IncidentType",
    "Lesson",
    "LessonQuerySet",
    "Postmortem",
    "PostmortemComment",
    "PostmortemDraft",
    "PostmortemRevision",
    "PostmortemSection",
    "PostmortemTemplate",
    "ReminderPolicy",
    "ReviewRequest",
    "Severity",
    "TimelineEntry",
    "WordingRule",
]
