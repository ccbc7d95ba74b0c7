"""Step 4: what we learned, and what will be different."""

from __future__ import annotations

from typing import Any

from django import forms

from changes.forms import offer
from incidents.forms import ActionForm, LessonForm, people
from incidents.models import ActionItem, Lesson
from incidents.queries.repeats import known_lessons
from incidents.services import actions, lessons
from incidents.services.refusals import Refused
from incidents.views.steps.asked import Asked


class AgreedForm(forms.Form):
    """Who sees to an action, and by when: asked on its row."""

    owner = people("Owner")
    due_on = ActionForm.base_fields["due_on"]


def context(asked: Asked) -> dict[str, Any]:
    lesson_form, action_form = asked.new_row(LessonForm, "lesson"), asked.new_row(ActionForm, "action")
    rows: list[dict[str, Any]] = [
        {
            "action": action,
            "form": asked.broken.get(f"action-{action.pk}") or _agreed(action, asked),
            "is_open": action.state not in {"done", "verified", "declined"},
        }
        for action in asked.incident.actions.all()
    ]
    offer(lesson_form, action_form, *(row["form"] for row in rows))
    return {
        "lessons": Lesson.objects.visible_to(asked.user)
        .filter(incidents=asked.incident)
        .exclude(state=Lesson.State.RETIRED),
        "known": known_lessons(asked.incident, asked.user),
        "lesson_form": lesson_form,
        "rows": rows,
        "action_form": action_form,
    }


def _agreed(action: ActionItem, asked: Asked) -> AgreedForm:
    prefix = f"action-{action.pk}"
    told = asked.data if asked.data is not None and f"{prefix}-due_on" in asked.data else None
    initial = {"owner": action.owner_id, "due_on": action.due_on}
    return AgreedForm(told, prefix=prefix, initial=initial, use_required_attribute=False)


def act(asked: Asked) -> None:
    _save_agreed(asked)
    if asked.broken:
        return
    match asked.verb:
        case "lesson.link":
            again = Lesson.objects.visible_to(asked.user).exclude(state=Lesson.State.RETIRED)
            lessons.link(lesson_id=_row(asked, again), incident_id=asked.incident.pk, by=asked.user)
        case "lesson.unlink":
            lesson_id = _row(asked, asked.incident.lessons)
            lessons.unlink(lesson_id=lesson_id, incident_id=asked.incident.pk, by=asked.user, now=asked.now)
        case "action.accept":
            _set_state(asked, ActionItem.State.ACCEPTED)
        case "action.remove":
            actions.remove(action_id=_row(asked, asked.incident.actions), by=asked.user)
    if asked.verb == "lesson.add" or asked.typed("lesson", "text", "why"):
        _add_lesson(asked)
    if asked.verb == "action.add" or asked.typed("action", "title"):
        _add_action(asked)


def _save_agreed(asked: Asked) -> None:
    for action in asked.incident.actions.all():
        form = _agreed(action, asked)
        if form.is_bound and asked.valid(form, f"action-{action.pk}") and form.has_changed():
            actions.edit(action_id=action.pk, by=asked.user, **form.cleaned_data)


def _set_state(asked: Asked, state: str) -> None:
    action_id = _row(asked, asked.incident.actions)
    actions.set_state(action_id=action_id, state=state, by=asked.user, now=asked.now)


def _add_lesson(asked: Asked) -> None:
    form = LessonForm(asked.data, prefix="lesson")
    if asked.valid(form, "lesson"):
        lessons.record(incident=asked.incident, by=asked.user, now=asked.now, **form.cleaned_data)


def _add_action(asked: Asked) -> None:
    form = ActionForm(asked.data, prefix="action")
    if asked.valid(form, "action"):
        actions.propose(incident_id=asked.incident.pk, by=asked.user, now=asked.now, **form.cleaned_data)


def _row(asked: Asked, rows: Any) -> int:
    found = rows.filter(pk=asked.pk()).values_list("pk", flat=True).first()
    if found is None:
        raise Refused("That row is gone.", code="row_gone")
    return int(found)
