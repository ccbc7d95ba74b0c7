"""Several short lists of one incident in one statement: a page asks once, however much is on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import JSONObject

from accounts.models import User
from changes.models import Decision
from incidents.models import (
    ActionItem,
    Cause,
    ContributingFactor,
    Fix,
    Incident,
    Lesson,
    Postmortem,
    PostmortemComment,
    PostmortemDraft,
    PostmortemRevision,
    PostmortemSection,
    PostmortemTemplate,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

Rows = list[dict[str, Any]]


def listed(rows: QuerySet[Any], *names: str, **expressions: Any) -> ArraySubquery:
    """One JSON object a row, in the rows' own order. Times in it are ISO texts."""
    told = {name: F(name) for name in names} | expressions
    return ArraySubquery(rows.values(as_json=JSONObject(**told)))


def together(incident: Incident, **lists: ArraySubquery) -> dict[str, Rows]:
    """All lists in one statement."""
    told = {f"told_{name}": rows for name, rows in lists.items()}  # a field's own name would be refused
    found: dict[str, Any] = dict(Incident.objects.filter(pk=incident.pk).values(**told).get())
    return {name: found[f"told_{name}"] for name in lists}


@dataclass(frozen=True)
class Parts:
    """What the gate, the outline and the steps need of an incident, as it stood at one moment."""

    sections: Rows
    templates: Rows
    factors: Rows
    actions: Rows
    lessons: Rows
    # Confirmed causes with a change, and whether anybody said where it came from.
    confirmed: Rows
    fixes: Rows
    # Who approved the words as they are now: ids, None for people who are gone.
    approvals: Rows
    # Changes requested by reviewers and not resolved.
    wished: Rows
    # What is being typed into one step, by anybody, not saved yet.
    drafts: Rows
    # Openings of the form whose words are in the record: nothing of them is left to restore.
    saved: Rows


def parts(incident: Incident, postmortem: Postmortem, step: str = "") -> Parts:
    said = Decision.objects.filter(change=OuterRef("change"), withdrawn_at=None).exclude(origin="")
    confirmed = Cause.objects.filter(incident=incident, status=Cause.Status.CONFIRMED).exclude(change=None)
    found = together(
        incident,
        sections=listed(
            PostmortemSection.objects.filter(postmortem=postmortem), "key", "title", "text", "html"
        ),
        templates=listed(PostmortemTemplate.objects.all(), "type_id", "severity_id", "is_short", "sections"),
        factors=listed(
            ContributingFactor.objects.filter(incident=incident),
            "pk",
            "text",
            "evidence_url",
            kind=F("kind__name"),
        ),
        actions=listed(
            ActionItem.objects.filter(incident=incident), "pk", "title", "state", "owner_id", "due_on"
        ),
        lessons=listed(incident.lessons.exclude(state=Lesson.State.RETIRED), "pk"),
        confirmed=listed(
            confirmed.order_by("pk"),
            "pk",
            change=F("change__title"),
            change_id=F("change_id"),
            origin=F("change__origin"),
            is_said=Exists(said),
        ),
        fixes=listed(Fix.objects.filter(incident=incident).order_by("pk"), "pk", "change_id"),
        approvals=listed(_approvals(postmortem), "written_by_id"),
        wished=listed(
            PostmortemComment.objects.filter(
                postmortem=postmortem, verdict="changes_requested", resolved_at=None
            ),
            "pk",
            "section_key",
            "text",
        ),
        saved=listed(
            PostmortemDraft.objects.filter(postmortem=postmortem, data__has_key="saved_page"),
            "user_id",
            "step",
            "saved_at",
            page=F("data__saved_page"),
        ),
        drafts=_drafts(postmortem, step),
    )
    return Parts(**found)


def _approvals(postmortem: Postmortem) -> QuerySet[PostmortemComment]:
    """A later revision ends an approval: it was of other words."""
    later = PostmortemRevision.objects.filter(postmortem=postmortem, saved_at__gt=OuterRef("written_at"))
    return PostmortemComment.objects.filter(~Exists(later), postmortem=postmortem, verdict="approved")


def _drafts(postmortem: Postmortem, step: str) -> ArraySubquery:
    rows = PostmortemDraft.objects.filter(postmortem=postmortem, step=step, data__has_key="fields")
    return listed(
        rows.order_by("saved_at"),
        "user_id",
        "data",
        "base_version",
        "saved_at",
        role_title=F("user__role_title"),
        role=F("user__role"),
    )


def drafts_in(postmortem: Postmortem, step: str) -> Rows:
    return together(postmortem.incident, drafts=_drafts(postmortem, step))["drafts"]


def beside(incident: Incident, reader: User | AnonymousUser) -> dict[str, Any]:
    """What its page shows beside it: repairs, lessons, doubles, and what it is itself a double of."""
    seen = Incident.objects.visible_to(reader)
    told = together(
        incident,
        fixes=listed(
            Fix.objects.filter(incident=incident).order_by("pk"),
            "change_id",
            change=F("change__title"),
            repository=F("change__repository__name"),
        ),
        lessons=listed(Lesson.objects.visible_to(reader).filter(incidents=incident), "pk", "text", "state"),
        duplicates=listed(seen.filter(duplicate_of=incident), "number", "title"),
        kept=listed(seen.filter(duplicates=incident), "number", "title"),
    )
    return told | {"kept": next(iter(told["kept"]), None)}
